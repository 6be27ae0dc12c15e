/** The way back: what the switch wrote is put back from the snapshot, the old fstab is in its place, and it starts. */
import { Refused } from '../../core/errors.ts'
import type { Plan } from '../../core/module.ts'
import type { Done } from '../../core/perform.ts'
import { describeStep, type Step } from '../../core/step.ts'
import { DYING_TRIES } from '../jail/start.ts'
import { overwrittenName } from '../layout.ts'
import { areOpen, succeeded, tries, troubleIn } from './course.ts'
import { pauseStep, startStep, stopStep, waiting } from './down.ts'
import { bookSteps } from './finish.ts'
import { describeVersion, freeName, type Journal } from './journal.ts'
import { openingsOf, type Trip, type View } from './look.ts'
import { refusalsOf } from './refusals.ts'
import { decided, going, goingDown, isOver, quoted, unseenWarning } from './rounds.ts'
import { foretoldState, type InstanceState, presentState } from './states.ts'
import {
  asideSteps,
  closeLeft,
  closeSteps,
  inPlaceSteps,
  journalStep,
  oldFstabSteps,
  openSteps,
  restoreSteps,
  rollbackSteps,
  snapshotSteps,
  youngerThan,
} from './stretches.ts'
import { stuck } from './stuck.ts'

/** Somebody wants back what was before the last switch. */
export function setBack(trip: Trip, view: View, now: Date): Plan<InstanceState> {
  const { standing } = trip
  const { request, last, lastProblem } = standing
  if (last === undefined) throw new Refused(nowhereBack(standing, lastProblem))
  if (view.remains === undefined) throw new TypeError(`${request.id} was not looked at`)
  const journal = journalBack(trip, last, view, view.remains.isRunning, now)
  const refusals = refusalsOf(trip, view, journal)
  if (refusals.length > 0) throw new Refused(refusals.join(' '))
  const clear = { ...view, isInPlace: view.isInPlace, isAside: view.isInPlace }
  const openings = openingsOf(trip, journal)
  const { guard } = journal
  return {
    before: presentState(standing),
    after: foretoldState(journal),
    steps: [
      ...(guard === undefined ? [] : snapshotSteps(trip, guard, journal.to)),
      journalStep(trip, journal),
      ...(journal.ran ? [stopStep(view.jail)] : []),
    ],
    later: [
      ...asideSteps(trip, view),
      ...(journal.rollsBackData ? rollbackSteps(trip, journal) : openSteps(trip, openings, view)),
      ...(view.own === undefined ? [] : restoreSteps(journal, openings, view.own)),
      ...closeSteps(openings),
      ...homeSteps(trip, clear, journal),
      journalStep(trip, { ...journal, phase: 'finishing' }),
      ...bookSteps(trip, { ...journal, outcome: 'rolled_back', outage: 0 }, withGuard(trip, view, journal)),
    ].map(describeStep),
    warnings: journal.written.length === 0 ? [] : unseenWarning(trip, view),
    msg: '',
  }
}

const nowhereBack = ({ request: { id, places } }: Trip['standing'], problem: string | undefined) =>
  problem ??
  `${id}: there is nothing to go back to: it was never switched here, or what was known of that is gone (${places.lastSwitch}). Switch it to the blueprint that it shall run on, with \`state: switched\`.`

function journalBack({ standing }: Trip, last: Journal, view: View, ran: boolean, now: Date): Journal {
  const { request } = standing
  const {
    reason: _reason,
    outcome: _outcome,
    outage: _outage,
    parts: _parts,
    ended: _ended,
    waiting: _waiting,
    mayHaveRun: _mayHaveRun,
    ...kept
  } = last
  return {
    ...kept,
    // It came back by itself, and only its data is to follow: its own files are its own again.
    ...(last.outcome === 'switched' ? {} : { to: last.from, written: [] }),
    phase: 'returning',
    begun: now.toISOString(),
    ran,
    // Of what was changed since: the way back overwrites it. Data can be rolled back to nothing but the youngest snapshot.
    ...(request.rollsBackData ? {} : { guard: freeName(overwrittenName, now, view.snapshots ?? []) }),
    rollsBackData: request.rollsBackData,
    health: request.health,
    isAsked: true,
  }
}

const withGuard = ({ standing }: Trip, { snapshots }: View, { guard }: Journal) => [
  ...(snapshots ?? []),
  ...(guard === undefined
    ? []
    : [{ dataset: standing.request.places.dataset, name: guard, txg: Number.MAX_SAFE_INTEGER, holds: 1 }]),
]

