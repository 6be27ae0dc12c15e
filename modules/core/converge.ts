/** Options to report: read, observe, plan, perform. Check mode differs from applying in its `Conduct` and nowhere else. */
import { CutShort, doneBefore, GoalMissed, InvalidOptions, Refused } from './errors.ts'
import type { Host } from './host.ts'
import { follow, followAll, type Lane, type Lanes } from './lanes.ts'
import { type AnyDefinition, UNKNOWN } from './module.ts'
import { readOptions } from './options.ts'
import { type Done, type Manner, performAll } from './perform.ts'
import { describeStep, eachStep, type Step, type Together } from './step.ts'

export interface Report {
  readonly changed: boolean
  readonly msg: string
  /** What was done, or in check mode would be done. */
  readonly steps: readonly string[]
  readonly warnings: readonly string[]
  readonly state: Readonly<Record<string, unknown>>
  readonly diff: { readonly before: object; readonly after: object }
  readonly facts?: Readonly<Record<string, unknown>>
}

/** How a run treats the host. */
export interface Conduct {
  /** Takes whatever must be held while it lasts, and returns how to give it back. */
  begin(host: Host, holder: string): Promise<() => Promise<void>>
  /** Prerequisites that are not there: returns what to warn of, or throws. */
  meet(unmet: readonly string[]): readonly string[]
  /** Carries out a plan's steps and says what was done. `before` are those of plans before it, for the report of a failure. */
  perform(host: Host, steps: readonly (Step | Together)[], before: readonly Done[], manner: Manner): Promise<Done[]>
  /** Whether to look again, once a plan is carried out: for what was left for later, or to learn what was unknown. */
  readonly looksAgain: boolean
}

export const check: Conduct = {
  begin: async () => async () => {},
  meet: unmet => told(unmet.map(what => `${what} Planned as if it were there.`)),
  perform: async (_host, steps) => eachStep(steps).map(step => ({ step })),
  looksAgain: false,
}

/** Where an earlier task would have made one thing, it would have made the others of its kind. */
const MOST_TOLD = 3
const told = (unmet: readonly string[]): readonly string[] =>
  unmet.length <= MOST_TOLD + 1
    ? unmet
    : [...unmet.slice(0, MOST_TOLD), `And ${unmet.length - MOST_TOLD} more like these.`]

export const apply: Conduct = {
  begin: (host, holder) => host.lock(holder),

  meet(unmet) {
    if (unmet.length > 0) throw new Refused(told(unmet).join(' '))
    return []
  },

  perform: performAll,
  looksAgain: true,
}

export interface Circumstances {
  readonly now: () => Date
  /** Who runs this, for the host's lock. */
  readonly holder: string
}

export async function converge(
  definition: AnyDefinition,
  given: unknown,
  host: Host,
  conduct: Conduct,
  { now, holder }: Circumstances,
): Promise<Report> {
  const read = readOptions(definition.options, given)
  if ('problems' in read) throw new InvalidOptions(read.problems.join('; '))
  const module: Lane = {
    name: definition.name,
    observe: (machine, done) => definition.observe(read.values, machine, done),
    plan(seen, at, done) {
      const plan = definition.plan(read.values, seen, at, done)
      if (definition.readsOnly && plan.steps.length > 0) throw new TypeError('a module that only reads has steps')
      return plan
    },
  }

  const end = definition.readsOnly ? async () => {} : await conduct.begin(host, holder)
  const done: Done[] = []
  try {
    const { first, last, warnings } = await follow(module, host, conduct, now, done)
    const steps = done.map(({ step }) => step)
    const failures = last.failures ?? []
    if (failures.length > 0 && !last.isToldInFailure) throw new GoalMissed(failures, steps)
    const facts = last.facts === undefined ? {} : { facts: last.facts }
    if (last.lanes !== undefined)
      return { ...(await inLanes(last.lanes, host, conduct, now, done, warnings)), ...facts }

    const learns = conduct.looksAgain && done.length > 0 && JSON.stringify(last.after).includes(UNKNOWN)
    const found = learns ? module.plan(await module.observe(host, done), now(), done).before : undefined
    const state = (learns ? withoutUnknown(last.after, found) : last.after) as Report['state']
    const report: Report = {
      changed: steps.length > 0,
      msg: first.msg,
      steps: [...steps.map(describeStep), ...(last.later ?? [])],
      warnings: [...warnings],
      state,
      diff: { before: first.before as object, after: state },
      ...facts,
    }
    if (failures.length > 0) throw new GoalMissed(failures, steps, report)
    return report
  } catch (error) {
    if (done.length === 0 || doneBefore(error).length > 0) throw error
    throw new CutShort(
      error,
      done.map(({ step }) => step),
    )
  } finally {
    await end()
  }
}

/** What a module is to do in lanes, after what it did itself, which `done` tells; what they do is added to that. */
async function inLanes(
  lanes: Lanes,
  host: Host,
  conduct: Conduct,
  now: () => Date,
  done: Done[],
  warned: readonly string[],
): Promise<Report> {
  const before = done.map(({ step }) => describeStep(step))
  const followed = await followAll(lanes, host, conduct, now)
  done.push(...followed.done)
  const { before: was, after: state, failures, msg } = lanes.gather(followed.ends)
  const words = followed.steps.flatMap(one => [...one.done.map(({ step }) => describeStep(step)), ...one.later])
  const report: Report = {
    changed: done.length > 0,
    msg,
    steps: [...before, ...words],
    warnings: [...new Set([...warned, ...followed.warnings])],
    state,
    diff: { before: was, after: state },
  }
  if (failures.length > 0)
    throw new GoalMissed(
      failures,
      done.map(({ step }) => step),
      report,
      followed.ends.flatMap(({ stack }) => stack ?? []),
    )
  return report
}

/** `planned`, with what `found` says in every place that was unknown. */
function withoutUnknown<T>(planned: T, found: unknown): T {
  if (planned === UNKNOWN) return (found ?? UNKNOWN) as T
  if (Array.isArray(planned))
    return planned.map((item, index) => withoutUnknown(item, (found as unknown[] | undefined)?.[index])) as T
  if (typeof planned !== 'object' || planned === null) return planned
  const known = (found ?? {}) as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(planned).map(([key, value]) => [key, withoutUnknown(value, known[key])]),
  ) as T
}
