/** What rounds of both ways have alike. */
import type { Plan } from '../../core/module.ts'
import type { Done } from '../../core/perform.ts'
import { describeStep, type Step } from '../../core/step.ts'
import { History } from '../jail/history.ts'
import { isClear, type Jail, startStep, wayDown } from './down.ts'
import type { Journal } from './journal.ts'
import type { Trip, View } from './look.ts'
import { foretoldState, type InstanceState, presentState } from './states.ts'
import { lastFailure } from './trouble.ts'

/** A round that is followed by another one where it has steps. */
export const going = (trip: Trip, journal: Journal, plan: Partial<Plan<InstanceState>>): Plan<InstanceState> => ({
  before: presentState(trip.standing),
  after: foretoldState(journal),
  steps: [],
  verify: (plan.steps ?? []).length > 0,
  msg: '',
  ...plan,
})

/** Where something of it is left: the next steps down, or `otherwise` when there are none. */
export function goingDown(
  trip: Trip,
  view: View,
  journal: Journal,
  done: readonly Done[],
  otherwise: (trip: Trip, view: View, journal: Journal, failure: string) => Plan<InstanceState>,
): Plan<InstanceState> | undefined {
  if (view.remains === undefined || isClear(view.remains)) return undefined
  const { steps, warnings, failure } = wayDown(view.jail, view.remains, new History(done), lastFailure(done))
  return failure === undefined ? going(trip, journal, { steps, warnings }) : otherwise(trip, view, journal, failure)
}

export const isPause = (step: Step) => step.kind === 'run' && step.command[0] === 'sleep'

/** When it was started, in milliseconds; where another run did that, when this one began to wait. */
function sinceStart(jail: Jail, done: readonly Done[]): number | undefined {
  const words = describeStep(startStep(jail))
  const start = done.find(({ step }) => describeStep(step) === words)
  return start?.time?.ended ?? done.find(({ step }) => isPause(step))?.time?.began
}

/** By the clock, or by how long it has been waited: clocks are set. */
export function isOver(jail: Jail, done: readonly Done[], now: Date, seconds: number): boolean {
  const started = sinceStart(jail, done)
  const slept = done.reduce(
    (sum, { step }) => sum + (isPause(step) && step.kind === 'run' ? Number(step.command[1]) : 0),
    0,
  )
  return slept >= seconds || (started !== undefined && now.getTime() - started >= seconds * 1000)
}

/** With the last words of its console, which are the customer's, and only shown. */
export function quoted(trouble: string, { console }: View, log: string): string {
  if (console.length === 0) return trouble
  return `${trouble}. Last lines of ${log}: ${console.map(line => JSON.stringify(line)).join(', ')}`
}
