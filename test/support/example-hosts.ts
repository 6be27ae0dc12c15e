/** The host that an example of a module's documentation takes for granted. */
import { hostForBlueprints } from './blueprint-host.ts'
import { hostForBridges } from './bridge-host.ts'
import { type FakeHost, fakeFreeBSD } from './fake-freebsd.ts'
import { hostForInstanceMounts } from './instance-host.ts'
import { hostForInstanceJail } from './jail-host.ts'
import { hostForReplica } from './replica-host.ts'
import { hostForRestore } from './restore-host.ts'
import { hostForSnapshots } from './snapshot-host.ts'
import { hostForSwitch } from './switch-host.ts'
import { toldHost } from './told-host.ts'

/** Commands that make of a fresh host, with its pool `zroot`, what the example speaks of. */
const COMMANDS: Record<string, Record<string, string[][]>> = {
  zfs_dataset: {
    'A dataset for a database': [['zfs', 'create', 'zroot/hosting']],
    'Back to the inherited value': [['zfs', 'create', '-o', 'compression=zstd', 'zroot/tuned']],
    'A clone of a snapshot': [
      ['zfs', 'create', 'zroot/tuned'],
      ['zfs', 'snapshot', 'zroot/tuned@yesterday'],
    ],
    'Another name': [['zfs', 'create', 'zroot/tuned']],
    'Gone, with its snapshots': [
      ['zfs', 'create', 'zroot/tuned'],
      ['zfs', 'snapshot', 'zroot/tuned@yesterday'],
    ],
  },
}

/** What host_settings speaks of in its examples. */
const SETTINGS: Record<string, Record<string, string>> = {
  'One more interface in a list': { '/etc/rc.conf': 'hostname="hamburg1"\ncloned_interfaces="lo1"  # for jails\n' },
  'A setting of one service, and one that is no longer wanted': { '/etc/rc.conf': 'moused_enable="YES"\n' },
}

/** Of rctl's examples: what is limited before, in the kernel and at boot, and a jail that runs. */
function hostForLimits(): FakeHost {
  const rules = ['jail:web1:maxproc:deny=300', 'jail:web1:openfiles:log=10000']
  return fakeFreeBSD({
    files: { '/etc/rctl.conf': `# ours\n${rules.join('\n')}\njail:other:maxproc:deny=5\n` },
    commands: [
      ['jail', '-c', 'name=java1', 'path=/', 'persist'],
      ['rctl', '-a', ...rules],
    ],
  })
}

/** Of modules whose examples need more than commands. */
const HOSTS: Record<string, (title: string) => FakeHost | Promise<FakeHost>> = {
  blueprint_jail: hostForBlueprints,
  blueprint_switch: hostForSwitch,
  host_settings: title => fakeFreeBSD({ files: { '/boot/loader.conf': 'zfs_load="YES"\n', ...SETTINGS[title] } }),
  hosting_info: toldHost,
  instance_health: hostForSwitch,
  instance_jail: hostForInstanceJail,
  instance_mounts: hostForInstanceMounts,
  instance_restore: hostForRestore,
  rctl: hostForLimits,
  vnet_bridge: hostForBridges,
  zfs_autosnap: hostForSnapshots,
  zfs_replica: hostForReplica,
}

export const hostForExample = async (module: string, title: string): Promise<FakeHost> =>
  HOSTS[module]?.(title) ?? fakeFreeBSD({ pools: { zroot: {} }, commands: COMMANDS[module]?.[title] ?? [] })
