/**
 * A lane is one thing's way to where it shall be: it is looked at, planned for and worked on, round after round, until
 * nothing is left. A module is one lane; it can have lanes of its own, which do not wait for one another (instances that
 * are down, each until it is up again).
 */
import type { Conduct } from './converge.ts'
import { doneBefore, EndlessRounds, isExplained, stackOf } from './errors.ts'
import type { Host, Probe } from './host.ts'
import type { Plan } from './module.ts'
import { type Done, takingTurns } from './perform.ts'
import { describeStep, isPause } from './step.ts'

export interface Lane {
  readonly name: string
  observe(machine: Probe, done: readonly Done[]): Promise<unknown>
  plan(seen: unknown, now: Date, done: readonly Done[]): Plan<unknown>
}

/** Side by side, so many at once. */
export interface Lanes {
  readonly atOnce: number
  readonly of: readonly Lane[]
  /**
   * Why one is not begun any more, when its turn comes: by the clock, and by how those before it have ended. Without it,
   * each is. Pure.
   */
  obstacle?(lane: Lane, ended: readonly LaneEnd[], now: Date): string | undefined
  /** What all of them together come to, in the order of `of`. Pure. */
  gather(ends: readonly LaneEnd[]): Gathered
}

/** How a lane has ended. */
export interface LaneEnd {
  readonly name: string
  /** The first and the last plan; none where it failed before there was one. */
  readonly first?: Plan<unknown>
  readonly last?: Plan<unknown>
  /** What it failed of, beside the `failures` of its last plan. */
  readonly failure?: string
  /** Where that is a bug of ours. */
  readonly stack?: string
  /** Why it was not begun. */
  readonly obstacle?: string
}

/** Whether it has not come to what it was to come to. */
export const hasFailed = ({ failure, last }: LaneEnd): boolean =>
  failure !== undefined || (last?.failures ?? []).length > 0

export interface Gathered {
  readonly before: object
  readonly after: Readonly<Record<string, unknown>>
  readonly failures: readonly string[]
  readonly msg: string
}

/** A lane, followed to its end. */
export interface Course {
  readonly first: Plan<unknown>
  readonly last: Plan<unknown>
  readonly done: readonly Done[]
  readonly warnings: readonly string[]
}

/**
 * No lane needs as many: what is tried again has its own, smaller, number of times, and waiting ends by a deadline, of an
 * hour at most, on the way there and on the way back. One that does is going round in circles, with the host's lock.
 */
const MOST_ROUNDS = { acting: 500, waiting: 10_000 }

/** How lanes of a module go: each failure of a step is the lane's to deal with, and what it did is timed. */
const OF_A_MODULE = { bearsFailures: true }

export async function follow(
  lane: Lane,
  host: Host,
  conduct: Conduct,
  now: () => Date,
  done: Done[],
  manner: { readonly bearsFailures?: boolean } = {},
): Promise<Course> {
  const look = async () => lane.plan(await lane.observe(host, done), now(), done)
  const first = await look()
  const warnings = new Set<string>()
  let last = first
  const rounds = { acting: 0, waiting: 0 }
  for (;;) {
    for (const warning of [...conduct.meet(last.unmet ?? []), ...(last.warnings ?? [])]) warnings.add(warning)
    const performed = await conduct.perform(
      host,
      last.steps,
      done,
      manner.bearsFailures ? { ...manner, clock: now } : {},
    )
    done.push(...performed)
    if (!conduct.looksAgain || !isUnfinished(last, performed)) return { first, last, done, warnings: [...warnings] }
    const kind = performed.every(({ step }) => isPause(step)) ? 'waiting' : 'acting'
    if (++rounds[kind] >= MOST_ROUNDS[kind]) {
      const words = performed.map(({ step }) => describeStep(step))
      throw new EndlessRounds(lane.name, rounds[kind], words)
    }
    last = await look()
  }
}

export interface Followed {
  readonly ends: readonly LaneEnd[]
  readonly done: readonly Done[]
  /** Of check mode: what is still to come, in the lanes' order. */
  readonly steps: readonly { readonly done: readonly Done[]; readonly later: readonly string[] }[]
  readonly warnings: readonly string[]
}

/** One lane's failure leaves the others alone, a bug of ours too. */
export async function followAll(
  { of, atOnce, obstacle }: Lanes,
  host: Host,
  conduct: Conduct,
  now: () => Date,
): Promise<Followed> {
  const ends: LaneEnd[] = []
  const steps: { done: readonly Done[]; later: readonly string[] }[] = []
  const warnings: string[][] = []
  await takingTurns(of, atOnce, async (lane, index) => {
    const done: Done[] = []
    const inTheWay = obstacle?.(lane, Object.values(ends), now())
    if (inTheWay !== undefined) {
      ends[index] = { name: lane.name, obstacle: inTheWay }
      steps[index] = { done, later: [] }
      return
    }
    try {
      const course = await follow(lane, host, conduct, now, done, OF_A_MODULE)
      ends[index] = { name: lane.name, first: course.first, last: course.last }
      warnings[index] = [...course.warnings]
      steps[index] = { done, later: course.last.later ?? [] }
    } catch (error) {
      ends[index] = { name: lane.name, ...describeFailure(lane.name, error) }
      // Those of the round that it ended in are not among `done`.
      const all = doneBefore(error).map(step => ({ step }))
      steps[index] = { done: all.length > done.length ? all : done, later: [] }
    }
  })
  return { ends, done: steps.flatMap(one => one.done), steps, warnings: warnings.flat() }
}

function describeFailure(name: string, error: unknown): Pick<LaneEnd, 'failure' | 'stack'> {
  const message = error instanceof Error ? error.message : String(error)
  if (isExplained(error)) return { failure: message }
  const failure = `${name}: there is a bug in what was to be done for it: ${message}. Please report it with the output of -vvv.`
  return { failure, stack: stackOf(error) ?? failure }
}

function isUnfinished(plan: Plan<unknown>, performed: readonly Done[]): boolean {
  if (performed.some(({ setback, failure }) => setback !== undefined || failure !== undefined)) return true
  const isOpen = (plan.later ?? []).length > 0 || plan.verify === true
  if (isOpen && performed.length === 0) throw new TypeError('a plan without steps left something for later')
  return isOpen
}
