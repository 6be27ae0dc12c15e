/** What rounds of both ways have alike. */
import type { Plan } from '../../core/module.ts'
import type { Done } from '../../core/perform.ts'
import { isClear, wayDown } from './down.ts'
import type { Journal } from './journal.ts'
import type { Trip, View } from './look.ts'
import { outageOf } from './outage.ts'
import { foretoldState, type InstanceState, presentState } from './states.ts'
import { journalStep } from './stretches.ts'

/** A round that is followed by another one where it has steps. */
export const going = (trip: Trip, journal: Journal, plan: Partial<Plan<InstanceState>>): Plan<InstanceState> => ({
  before: presentState(trip.standing),
  after: foretoldState(journal),
  steps: [],
  verify: (plan.steps ?? []).length > 0,
  msg: '',
  ...plan,
})

/** It is well, or as it was, and that is final; what is left is to write it down. */
export function decided(
  trip: Trip,
  journal: Journal,
  outcome: NonNullable<Journal['outcome']>,
  now: Date,
  all: readonly Done[],
): Plan<InstanceState> {
  const ended: Journal = {
    ...journal,
    ...outageOf(journal, all, now),
    phase: 'finishing',
    outcome,
    ended: now.toISOString(),
  }
  return going(trip, ended, { steps: [journalStep(trip, ended)] })
}

/** Where something of it is left: the next steps down, or `otherwise` when there are none. */
export function goingDown(
  trip: Trip,
  view: View,
  journal: Journal,
  done: readonly Done[],
  otherwise: (trip: Trip, view: View, journal: Journal, failure: string) => Plan<InstanceState>,
): Plan<InstanceState> | undefined {
  if (view.remains === undefined || isClear(view.remains)) return undefined
  const { steps, warnings, failure } = wayDown(view.jail, view.remains, done)
  return failure === undefined ? going(trip, journal, { steps, warnings }) : otherwise(trip, view, journal, failure)
}

/** When it was started, in milliseconds; where another run did that, when this one began to wait. */
const sinceStart = (done: readonly Done[]): number | undefined =>
  done.find(({ step }) => step.role === 'start')?.time?.ended ??
  done.find(({ step }) => step.role === 'wait')?.time?.began

/** By the clock, or by how long it has been waited: clocks are set. */
export function isOver(done: readonly Done[], now: Date, seconds: number): boolean {
  const started = sinceStart(done)
  const slept = done.reduce(
    (sum, { step }) => sum + (step.role === 'wait' && step.kind === 'run' ? Number(step.command[1]) : 0),
    0,
  )
  return slept >= seconds || (started !== undefined && now.getTime() - started >= seconds * 1000)
}

/** With the last words of its console, which are the customer's, and only shown. */
export function quoted(trouble: string, { console }: View, log: string): string {
  if (console.length === 0) return trouble
  return `${trouble}. Last lines of ${log}: ${console.map(line => JSON.stringify(line)).join(', ')}`
}

/** What is foretold of its files is not what it may come to. */
export function unseenWarning({ standing }: Trip, { remains, unread }: View): string[] {
  if (remains?.isRunning === true && unread === undefined) return []
  const why = unread === undefined ? 'does not run' : `cannot be looked into (${unread.replace(/\.$/, '')})`
  return [`${standing.request.id} ${why}, so what its customer changed is seen only once its files are at hand.`]
}
