/** The way back: what the switch wrote is put back from the snapshot, the old fstab is in its place, and it starts. */
import { Refused } from '../../core/errors.ts'
import type { Plan } from '../../core/module.ts'
import type { Done } from '../../core/perform.ts'
import { describeStep, type Step } from '../../core/step.ts'
import { unmount } from '../../freebsd/mount.ts'
import { snapshotTree } from '../../freebsd/zfs-generations.ts'
import { History } from '../jail/history.ts'
import { DYING_TRIES } from '../jail/start.ts'
import { PAUSE } from '../jail/stop.ts'
import { startStep, stopStep, waiting } from './down.ts'
import { describeVersion, type Journal, snapshotName } from './journal.ts'
import { areOpen, hasStarted, openingsOf, type Trip, type View } from './look.ts'
import { refusalsOf } from './refusals.ts'
import { going, goingDown, isOver, isPause, quoted } from './rounds.ts'
import { baseOf } from './standing.ts'
import { failedState, foretoldState, type InstanceState, outageOf, presentState, stateOf } from './states.ts'
import {
  asideSteps,
  closeLeft,
  closeSteps,
  concludeSteps,
  inPlaceSteps,
  journalStep,
  markSteps,
  oldFstabSteps,
  openSteps,
  outageStep,
  pruneSteps,
  restoreSteps,
  rollbackSteps,
  youngerThan,
} from './stretches.ts'
import { troubleIn } from './trouble.ts'

export const CUT_OFF = 'the switch was cut off before its files were all in place'

/** Somebody wants back what was before the last switch. */
export function setBack(trip: Trip, view: View, now: Date): Plan<InstanceState> {
  const { standing } = trip
  const { request, last } = standing
  const refusals = refusalsOf(trip, view, 'back')
  if (refusals.length > 0) throw new Refused(refusals.join(' '))
  if (last === undefined || view.remains === undefined) throw new TypeError(`${request.id} has no way back`)
  const {
    reason: _reason,
    outcome: _outcome,
    outage: _outage,
    parts: _parts,
    ended: _ended,
    waiting: _waiting,
    ...kept
  } = last
  // Of what was changed since: the way back overwrites it. Data can be rolled back to nothing but the youngest snapshot.
  const guard = request.rollsBackData ? {} : { guard: snapshotName(now, view.snapshots ?? []) }
  const journal: Journal = {
    ...kept,
    phase: 'returning',
    begun: now.toISOString(),
    ran: view.remains.isRunning,
    ...guard,
    rollsBackData: request.rollsBackData,
    health: request.health,
    isAsked: true,
  }
  const clear = { ...view, isInPlace: view.isInPlace, isAside: view.isInPlace }
  const openings = openingsOf(trip, journal)
  return {
    before: presentState(standing),
    after: foretoldState(journal),
    steps: [
      ...(journal.guard === undefined ? [] : [snapshotTree(request.places.dataset, journal.guard, [])]),
      journalStep(trip, journal),
      ...(journal.ran ? [stopStep(view.jail)] : []),
    ],
    later: [
      ...asideSteps(trip, view),
      ...(journal.rollsBackData ? rollbackSteps(trip, journal) : openSteps(trip, openings, view)),
      ...(view.own === undefined ? [] : restoreSteps(journal, openings, view.own)),
      ...closeSteps(openings),
      ...homeSteps(trip, clear, journal),
      ...markSteps(trip, part => journal.bases[part.dataset] ?? journal.from),
      ...outageStep(trip, journal.ran ? 0 : undefined),
      journalStep(trip, journal),
      ...pruneSteps(trip, withGuard(trip, view, journal), request.keep),
      ...concludeSteps(trip),
    ].map(describeStep),
    msg: '',
  }
}

const withGuard = ({ standing }: Trip, { snapshots }: View, { guard }: Journal) => [
  ...(snapshots ?? []),
  ...(guard === undefined
    ? []
    : [{ dataset: standing.request.places.dataset, name: guard, txg: Number.MAX_SAFE_INTEGER, holds: 0 }]),
]

