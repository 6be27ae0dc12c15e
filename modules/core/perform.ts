/** Carries out steps, one after the other or side by side, and remembers what was done and what came of it. */
import { CommandFailed, type FailedStep, StepFailed } from './errors.ts'
import type { Answer, Host } from './host.ts'
import type { Step, Together } from './step.ts'

/** A step that was carried out. */
export interface Done {
  readonly step: Step
  /** What the command said where it failed with one of the step's `setbacks`. */
  readonly setback?: Answer
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
): Promise<Done[]> {
  const done: Done[] = []
  for (const step of steps) {
    const course = await (step.kind === 'together' ? sideBySide(host, step) : inOrder(host, [step]))
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

async function inOrder(host: Host, steps: readonly Step[]): Promise<Course> {
  const done: Done[] = []
  for (const step of steps) {
    try {
      await host.perform(step)
      done.push({ step })
    } catch (cause) {
      const setback = setbackOf(step, cause)
      if (setback === undefined) return { done, failed: [{ step, cause }], isOver: true }
      return { done: [...done, { step, setback }], failed: [], isOver: true }
    }
  }
  return { done, failed: [], isOver: false }
}

/** What was done is told in the order of the lists, not of the clock, so that check mode can foretell it. */
async function sideBySide(host: Host, { lists, atOnce }: Together): Promise<Course> {
  const courses: Course[] = []
  const waiting = lists.entries()
  const takeTurns = async () => {
    for (const [index, steps] of waiting) courses[index] = await inOrder(host, steps)
  }
  await Promise.all(Array.from({ length: Math.min(Math.max(atOnce, 1), lists.length) }, takeTurns))
  return {
    done: courses.flatMap(course => course.done),
    failed: courses.flatMap(course => course.failed),
    isOver: courses.some(course => course.isOver),
  }
}

function setbackOf(step: Step, error: unknown): Answer | undefined {
  if (step.kind !== 'run' || !(error instanceof CommandFailed) || error.answer === undefined) return undefined
  return step.setbacks?.includes(error.answer.exit) ? error.answer : undefined
}
