/** One instance's share of a plan, and how the shares become one plan. */
import type { Plan } from '../../core/module.ts'
import { describeStep, type Step, type Together } from '../../core/step.ts'

/** An instance as a person wants to read it. */
export interface Look {
  readonly running: boolean
  readonly blueprint: string
  /** Parts that have got their first content. */
  readonly seeded: string[]
  readonly fstab: string[]
  readonly leaks: string[]
  readonly pending: string[]
  /** Why it was left as it is. */
  readonly problems: string[]
}

export interface Work {
  readonly id: string
  readonly before: Look | undefined
  readonly after: Look | undefined
  /** What can be done at once, and what follows. */
  readonly steps: readonly Step[]
  readonly rest: readonly Step[]
  /** Datasets are opened among `steps`: what they hold is looked at before anything follows. */
  readonly isOpening: boolean
  readonly awaitsRestart: boolean
  readonly problems: readonly string[]
  readonly failures: readonly string[]
  readonly unmet: readonly string[]
  readonly warnings: readonly string[]
}

export const work = (id: string, known: Partial<Work>): Work => ({
  id,
  before: undefined,
  after: undefined,
  steps: [],
  rest: [],
  isOpening: false,
  awaitsRestart: false,
  problems: [],
  failures: [],
  unmet: [],
  warnings: [],
  ...known,
})

/** More than this many problems in one message help nobody. */
const MOST_PROBLEMS = 10

/** What is wrong with one instance is often its customer's doing: it is left as it is, and the others are not. */
export function planOf(all: readonly Work[]): Plan<{ instances: Record<string, Look> }> {
  const works = all.map(one => (one.problems.length === 0 ? one : leftAlone(one)))
  const failures = works.flatMap(one => one.failures)
  const more = failures.length - MOST_PROBLEMS
  return {
    before: { instances: looks(works, 'before') },
    after: { instances: looks(works, 'after') },
    steps: sideBySide(works.map(one => [...one.steps, ...(one.isOpening ? [] : one.rest)])),
    later: works.filter(one => one.isOpening).flatMap(one => one.rest.map(describeStep)),
    failures: [...failures.slice(0, MOST_PROBLEMS), ...(more > 0 ? [`And ${more} more.`] : [])],
    isToldInFailure: true,
    unmet: [...new Set(works.flatMap(one => one.unmet))],
    warnings: [...new Set(works.flatMap(one => one.warnings))],
    msg: summarize(works),
  }
}

const NOTHING: Look = { running: false, blueprint: '-', seeded: [], fstab: [], leaks: [], pending: [], problems: [] }

const leftAlone = ({ id, before, problems, warnings }: Work): Work =>
  work(id, { before, after: withProblems(before, problems), failures: problems, warnings })

export const withProblems = (look: Look | undefined, problems: readonly string[]): Look => ({
  ...(look ?? NOTHING),
  problems: [...problems],
})

/** Copies of several instances at a time: more than the disks have to do with is of no use. */
const AT_ONCE = 4

function sideBySide(lists: readonly (readonly Step[])[]): readonly (Step | Together)[] {
  const busy = lists.filter(list => list.length > 0)
  return busy.length > 1 ? [{ kind: 'together', lists: busy, atOnce: AT_ONCE }] : busy.flat()
}

const looks = (works: readonly Work[], when: 'before' | 'after') =>
  Object.fromEntries(works.flatMap(one => (one[when] === undefined ? [] : [[one.id, one[when]] as const])))

/** The outcome in a sentence. */
function summarize(works: readonly Work[]): string {
  const all = works.length === 1 ? `instance ${works[0]?.id}` : `${works.length} instances`
  const busy = works.filter(one => one.steps.length + one.rest.length > 0)
  const seeds = works.reduce(
    (sum, { before, after }) => sum + (after?.seeded.length ?? 0) - (before?.seeded.length ?? 0),
    0,
  )
  const gone = works.filter(one => one.after === undefined && one.before !== undefined)
  const waiting = works.filter(one => one.after !== undefined && one.awaitsRestart).map(one => one.id)
  const parts = [
    ...(gone.length > 0 ? [`${gone.length} removed`] : []),
    ...(busy.length > gone.length ? [`${busy.length - gone.length} changed`] : []),
    ...(seeds > 0 ? [`${seeds} dataset${seeds === 1 ? '' : 's'} filled`] : []),
    ...(waiting.length > 0 ? [`waiting for a restart: ${waiting.join(', ')}`] : []),
  ]
  return `${all}: ${parts.length === 0 ? 'as wanted' : parts.join(', ')}`
}
