/** Carries out steps, one after the other or side by side, and remembers what was done and what came of it. */
import { CommandFailed, type FailedStep, isExplained, StepFailed } from './errors.ts'
import type { Answer, Host } from './host.ts'
import type { Step, Together } from './step.ts'

/** A step that was carried out. */
export interface Done {
  readonly step: Step
  /** What the command said where it failed with one of the step's `setbacks`. */
  readonly setback?: Answer
  /** Why it failed, where whoever planned it deals with that: in lanes (core/lanes.ts), or of a pipe that bears it. */
  readonly failure?: string
  /** When it began and when it ended, in milliseconds since 1970. */
  readonly time?: { readonly began: number; readonly ended: number }
}

/** How steps are carried out. */
export interface Manner {
  /** Told of with each step that was done. */
  readonly clock?: () => Date
  /** A failure that its message explains is a setback: whoever planned looks again. */
  readonly bearsFailures?: boolean
}

interface Course {
  readonly done: readonly Done[]
  readonly failed: readonly FailedStep[]
  /** Something failed or was set back: what comes after is left. */
  readonly isOver: boolean
}

/** Returns what was done, up to the first setback. Throws `StepFailed` where a step failed otherwise. */
export async function performAll(
  host: Host,
  steps: readonly (Step | Together)[],
  before: readonly Done[],
  manner: Manner = {},
): Promise<Done[]> {
  const done: Done[] = []
  for (const step of steps) {
    const course = await (step.kind === 'together' ? sideBySide(host, step, manner) : inOrder(host, [step], manner))
    done.push(...course.done)
    if (course.failed.length > 0) {
      throw new StepFailed(
        course.failed,
        [...before, ...done].map(one => one.step),
      )
    }
    if (course.isOver) break
  }
  return done
}

async function inOrder(host: Host, steps: readonly Step[], manner: Manner): Promise<Course> {
  const done: Done[] = []
  const { clock } = manner
  for (const step of steps) {
    const began = clock?.().getTime()
    const time = () => (clock === undefined || began === undefined ? {} : { time: { began, ended: clock().getTime() } })
    try {
      await host.perform(step)
      done.push({ step, ...time() })
    } catch (cause) {
      const setback = setbackOf(step, cause, manner)
      if (setback === undefined) return { done, failed: [{ step, cause }], isOver: true }
      return { done: [...done, { step, ...setback, ...time() }], failed: [], isOver: true }
    }
  }
  return { done, failed: [], isOver: false }
}

/** What was done is told in the order of the lists, not of the clock, so that check mode can foretell it. */
async function sideBySide(host: Host, { lists, atOnce }: Together, manner: Manner): Promise<Course> {
  const courses: Course[] = []
  await takingTurns(lists, atOnce, async (steps, index) => {
    courses[index] = await inOrder(host, steps, manner)
  })
  return {
    done: courses.flatMap(course => course.done),
    failed: courses.flatMap(course => course.failed),
    isOver: courses.some(course => course.isOver),
  }
}

/**
 * Each of `all`, so many at once, the first ones first. Where one fails, the others come to their ends before that is thrown:
 * nothing goes on behind the caller's back.
 */
export async function takingTurns<T>(
  all: readonly T[],
  atOnce: number,
  act: (one: T, index: number) => Promise<void>,
): Promise<void> {
  const waiting = all.entries()
  const takeTurns = async () => {
    for (const [index, one] of waiting) await act(one, index)
  }
  const turns = Array.from({ length: Math.min(Math.max(atOnce, 1), all.length) }, takeTurns)
  for (const turn of await Promise.allSettled(turns)) if (turn.status === 'rejected') throw turn.reason
}

function setbackOf(step: Step, error: unknown, { bearsFailures = false }: Manner): Partial<Done> | undefined {
  const answer = error instanceof CommandFailed ? error.answer : undefined
  if (step.kind === 'run' && answer !== undefined && step.setbacks?.includes(answer.exit)) return { setback: answer }
  const isBorne = bearsFailures || (step.kind === 'pipe' && step.bears !== undefined)
  return isBorne && isExplained(error) ? { failure: (error as Error).message } : undefined
}
