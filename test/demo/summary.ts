/** What the demo's runs amount to, in a few lines, and whether it is what it should be. */
import { isDeepStrictEqual } from 'node:util'
import type { HostState } from '../../modules/rules/info/plan.ts'
import { exampleInstances } from '../support/example-inventory.ts'
import { essenceOf, type TaskRow } from '../support/task-rows.ts'
import type { Run } from './ansible.ts'
import { bold } from './style.ts'

interface Runs {
  readonly foretold: Run
  readonly done: Run
  readonly again: Run
  /** A command in every instance. */
  readonly inside: Run
}

export function summary({ foretold, done, again, inside }: Runs): { lines: string[]; good: boolean } {
  const [before, after] = [essenceOf(foretold.rows), essenceOf(done.rows)]
  const asForetold = isDeepStrictEqual(before, after)
  const settled = again.rows.every(({ result }) => result.changed !== true)
  const wanted = Object.keys(exampleInstances()).sort()
  const hosts = again.rows.toSorted((one, other) => (one.host < other.host ? -1 : 1)).flatMap(row => toldBy(row) ?? [])
  const running = hosts.flatMap(({ state }) => Object.entries(state.instances).filter(([, one]) => one.running))
  const blueprints = new Set(running.map(([, { blueprint }]) => blueprint))
  const areAllThere = isDeepStrictEqual(running.map(([id]) => id).sort(), wanted)
  const answered = inside.rows.filter(({ status, host, result }) => status === 'ok' && isNamed(result, host))
  const steps = done.rows.flatMap(({ result }) => result.steps ?? [])

  const lines = [
    `${hosts.length} hosts, ${blueprints.size} blueprints, ${running.length} instances: ${steps.length} steps, ${seconds(done)} from start to end`,
    ...hosts.flatMap(({ msg, state }) => ['', bold(msg), ...state.table]),
    '',
    ...(areAllThere ? [] : [`these should run: ${wanted.join(', ')}`]),
    `check mode ${asForetold ? 'foretold every one of those steps' : 'foretold other steps than were done:'}`,
    ...before.filter(row => !after.includes(row)).map(row => `  foretold ${row}`),
    ...after.filter(row => !before.includes(row)).map(row => `  done     ${row}`),
    settled ? `the second run changed nothing, and took ${seconds(again)}` : 'the second run still changed something',
    `a command in each instance, through its host: ${answered.length} of ${wanted.length} answered, in ${seconds(inside)}`,
  ]
  return { lines, good: asForetold && settled && areAllThere && answered.length === wanted.length }
}

interface Told {
  readonly msg: string
  readonly state: HostState
}

/** What hosting_info said of a host. */
function toldBy({ task, result }: TaskRow): Told | undefined {
  return task === 'Look at the hosts' ? { msg: result.msg ?? '', state: result.state as HostState } : undefined
}

const isNamed = (result: TaskRow['result'], name: string) => String(result.stdout).includes(name)
const seconds = ({ milliseconds }: Run) => `${(milliseconds / 1000).toFixed(1)} s`
