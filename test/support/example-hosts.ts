/** The host that an example of a module's documentation takes for granted. */
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

/** Of modules whose examples need more than commands. */
const HOSTS: Record<string, (title: string) => FakeHost> = { instance_mounts: hostForInstanceMounts }

export const hostForExample = (module: string, title: string): FakeHost =>
  HOSTS[module]?.(title) ?? fakeFreeBSD({ pools: { zroot: {} }, commands: COMMANDS[module]?.[title] ?? [] })
