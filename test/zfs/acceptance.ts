/** Acceptance cases on real OpenZFS: the very same that a sandbox host and a FreeBSD host see. */
import { acceptanceCases } from '../acceptance/cases.ts'
import { judge } from '../acceptance/judge.ts'
import { playbookOf } from '../acceptance/play.ts'
import type { Suite } from './bench.ts'
import { play } from './playbook.ts'

/** Modules whose cases need no more of FreeBSD than ZFS, but for some, and a shell. */
const MODULES = ['zfs_dataset', 'zfs_replica', 'zfs_autosnap', 'instance_restore']
const QUICK = ['zfs_dataset']

/** FreeBSD's mount(8) mounts any dataset, Linux's only those with a legacy mount point unless it is told so. */
const MOUNTS_ANY_DATASET = `#!/bin/sh
if [ "$1 $2" = '-t zfs' ] && [ $# = 4 ] && [ "$(zfs get -H -o value mountpoint "$3")" != legacy ]; then
  exec /bin/mount.linux -t zfs -o zfsutil "$3" "$4"
fi
exec /bin/mount.shown "$@"
`

/** As jls(8) tells of no jail (modules/freebsd/jls.ts): the machine has none. */
const JLS = `#!/bin/sh
echo '{"__version": "2", "jail-information": {"jail": []}}'
`

export const acceptance: Suite = async ({ machine, quick, check }) => {
  // Users of the host are made by FreeBSD's pw(8).
  const cases = acceptanceCases().filter(
    ({ module, options }) => (quick ? QUICK : MODULES).includes(module) && !('logins' in (options ?? {})),
  )
  await machine.write('/usr/local/bin/jls', JLS, '0755')
  await machine.run(['zfs', 'create', 'zroot/scratch'])
  await machine.shell('[ -e /bin/mount.shown ] || mv /bin/mount /bin/mount.shown')
  await machine.write('/bin/mount', MOUNTS_ANY_DATASET, '0755')
  const rows = await play(machine, playbookOf(cases), { vars: { bluejail_test_dataset: 'zroot/scratch' } })
  for (const { title, faults } of judge(cases, rows))
    await check(title, async () => {
      if (faults.length > 0) throw new Error(faults.join('\n'))
    })
}
