/** The host that an example of a module's documentation takes for granted. */
import { hostForBlueprints } from './blueprint-host.ts'
import { type FakeHost, fakeFreeBSD } from './fake-freebsd.ts'
import { hostForInstanceMounts } from './instance-host.ts'

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

/** Of modules whose examples need more than commands. */
const HOSTS: Record<string, (title: string) => FakeHost | Promise<FakeHost>> = {
  blueprint_jail: hostForBlueprints,
  host_settings: title => fakeFreeBSD({ files: { '/boot/loader.conf': 'zfs_load="YES"\n', ...SETTINGS[title] } }),
  instance_mounts: hostForInstanceMounts,
}

export const hostForExample = async (module: string, title: string): Promise<FakeHost> =>
  HOSTS[module]?.(title) ?? fakeFreeBSD({ pools: { zroot: {} }, commands: COMMANDS[module]?.[title] ?? [] })