/** Something is in the way of going forward. */
export function turnBack(trip: Trip, view: View, journal: Journal, reason: string): Plan<InstanceState> {
  const back: Journal = {
    ...journal,
    phase: 'returning',
    reason: reason.replace(/\.$/, ''),
    ...(journal.phase === 'merged' ? { mayHaveRun: true } : {}),
  }
  const stops = view.remains?.isRunning === true && trip.goal === 'checked'
  return going(trip, back, { steps: [journalStep(trip, back), ...(stops ? [stopStep(view.jail)] : [])] })
}

export function planReturning(trip: Trip, view: View, journal: Journal, done: readonly Done[]): Plan<InstanceState> {
  const { remains, own } = view
  const openings = openingsOf(trip, journal)
  const trouble = view.trouble ?? troubleIn(done)
  if (trouble !== undefined) return stuck(trip, view, journal, trouble)
  if (remains === undefined || own !== undefined) {
    const restored = own === undefined ? [] : restoreSteps(journal, openings, own)
    return going(trip, journal, {
      steps: [...restored, ...closeSteps(openings), ...homeSteps(trip, view, journal)],
      warnings: leftOut(trip, own),
    })
  }
  if (remains.isRunning && trip.goal === 'startable')
    return stuck(trip, view, journal, 'it runs, and before jails start it should not')
  const down = goingDown(trip, view, journal, done, stuck)
  if (down !== undefined) return down
  const younger = journal.rollsBackData ? youngerThan(journal.snapshot, trip, view.snapshots ?? []) : []
  if (younger.length > 0) {
    const without = { ...journal, rollsBackData: false }
    return going(trip, without, {
      steps: [journalStep(trip, without)],
      warnings: [
        `${trip.standing.request.id}: its data is not rolled back, since there are younger snapshots, which would go: ${younger.join(', ')}.`,
      ],
    })
  }
  if (openings.length > 0 && !areOpen(openings, done))
    return going(trip, journal, {
      steps: [...asideSteps(trip, view), ...openSteps(trip, openings, view)],
    })
  const aside = { ...view, isAside: view.isAside || view.isInPlace }
  const rolledBack = journal.rollsBackData ? [...asideSteps(trip, view), ...rollbackSteps(trip, journal)] : []
  return going(trip, journal, {
    steps: [...closeLeft(view), ...rolledBack, ...homeSteps(trip, journal.rollsBackData ? aside : view, journal)],
  })
}

/** As it was: rc.d may start it from here on. */
function homeSteps(trip: Trip, view: View, journal: Journal): Step[] {
  return [
    ...oldFstabSteps(trip, journal, view),
    ...inPlaceSteps(trip, view),
    journalStep(trip, { ...journal, phase: 'returned' }),
    ...(journal.ran && trip.goal === 'checked' ? [startStep(view.jail)] : []),
  ]
}

/** Links of the customer's where the switch had written: nothing is put back beyond one. */
const leftOut = ({ standing }: Trip, own: View['own']): string[] =>
  [...(own?.links ?? [])].map(
    ([path, link]) =>
      `${standing.request.id}: ${path} was not put back: ${link} is a symbolic link, which is not followed.`,
  )

export function planReturned(
  trip: Trip,
  view: View,
  journal: Journal,
  now: Date,
  done: readonly Done[],
  all: readonly Done[],
): Plan<InstanceState> {
  const { jail, remains } = view
  const { places } = trip.standing.request
  const { health } = journal
  if (trip.goal === 'startable') return going(trip, journal, { steps: inPlaceSteps(trip, view), verify: false })
  const trouble = troubleIn(done)
  if (trouble !== undefined) return stuck(trip, view, journal, quoted(trouble, view, places.consoleLog))
  if (!journal.ran) return decided(trip, journal, 'rolled_back', now, all)
  if (view.isAsked) {
    if (view.ailment === undefined) return decided(trip, journal, 'rolled_back', now, all)
    if (!isOver(done, now, health.deadlineSeconds))
      return going(trip, journal, { steps: [waiting(tries(done, 'wait'))] })
    const ailing = `back on ${describeVersion(journal.from)} it was not well within ${health.deadlineSeconds} s`
    const reason =
      journal.reason === undefined
        ? `${ailing}: ${view.ailment}`
        : `${journal.reason}; and ${ailing} either: ${view.ailment}`
    return decided(trip, { ...journal, reason }, 'failed', now, all)
  }
  if (succeeded(done, 'start'))
    return stuck(trip, view, journal, quoted('it was gone again at once', view, places.consoleLog))
  const down = goingDown(trip, view, journal, done, stuck)
  if (down !== undefined) return down
  const waits = remains?.isDying === true && tries(done, 'pause') < DYING_TRIES
  return going(trip, journal, {
    steps: [...closeLeft(view), ...inPlaceSteps(trip, view), waits ? pauseStep : startStep(jail)],
  })
}
