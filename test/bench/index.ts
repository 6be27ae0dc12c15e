/** `npm run bench`: figures as ratios in one run, printed, and written to dist/bench.json. `--quick` takes fewer turns. */
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SIZE_LIMIT } from '../../build/guard.ts'
import { collections, dist } from '../../build/paths.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { compareFull, FULL_GOAL } from './full.ts'
import { compareMany } from './many.ts'
import { compareWithPing, type PingComparison } from './ping.ts'
import type { Spread } from './run.ts'
import { measureOwnTime, measureSideBySide, OWN_GOAL_MILLISECONDS, PARALLEL_GOAL } from './switch.ts'

const quick = process.argv.includes('--quick')
const milliseconds = (seconds: number) => `${Math.round(seconds * 1000)} ms`

function say(measured: string, goal: string, reached: boolean): void {
  console.log(`${reached ? '  reached ' : '  MISSED  '} ${measured} (goal: ${goal})`)
}

function sizes(): Record<string, number> {
  const modules = join(collections, 'ansible_collections/bluejail/hosting/plugins/modules')
  return Object.fromEntries(
    readdirSync(modules)
      .filter(file => file.endsWith('.cjs'))
      .map(file => [file, statSync(join(modules, file)).size]),
  )
}

function sayPing({ core, pairs, ping, zfs_dataset, ratio, goal }: PingComparison): void {
  const ours = `${milliseconds(zfs_dataset.median)} (${milliseconds(zfs_dataset.low)} to ${milliseconds(zfs_dataset.high)})`
  const theirs = `${milliseconds(ping.median)} (${milliseconds(ping.low)} to ${milliseconds(ping.high)})`
  say(
    `core ${core}: a zfs_dataset task takes ${ratio.median.toFixed(2)} × ping (${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)}); ${ours} against ${theirs}, median of ${pairs} pairs in turns, 10th to 90th percentile`,
    `at most ${goal} ×`,
    ratio.median <= goal,
  )
}

const sandbox = await startSandbox({ name: 'bench', python: true })
try {
  const bytes = sizes()
  for (const [file, size] of Object.entries(bytes))
    say(`${file} has ${size} bytes`, `at most ${SIZE_LIMIT}`, size <= SIZE_LIMIT)

  const pairs = quick ? 5 : 40
  const pings = [await compareWithPing(sandbox, '2.19', pairs, 0.8), await compareWithPing(sandbox, '2.16', pairs, 1)]
  pings.forEach(sayPing)

  const many = await compareMany(sandbox, quick ? 10 : 200)
  const { processes, seconds } = many
  say(`no change for ${many.datasets} datasets: ${processes.zfs_dataset} zfs process`, '1', processes.zfs_dataset === 1)
  const faster = seconds.community_general_zfs / seconds.zfs_dataset
  say(
    `${many.datasets} unchanged datasets: community.general.zfs in a loop starts ${processes.community_general_zfs} processes and takes ${faster.toFixed(0)} × as long (${seconds.community_general_zfs.toFixed(1)} s against ${seconds.zfs_dataset.toFixed(2)} s on this imitation)`,
    '50 ×',
    faster >= 50,
  )

  const full = await compareFull(quick ? 3 : 11)
  const { ratio, one_seconds: one, many_seconds: all } = full
  const range = ({ low, high }: Spread, digits: number) => `${low.toFixed(digits)} to ${high.toFixed(digits)}`
  say(
    `site.yml with nothing to change takes ${ratio.median.toFixed(2)} × as long (${range(ratio, 2)}) for ${full.instances} instances as for one; ${all.median.toFixed(1)} s (${range(all, 1)}) against ${one.median.toFixed(1)} s (${range(one, 1)}), median of ${full.turns} turns`,
    `at most ${FULL_GOAL} ×`,
    ratio.median <= FULL_GOAL,
  )

  const own = await measureOwnTime(quick ? 5 : 40)
  say(
    `our own time between stop and healthy, beside ${own.commands} commands, with ${own.files} files taken and one merged: ${own.own.median.toFixed(0)} ms (${range(own.own, 0)}), of ${own.away.median.toFixed(0)} ms (${range(own.away, 0)}) in all`,
    `at most ${OWN_GOAL_MILLISECONDS} ms`,
    own.own.median <= OWN_GOAL_MILLISECONDS,
  )
  const side = await measureSideBySide(quick ? 16 : 50, 8)
  say(
    `switching ${side.instances} instances that take ${side.startSeconds} s to start, ${side.parallel} at once, takes ${side.ratio.toFixed(2)} × as long as one after the other (${side.parallelSeconds.toFixed(0)} s against ${side.sequentialSeconds.toFixed(0)} s)`,
    `at most ${PARALLEL_GOAL} ×`,
    side.ratio <= PARALLEL_GOAL,
  )
  const switches = { own, side }
  writeFileSync(join(dist, 'bench.json'), `${JSON.stringify({ bytes, pings, many, full, switches }, null, 2)}\n`)
} finally {
  await sandbox.stop()
}