/** Something is in the way of going forward. */
export function turnBack(trip: Trip, view: View, journal: Journal, reason: string): Plan<InstanceState> {
  const back: Journal = { ...journal, phase: 'returning', reason: reason.replace(/\.$/, '') }
  const stops = view.remains?.isRunning === true && trip.goal === 'checked'
  return going(trip, back, { steps: [journalStep(trip, back), ...(stops ? [stopStep(view.jail)] : [])] })
}

export function planReturning(trip: Trip, view: View, journal: Journal, done: readonly Done[]): Plan<InstanceState> {
  const { jail, remains, own } = view
  const openings = openingsOf(trip, journal)
  const trouble = view.trouble ?? troubleIn(done, jail)
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
        `${jail.id}: its data is not rolled back, since there are younger snapshots, which would go: ${younger.join(', ')}.`,
      ],
    })
  }
  if (openings.length > 0 && !areOpen(openings, done))
    return going(trip, journal, {
      steps: [...asideSteps(trip, view), ...closeLeft(view), ...openSteps(trip, openings, { ...view, seeds: [] })],
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
  const trouble = troubleIn(done, jail)
  if (trouble !== undefined) return stuck(trip, view, journal, quoted(trouble, view, places.consoleLog))
  if (!journal.ran) return home(trip, view, journal, now, all)
  if (view.isAsked) {
    if (view.ailment === undefined) return home(trip, view, journal, now, all)
    if (!isOver(jail, done, now, health.deadlineSeconds))
      return going(trip, journal, { steps: [waiting(done.filter(({ step }) => isPause(step)).length)] })
    const reason = `${journal.reason === undefined ? '' : `${journal.reason}; `}and back on ${describeVersion(journal.from)} it was not well within ${health.deadlineSeconds} s either: ${view.ailment}`
    return home(trip, view, { ...journal, reason }, now, all)
  }
  if (hasStarted(jail, done))
    return stuck(trip, view, journal, quoted('it was gone again at once', view, places.consoleLog))
  const down = goingDown(trip, view, journal, done, stuck)
  if (down !== undefined) return down
  const waits = remains?.isDying === true && new History(done).tries(PAUSE) < DYING_TRIES
  return going(trip, journal, {
    steps: [...view.seeds.map(unmount), ...inPlaceSteps(trip, view), waits ? PAUSE : startStep(jail)],
  })
}

/** It is as it was, and well; or what it is not is told. */
function home(trip: Trip, view: View, journal: Journal, now: Date, all: readonly Done[]): Plan<InstanceState> {
  const { outage } = outageOf(trip, journal, view, all, now)
  const ended: Journal = {
    ...journal,
    ...(outage === undefined ? {} : { outage }),
    outcome: 'rolled_back',
    ended: now.toISOString(),
  }
  const marks = journal.isAsked
    ? [
        ...markSteps(trip, part => journal.bases[part.dataset] ?? baseOf(part, trip.standing)),
        ...outageStep(trip, outage),
      ]
    : []
  return going(trip, ended, {
    after: stateOf(ended),
    steps: [...marks, journalStep(trip, { ...ended, phase: 'finishing' })],
  })
}

/** It cannot be gone on by itself: how things are, exactly, and what to do. */
export function stuck(trip: Trip, view: View, journal: Journal, trouble: string): Plan<InstanceState> {
  const { standing } = trip
  const { id, places } = standing.request
  const [from, to] = [describeVersion(journal.from), describeVersion(journal.to)]
  const how = view.remains?.isRunning === true ? 'was to stop, and still runs' : 'is stopped'
  const cause = trouble.replace(/\.$/, '')
  const why =
    journal.reason === undefined || journal.reason === cause
      ? ''
      : ` It went back because ${lowerFirst(journal.reason)}.`
  const files =
    journal.written.length === 0
      ? `None of its files were changed: they are those of ${from}`
      : journal.phase === 'returned'
        ? `Its files, fstab and configuration are those of ${from} again`
        : `Some of its files are those of ${to}; what they were is in the snapshot ${places.dataset}@${journal.snapshot}`
  const reason = `${id} ${how}, on its way back to ${from}: ${cause}.${why} ${files}. When the cause is put right, run this again with \`state: resumed\`.`
  return going(trip, journal, { after: failedState(standing, reason), steps: [], failures: [reason] })
}

const lowerFirst = (words: string) =>
  /^[A-Z][a-z]/.test(words) ? words.charAt(0).toLowerCase() + words.slice(1) : words
