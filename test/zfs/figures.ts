/** Figures against sanoid, syncoid and community.general.zfs, side by side in the same machine: ratios in one run. */
import { deepStrictEqual, ok } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../build/paths.ts'
import { ourTask, theirLoop } from '../bench/many.ts'
import { timeTasks } from '../bench/run.ts'
import type { Suite } from './bench.ts'
import { fill, installReplicate, REPLICATE, runReplicate, writeReplica } from './copies.ts'
import type { Machine } from './machine.ts'
import { installProgram, watchCommands } from './programs.ts'

/** Seconds that something takes. */
export async function seconds(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await act()
  return (performance.now() - began) / 1000
}

/**
 * In turns, so that both see the machine in the same state. What else a machine does makes an act longer and never shorter:
 * the fastest of each counts.
 */
export async function inTurns(turns: number, ...acts: readonly (() => Promise<unknown>)[]): Promise<readonly number[]> {
  const times = acts.map((): number[] => [])
  for (let turn = 0; turn < turns; turn++)
    for (const [index, act] of acts.entries()) times[index]?.push(await seconds(act))
  return times.map(all => Math.min(...all))
}

async function makeDatasets(machine: Machine, above: string, count: number): Promise<void> {
  await machine.run(['zfs', 'create', above])
  for (let first = 0; first < count; first += 50) {
    const last = Math.min(first + 50, count) - 1
    await machine.shell(`for i in $(seq ${first} ${last}); do zfs create ${above}/i$i; done`)
  }
}

/** Both find the same copy, with the same newest snapshots. */
export const nothingToReplicate: Suite = async ({ machine, quick, check, figure }) => {
  const count = quick ? 10 : 200
  await makeDatasets(machine, 'zroot/same', count)
  await machine.shell(`
    zfs snapshot -r zroot/same@one
    zfs send -R zroot/same@one | zfs receive -u -o readonly=on backup/same`)
  await installReplicate(machine, { dataset: 'zroot/same', target: 'backup/same' }, true)
  const ours = () => machine.run([REPLICATE, 'run', '--quiet'], { timeoutSeconds: 3600 })
  const theirs = () =>
    machine.run(
      [
        'syncoid',
        '-r',
        '--no-sync-snap',
        '--no-rollback',
        '--sshoption=BatchMode=yes',
        'zroot/same',
        'root@localhost:backup/same',
      ],
      { timeoutSeconds: 3600 },
    )
  await check(`${count} datasets with nothing to replicate`, async () => {
    // The first run makes bookmarks and holds.
    await ours()
    const told = await runReplicate(machine)
    ok(
      told.datasets.every(({ state }) => state === 'current'),
      JSON.stringify(told),
    )
    // Once: syncoid takes a quarter of an hour, and the two are far apart.
    const [our = 0, their = 0] = await inTurns(1, ours, theirs)
    figure({
      title: `nothing to replicate in ${count} datasets, over ssh: times as fast as syncoid -r`,
      value: their / our,
      atLeast: quick ? 2 : 10,
      from: { replicateSeconds: our, syncoidSeconds: their },
    })
  })
}

/**
 * How long a large dataset takes beyond a small one, against the same beyond of a bare pipe: what the bytes take, without what
 * each run takes anyway. Sent anew each time, to a copy of its own.
 */
export const throughput: Suite = async ({ machine, quick, check, figure }) => {
  const mebibytes = { large: quick ? 32 : 512, small: 1 }
  await installProgram(machine, 'replicate')
  for (const [name, size] of Object.entries(mebibytes)) {
    await machine.run(['zfs', 'create', `zroot/${name}`])
    await fill(machine, `/zroot/${name}/file`, size)
    await machine.run(['zfs', 'snapshot', `zroot/${name}@one`])
  }
  let copies = 0
  const bare = (name: string) => () =>
    machine.shell(
      `zfs send -Lecp zroot/${name}@one | ssh localhost zfs receive -s -u -o readonly=on backup/bare${copies++}`,
      { timeoutSeconds: 3600 },
    )
  const ours = (name: string) => async () => {
    await writeReplica(machine, { dataset: `zroot/${name}`, target: `backup/ours${copies++}` }, true)
    const told = await runReplicate(machine)
    deepStrictEqual(told.warnings, [])
  }
  await check(`one dataset of ${mebibytes.large} MiB over ssh`, async () => {
    const acts = [ours('large'), ours('small'), bare('large'), bare('small')]
    const [ourLarge = 0, ourSmall = 0, bareLarge = 0, bareSmall = 0] = await inTurns(quick ? 1 : 5, ...acts)
    figure({
      title: `throughput of a large dataset over ssh, by that of a bare pipe`,
      value: (bareLarge - bareSmall) / (ourLarge - ourSmall),
      ...(quick ? {} : { atLeast: 0.95 }),
      from: {
        mebibytes: mebibytes.large,
        replicateSeconds: ourLarge,
        replicateOneMebibyteSeconds: ourSmall,
        bareSeconds: bareLarge,
        bareOneMebibyteSeconds: bareSmall,
      },
    })
  })
}

/** A loop takes as long for each item, so some are timed and 200 are reckoned from them. */
export const manyDatasets: Suite = async ({ machine, quick, check, skip, figure }) => {
  const title = 'datasets as they should be, against community.general.zfs in a loop'
  const theirs = join(root, '.venv/bench')
  if (quick || !existsSync(theirs)) {
    return skip(title, quick ? 'not with --quick' : 'there is no .venv/bench: node build/setup.mjs ready bench')
  }
  const [count, timed] = [200, 20]
  await makeDatasets(machine, 'zroot/many', count)
  const names = Array.from({ length: count }, (_, index) => `zroot/many/i${index}`)
  const [task, loop] = [ourTask(names), theirLoop(names.slice(0, timed))]
  const host = { name: 'zfs', inventoryVars: () => machine.inventoryVars }
  const timing = async (tasks: readonly object[]) =>
    (await timeTasks(host, 'bench', tasks)).map(({ seconds }) => seconds)
  await check(title, async () => {
    await timing([task])
    const watch = await watchCommands(machine, ['/usr/sbin/zfs'])
    await watch.calm()
    await timing([task])
    const commands = await watch.commands()
    await watch.remove()
    // OpenZFS for Linux has no `jailed`, so what is there is asked for once more, with all properties.
    ok(commands.length <= 2, commands.join('\n'))
    const [our = 0, items = 0] = await timing([task, loop])
    const their = (items * count) / timed
    figure({
      title: `${count} unchanged datasets: one zfs_dataset task, times as fast as a loop of community.general.zfs`,
      value: their / our,
      atLeast: 50,
      from: { zfsDatasetSeconds: our, communityGeneralSecondsReckoned: their, loopItemsTimed: timed },
    })
  })
}
