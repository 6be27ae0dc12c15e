/** Options to report: read, observe, plan, perform. Check mode differs from applying in its `Conduct` and nowhere else. */
import { InvalidOptions, Refused, StepFailed } from './errors.ts'
import type { Host } from './host.ts'
import { type AnyDefinition, type Plan, UNKNOWN } from './module.ts'
import { readOptions } from './options.ts'
import { describeStep, type Step } from './step.ts'

export interface Report {
  readonly changed: boolean
  readonly msg: string
  /** What was done, or in check mode would be done. */
  readonly steps: readonly string[]
  readonly warnings: readonly string[]
  readonly state: Readonly<Record<string, unknown>>
  readonly diff: { readonly before: object; readonly after: object }
}

/** How a run treats the host. */
export interface Conduct {
  /** Takes whatever must be held while it lasts, and returns how to give it back. */
  begin(host: Host, holder: string): Promise<() => Promise<void>>
  perform(host: Host, steps: readonly Step[]): Promise<void>
  /** Prerequisites that are not there: returns what to warn of, or throws. */
  meet(unmet: readonly string[]): readonly string[]
  /** What is reported as the state, once `perform` is over. */
  settle<State>(plan: Plan<State>, again: () => Promise<Plan<State>>): Promise<State>
}

export const check: Conduct = {
  begin: async () => async () => {},
  perform: async () => {},
  meet: unmet => unmet.map(what => `${what} Planned as if it were there.`),
  settle: async plan => plan.after,
}

export const apply: Conduct = {
  begin: (host, holder) => host.lock(holder),

  async perform(host, steps) {
    for (const [index, step] of steps.entries()) {
      try {
        await host.perform(step)
      } catch (error) {
        throw new StepFailed(step, steps.slice(0, index), error)
      }
    }
  },

  meet(unmet) {
    if (unmet.length > 0) throw new Refused(unmet.join(' '))
    return []
  },

  // What was unknown is looked up, once, when there is something to look up.
  settle: async (plan, again) =>
    plan.steps.length > 0 && JSON.stringify(plan.after).includes(UNKNOWN)
      ? withoutUnknown(plan.after, (await again()).before)
      : plan.after,
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

  const end = await conduct.begin(host, holder)
  try {
    const look = async () => definition.plan(read.values, await definition.observe(read.values, host), now())
    const plan = await look()
    const warnings = [...conduct.meet(plan.unmet ?? []), ...(plan.warnings ?? [])]
    await conduct.perform(host, plan.steps)
    const state = await conduct.settle(plan, look)

    return {
      changed: plan.steps.length > 0,
      msg: plan.msg,
      steps: plan.steps.map(describeStep),
      warnings,
      state,
      diff: { before: plan.before, after: state },
    }
  } finally {
    await end()
  }
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
