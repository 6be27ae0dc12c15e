/** Options to report: read, observe, plan, perform. Check mode differs from applying in its `Conduct` and nowhere else. */
import { GoalMissed, InvalidOptions, Refused } from './errors.ts'
import type { Host } from './host.ts'
import { type AnyDefinition, type Plan, UNKNOWN } from './module.ts'
import { readOptions } from './options.ts'
import { type Done, performAll } from './perform.ts'
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
  perform(host: Host, steps: readonly (Step | Together)[], before: readonly Done[]): Promise<Done[]>
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

  const end = definition.readsOnly ? async () => {} : await conduct.begin(host, holder)
  try {
    const done: Done[] = []
    const look = async () => {
      const seen = await definition.observe(read.values, host, done)
      return definition.plan(read.values, seen, now(), done)
    }
    const first = await look()
    const warnings = new Set<string>()
    let plan = first
    for (;;) {
      if (definition.readsOnly && plan.steps.length > 0) throw new TypeError('a module that only reads has steps')
      for (const warning of [...conduct.meet(plan.unmet ?? []), ...(plan.warnings ?? [])]) warnings.add(warning)
      const performed = await conduct.perform(host, plan.steps, done)
      done.push(...performed)
      if (!conduct.looksAgain || !isUnfinished(plan, performed)) break
      plan = await look()
    }
    const steps = done.map(({ step }) => step)
    if ((plan.failures ?? []).length > 0) throw new GoalMissed(plan.failures ?? [], steps)
    const learns = conduct.looksAgain && done.length > 0 && JSON.stringify(plan.after).includes(UNKNOWN)
    const state = learns ? withoutUnknown(plan.after, (await look()).before) : plan.after

    return {
      changed: steps.length > 0,
      msg: first.msg,
      steps: [...steps.map(describeStep), ...(plan.later ?? [])],
      warnings: [...warnings],
      state,
      diff: { before: first.before, after: state },
      ...(plan.facts === undefined ? {} : { facts: plan.facts }),
    }
  } finally {
    await end()
  }
}

function isUnfinished(plan: Plan<unknown>, performed: readonly Done[]): boolean {
  if (performed.some(({ setback }) => setback !== undefined)) return true
  const isOpen = (plan.later ?? []).length > 0 || plan.verify === true
  if (isOpen && performed.length === 0) throw new TypeError('a plan without steps left something for later')
  return isOpen
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
