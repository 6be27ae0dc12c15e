/** Replication killed by SIGKILL at each command it starts; what it started may still be at work when the next run comes. */
import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import type { Bench } from './bench.ts'
import { assertCopied, REPLICATE, runReplicate, writeReplica } from './copies.ts'
import { VICTIM, type Watch, watchCommands } from './programs.ts'

const ZFS = '/usr/sbin/zfs'

interface Story {
  readonly title: string
  /** Makes zroot/killed and backup/killed, of which nothing is left before. */
  readonly prepare: string
  readonly replica?: Record<string, unknown>
  readonly ssh?: boolean
}

const STORIES: readonly Story[] = [
  {
    title: 'an increment of each',
    prepare: `
      zfs create -o canmount=off zroot/killed
      zfs create -o canmount=off zroot/killed/a
      zfs snapshot -r zroot/killed@one
      zfs send -R zroot/killed@one | zfs receive -u -o readonly=on backup/killed
      zfs snapshot -r zroot/killed@two`,
  },
  {
    title: 'first copies below what has no snapshot, over ssh',
    prepare: `
      zfs create -o canmount=off zroot/killed
      zfs create -o canmount=off zroot/killed/a
      zfs snapshot zroot/killed/a@one
      zfs snapshot zroot/killed/a@two`,
    ssh: true,
  },
  {
    title: 'a placeholder that is filled, and a copy that is begun anew',
    prepare: `
      zfs create -o canmount=off zroot/killed
      zfs create -o canmount=off zroot/killed/a
      zfs snapshot zroot/killed/a@one
      zfs create -o canmount=off -o readonly=on backup/killed
      zfs create -o canmount=noauto -o readonly=on backup/killed/a
      zfs snapshot backup/killed/a@own
      zfs snapshot -r zroot/killed@two`,
    replica: { diverged: 'rotate' },
  },
]

/** What a quick run is killed at. */
const isRename = ({ command }: { readonly command: string }) => command.startsWith('zfs rename ')

export async function killed(bench: Bench): Promise<void> {
  const watch = await watchCommands(bench.machine, [ZFS])
  try {
    for (const story of bench.quick ? STORIES.slice(-1) : STORIES) await tell(bench, watch, story)
  } finally {
    await watch.remove()
  }
}

async function tell({ machine, quick, check }: Bench, watch: Watch, story: Story): Promise<void> {
  const { title, replica, ssh = false } = story
  const prepare = () =>
    machine.shell(`
      while pgrep -x zfs.watched >/dev/null; do sleep 0.2; done
      for name in $(zfs list -H -o name,receive_resume_token -r backup | awk '$2 != "-" { print $1 }'); do
        zfs receive -A $name
      done
      for name in $(zfs list -H -t snapshot -o name -r backup | grep /killed); do
        zfs release bluejail-replica $name 2>/dev/null || :
      done
      for name in $(zfs list -H -d 1 -o name backup zroot | grep /killed); do zfs destroy -r $name; done
      rm -f /var/db/bluejail-replicate-copy.unsettled
      ${story.prepare}`)
  await writeReplica(machine, { dataset: 'zroot/killed', target: 'backup/killed', ...replica }, ssh)
  await watch.calm()
  await prepare()
  await watch.commands()
  const first = await runReplicate(machine)
  const commands = await watch.commands()
  await check(`${title}: undisturbed`, async () =>
    deepStrictEqual([first.exit, first.warnings], [0, []], JSON.stringify(first)),
  )
  const places = commands.flatMap((command, index) =>
    (['before', 'after'] as const).map(when => ({ command, number: index + 1, when })),
  )
  // Two datasets go at a time, so which command is the n-th may differ by one.
  for (const { command, number, when } of quick ? places.filter(isRename).slice(-1) : places)
    await check(
      `${title}: killed ${when} its command ${number}, '${command.split(' ').slice(0, 2).join(' ')}'`,
      async () => {
        await watch.calm()
        await prepare()
        await watch.killAt(number, when)
        // ssh(1) itself says only 255 of a command that a signal ended.
        const exit = await machine.shell(`sh -c 'echo $$ >${VICTIM}; exec ${REPLICATE} run' >/dev/null 2>&1 || echo $?`)
        await watch.calm()
        strictEqual(exit.trim(), '137')
        const told = await runReplicate(machine)
        deepStrictEqual([told.exit, told.warnings], [0, []], JSON.stringify(told))
        await assertCopied(machine, 'zroot/killed', 'backup/killed')
        const left = await machine.shell('zfs list -H -o name,receive_resume_token -r backup')
        deepStrictEqual(
          left
            .split('\n')
            .filter(line => line.includes('-bluejail-filling') || (line.includes('killed') && !line.endsWith('\t-'))),
          [],
        )
      },
    )
}
