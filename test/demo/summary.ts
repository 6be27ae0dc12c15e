/** What the demo's three runs amount to, in a few lines, and whether it is what it should be. */
import { isDeepStrictEqual } from 'node:util'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { exampleInstances } from '../support/example-inventory.ts'
import type { TaskRow } from '../support/task-rows.ts'
import type { Run } from './site.ts'

interface Runs {
  readonly foretold: Run
  readonly done: Run
  readonly again: Run
  readonly sandboxes: readonly Sandbox[]
}

export async function summary({ foretold, done, again, sandboxes }: Runs): Promise<{ lines: string[]; good: boolean }> {
  const asForetold = isDeepStrictEqual(essence(foretold), essence(done))
  const settled = again.rows.every(({ result }) => result.changed !== true)
  const steps = done.rows.flatMap(({ result }) => result.steps ?? [])
  const instances = exampleInstances()

  const lines = [
    `${sandboxes.length} hosts laid out for ${Object.keys(instances).length} instances: ${steps.length} steps, ${seconds(done)} from start to end`,
    ...(await Promise.all(sandboxes.map(host => describe(host, instances)))),
    `check mode ${asForetold ? 'foretold every one of those steps' : 'foretold other steps than were done'}`,
    settled ? `the second run changed nothing, and took ${seconds(again)}` : 'the second run still changed something',
  ]
  return { lines, good: asForetold && settled }
}

async function describe(host: Sandbox, instances: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await host.run('zfs list -H -r -o name zroot/hosting')
  const datasets = stdout.trimEnd().split('\n')
  const own = datasets.map(name => name.split('/').at(-1) ?? '').filter(name => name in instances)
  return `${host.name.padEnd(12)} ${datasets.length} datasets, with room for ${own.join(', ')}`
}

const essence = ({ rows }: Run) => rows.map(described).sort()
const described = ({ task, host, result }: TaskRow) => JSON.stringify([host, task, result.changed, result.steps])
const seconds = ({ milliseconds }: Run) => `${(milliseconds / 1000).toFixed(1)} s`
