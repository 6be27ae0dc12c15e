/** The program autosnap on real OpenZFS: a year of it, what it must leave alone, and what is left when it is killed. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import type { Bench, Suite } from './bench.ts'
import { type Kept, modelOf } from './model.ts'
import { watchCommands } from './programs.ts'
import {
  AUTOSNAP,
  installAutosnap,
  nameAt,
  runAutosnap,
  snapshotsBelow,
  snapshotTree,
  writePolicies,
} from './snapshots.ts'

const KEEP: Kept = { hourly: 24, daily: 7, weekly: 4, monthly: 12, yearly: 2 }
const ZONE = 'Europe/Amsterdam'
const HOUR = 3600
const at = (text: string) => Date.parse(text) / 1000

const policiesFor = (dataset: string, keep: object = KEEP) => ({
  policies: [{ name: 'standard', ...keep, timezone: ZONE }],
  datasets: [{ name: dataset, policy: 'standard' }],
})

export const autosnap: Suite = async bench => {
  await installAutosnap(bench.machine, policiesFor('zroot/year'))
  await year(bench)
  await leftAlone(bench)
  await killed(bench)
}

/**
 * Cron would run it every hour. Of these 8,760 runs some are real; what those between would have left is made by zfs(8)
 * itself before the next one, which has then all of that to judge. A volume, a dataset with mountpoint=legacy and one that
 * is not mounted are among them.
 */
async function year({ machine, quick, check }: Bench): Promise<void> {
  await machine.shell(`
    zfs create zroot/year
    zfs create -o mountpoint=legacy zroot/year/legacy
    zfs create -o canmount=noauto zroot/year/unmounted
    zfs create -s -V 16M zroot/year/volume`)
  const members = ['zroot/year', 'zroot/year/legacy', 'zroot/year/unmounted', 'zroot/year/volume']
  const model = modelOf(KEEP, ZONE)
  const begin = at('2026-02-03T09:00:00Z')
  const realRuns = quick ? 2 : 50
  const hours = 365 * 24

  const expected = () => new Map(members.map(member => [member, model.times.map(nameAt)]))
  await check(`a year of hourly runs, ${realRuns} of them real, with both changes of the clock`, async () => {
    let present = new Set<number>()
    for (let real = 1; real <= realRuns; real++) {
      const [from, to] = [real - 1, real].map(part => Math.round((hours * part) / realRuns)) as [number, number]
      // Cron is never quite on time.
      const moment = (hour: number) => begin + hour * HOUR + ((hour * 7919) % 600)
      for (let hour = from; hour < to - 1; hour++) model.run(moment(hour))
      await snapshotTree(machine, 'zroot/year', model.times.filter(time => !present.has(time)).map(nameAt))

      const told = await runAutosnap(machine, moment(to - 1))
      model.run(moment(to - 1))
      deepStrictEqual(told.troubles, [])
      deepStrictEqual(await snapshotsBelow(machine, 'zroot/year'), expected(), `after run ${real}`)
      present = new Set(model.times)
    }
    ok(model.times.length > 35, `the year ends with ${model.times.length} snapshots`)
  })

  await check('a second run at the same time starts at most 3 commands and changes nothing', async () => {
    const watch = await watchCommands(machine, ['/usr/sbin/zfs', '/usr/sbin/zpool'])
    try {
      await watch.calm()
      const { taken, destroyed } = await runAutosnap(machine, model.times.at(-1) as number)
      deepStrictEqual([taken, destroyed], [[], []])
      const commands = await watch.commands()
      ok(commands.length <= 3, commands.join('\n'))
    } finally {
      await watch.remove()
    }
  })
}

