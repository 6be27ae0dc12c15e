/**
 * `npm run test:zfs [-- --quick] [SUITE…]`: our modules and programs on real OpenZFS, in a virtual machine. What a run
 * without --quick finds is written to test/zfs/result.json, suite by suite.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { acceptance } from './acceptance.ts'
import { autosnap } from './autosnap.ts'
import { type Book, benchFor, type Suite } from './bench.ts'
import { manyDatasets, nothingToReplicate, throughput } from './figures.ts'
import { type Machine, POOLS, startMachine } from './machine.ts'
import { manyDisk } from './many.ts'
import { replica } from './replica.ts'
import { scale } from './scale.ts'

const CASES: Readonly<Record<string, Suite>> = { acceptance, autosnap, replica }
/** For a machine that does nothing else: left out of a quick run unless they are named. */
const MEASURES: Readonly<Record<string, Suite>> = {
  syncoid: nothingToReplicate,
  throughput,
  datasets: manyDatasets,
  scale,
}
const SUITES: Readonly<Record<string, Suite>> = { ...CASES, ...MEASURES }

const args = process.argv.slice(2)
const quick = args.includes('--quick')
const wanted = args.filter(word => word !== '--quick')
const unknown = wanted.filter(name => !(name in SUITES))
if (unknown.length > 0) {
  console.error(
    `There is no suite ${unknown.join(', ')}. usage: npm run test:zfs -- [--quick] [${Object.keys(SUITES).join('|')}]…`,
  )
  process.exit(2)
}

async function emptyPools(machine: Machine): Promise<void> {
  for (const [index, pool] of POOLS.entries())
    await machine.shell(`zpool destroy -f ${pool}; zpool create -O mountpoint=/${pool} ${pool} /dev/vd${'bc'[index]}1`)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

/** Each suite's last whole run, as soon as it has ended: all of them take hours. */
function keep(suite: string, versions: object, bootSeconds: number, { outcomes, figures }: Book): void {
  const file = join(import.meta.dirname, 'result.json')
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  const own = <T extends { readonly suite: string }>(rows: readonly T[]) =>
    rows.filter(row => row.suite === suite).map(({ suite: _, ...row }) => row)
  kept[suite] = { at: new Date().toISOString(), versions, bootSeconds, cases: own(outcomes), figures: own(figures) }
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`)
}

const names = Object.keys(SUITES).filter(name =>
  wanted.length > 0 ? wanted.includes(name) : !(quick && name in MEASURES),
)
// Two side by side keep two processors busy, which one does not. What is measured wants to be alone.
const machines = quick ? [names.filter(name => name === 'replica'), names.filter(name => name !== 'replica')] : [names]
// Made beforehand, since that takes a machine of its own.
const content = !quick && names.includes('scale') ? await manyDisk() : undefined
const book: Book = { outcomes: [], figures: [] }
await Promise.all(machines.filter(some => some.length > 0).map(runOn))
const count = (status: string) => book.outcomes.filter(outcome => outcome.status === status).length
console.log(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`)
if (count('failed') > 0 || count('passed') === 0) process.exitCode = 1

/** These suites, one after the other, in a machine of their own. */
async function runOn(suites: readonly string[]): Promise<void> {
  const machine = await startMachine(content === undefined ? {} : { content })
  try {
    const versions = {
      kernel: (await machine.shell('uname -r')).trim(),
      zfs: (await machine.shell('zfs version')).trim().split('\n'),
      node: (await machine.shell('node --version')).trim(),
    }
    console.log(`a machine is up after ${machine.bootSeconds} s: Linux ${versions.kernel}, ${versions.zfs.join(', ')}`)
    for (const name of suites) {
      await emptyPools(machine)
      const bench = benchFor(name, machine, quick, book)
      // What a suite does between its cases may fail too.
      await SUITES[name]?.(bench).catch(error =>
        bench.check('the suite comes to its end', () => {
          throw error
        }),
      )
      if (!quick) keep(name, versions, machine.bootSeconds, book)
    }
  } finally {
    await machine.stop()
  }
}