/** Each of these once stopped another program from doing the rest: research/zfs.md 2.5. */
async function leftAlone({ machine, check }: Bench): Promise<void> {
  const now = at('2026-06-10T12:00:00Z')
  const old = [5, 4, 3, 2, 1].map(hours => nameAt(now - hours * HOUR))
  await machine.shell('zfs create zroot/mixed; for name in held cloned free; do zfs create zroot/mixed/$name; done')
  await snapshotTree(machine, 'zroot/mixed', old)
  await machine.shell(`
    zfs hold keep zroot/mixed/held@${old[0]}
    zfs clone zroot/mixed/cloned@${old[0]} zroot/clone
    dd if=/dev/urandom of=/zroot/mixed/free/file bs=1M count=4 2>/dev/null
    zfs snapshot zroot/mixed/free@full
    zfs send zroot/mixed/free@full | head -c 2000000 | zfs receive -s -u zroot/mixed/partial || :
    zfs destroy zroot/mixed/free@full`)
  await writePolicies(machine, policiesFor('zroot/mixed', { hourly: 2 }))

  await check('held, cloned and half received ones are named and left, and all others are seen to', async () => {
    const told = await runAutosnap(machine, now)
    match(told.blocked[`zroot/mixed/held@${old[0]}`] ?? '', /keep/)
    match(told.blocked[`zroot/mixed/cloned@${old[0]}`] ?? '', /zroot\/clone/)
    ok('zroot/mixed/partial' in told.skipped, JSON.stringify(told.skipped))
    const newest = [old[4] as string, nameAt(now)]
    deepStrictEqual(
      await snapshotsBelow(machine, 'zroot/mixed'),
      new Map([
        ['zroot/mixed', newest],
        ['zroot/mixed/cloned', [old[0] as string, ...newest]],
        ['zroot/mixed/free', newest],
        ['zroot/mixed/held', [old[0] as string, ...newest]],
      ]),
    )
    deepStrictEqual(told.troubles, [])
  })

  await check('one that comes to be held after it was looked at keeps no other from going', async () => {
    const watch = await watchCommands(machine, ['/usr/sbin/zfs'])
    // Before the first `destroy` of the program somebody holds what it is about to destroy.
    const held = `zroot/mixed/free@${old[4]}`
    await machine.write('/usr/sbin/zfs', HOLDS_FIRST.replace('SNAPSHOT', held), '0755')
    try {
      const told = await runAutosnap(machine, now + HOUR)
      match(told.troubles.join('\n'), new RegExp(`${held} could not be destroyed`))
      const after = await snapshotsBelow(machine, 'zroot/mixed')
      const next = [nameAt(now), nameAt(now + HOUR)]
      deepStrictEqual(after.get('zroot/mixed/free'), [old[4] as string, ...next])
      deepStrictEqual(after.get('zroot/mixed'), next)
    } finally {
      await watch.remove()
      await machine.run(['zfs', 'release', 'keep', held])
    }
  })
}

const HOLDS_FIRST = `#!/bin/sh
case "$*" in
destroy*) /usr/sbin/zfs.watched hold keep SNAPSHOT 2>/dev/null ;;
esac
exec /usr/sbin/zfs.watched "$@"
`

/** By SIGKILL, before and after each command that it starts; then it runs again, and all is as if nothing had happened. */
async function killed({ machine, quick, check }: Bench): Promise<void> {
  const now = at('2026-06-10T12:00:00Z')
  const old = [4, 3, 2].map(hours => nameAt(now - hours * HOUR))
  const members = ['zroot/killed', 'zroot/killed/a', 'zroot/killed/b', 'zroot/killed/c']
  // One of them has snapshots of its own age, so that not all goes in one command.
  const prepare = () =>
    machine.shell(`
      zfs destroy -r zroot/killed 2>/dev/null || :
      for name in ${members.join(' ')}; do zfs create -o canmount=off $name; done
      for name in ${old.join(' ')}; do zfs snapshot -r zroot/killed@$name; done
      zfs destroy zroot/killed/c@${old[0]}`)
  await writePolicies(machine, policiesFor('zroot/killed', { hourly: 2 }))
  const wanted = new Map(members.map(member => [member, [old[2] as string, nameAt(now)]]))

  await prepare()
  const watch = await watchCommands(machine, ['/usr/sbin/zfs'])
  try {
    await watch.calm()
    strictEqual((await runAutosnap(machine, now)).exit, 0)
    const commands = await watch.commands()
    deepStrictEqual(await snapshotsBelow(machine, 'zroot/killed'), wanted)
    const places = commands.flatMap((command, index) =>
      (['before', 'after'] as const).map(when => ({ command, number: index + 1, when })),
    )
    for (const { command, number, when } of quick ? places.slice(-1) : places)
      await check(`killed ${when} its command ${number}, '${command.split(' ').slice(0, 2).join(' ')}'`, async () => {
        await watch.calm()
        await prepare()
        await watch.killAt(number, when)
        // ssh(1) itself says only 255 of a command that a signal ended.
        const run = `${AUTOSNAP} run --now=${new Date(now * 1000).toISOString()}`
        strictEqual((await machine.shell(`${run} >/dev/null || echo $?`)).trim(), '137')
        await watch.calm()
        await runAutosnap(machine, now)
        deepStrictEqual(await snapshotsBelow(machine, 'zroot/killed'), wanted)
      })
  } finally {
    await watch.remove()
  }
}
