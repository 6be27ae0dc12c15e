/** The way forward: stopped by the old fstab, snapshotted, merged, started by the new one, looked after until it is well. */
import { Refused } from '../../core/errors.ts'
import type { Plan } from '../../core/module.ts'
import type { Done } from '../../core/perform.ts'
import { describeStep, type Step } from '../../core/step.ts'
import { History } from '../jail/history.ts'
import { DYING_TRIES } from '../jail/start.ts'
import { PAUSE } from '../jail/stop.ts'
import { FORMAT } from '../layout.ts'
import { stuck, turnBack } from './back.ts'
import { startStep, stopStep, waiting } from './down.ts'
import { describeVersion, type Journal, snapshotName } from './journal.ts'
import { areOpen, hasStarted, type Trip, type View } from './look.ts'
import { mergeSteps, summarize, writtenBy } from './merging.ts'
import { fstabOn } from './mounts.ts'
import { packagesBetween, vanishingIn } from './parcel.ts'
import type { Prepared } from './prepare.ts'
import { refusalsOf } from './refusals.ts'
import { going, goingDown, isOver, isPause, quoted } from './rounds.ts'
import { baseOf } from './standing.ts'
import { foretoldState, type InstanceState, outageOf, presentState, stateOf, unbuiltState } from './states.ts'
import {
  asideSteps,
  closeLeft,
  closeSteps,
  concludeSteps,
  inPlaceSteps,
  journalStep,
  markSteps,
  openSteps,
  outageStep,
  pruneSteps,
  snapshotSteps,
} from './stretches.ts'
import { troubleIn } from './trouble.ts'

/** Before anything: what will be done, all of it, or why not. */
export function setOut(trip: Trip, view: View, now: Date): Plan<InstanceState> {
  const { standing, target, work } = trip
  const { request, from, layout } = standing
  const refusals = refusalsOf(trip, view, 'forward')
  if (refusals.length > 0) throw new Refused(refusals.join(' '))
  if (
    target === undefined ||
    from === undefined ||
    layout === undefined ||
    work === undefined ||
    view.remains === undefined
  )
    throw new TypeError(`${request.id} has nowhere to go`)
  const prepared = view.prepared
  const { places, site } = request
  const vanishing = vanishingIn(trip, view.rcConf)
  const packages = packagesBetween(trip)
  const isKnown = packages !== undefined
  const journal: Journal = {
    format: FORMAT,
    phase: 'stopping',
    begun: now.toISOString(),
    ran: view.remains.isRunning,
    from,
    to: target,
    bases: Object.fromEntries(standing.parts.map(part => [part.dataset, baseOf(part, standing)])),
    snapshot: snapshotName(now, view.snapshots ?? []),
    fstab: view.fstab ?? '',
    ...(view.nextFstab === undefined ? {} : { waiting: view.nextFstab }),
    nextFstab: fstabOn(trip.layoutNext ?? layout, target.blueprint, site),
    written: [],
    rollsBackData: request.rollsBackData,
    health: request.health,
    ...(isKnown ? { packages } : {}),
    ...(prepared === undefined ? {} : { merge: summarize(prepared) }),
    ...(vanishing.length === 0 ? {} : { vanishing }),
  }
  const clear = { ...view, isInPlace: view.isInPlace, isAside: view.isInPlace }
  return {
    before: presentState(standing),
    after: isKnown ? foretoldState(journal) : unbuiltState(journal),
    steps: [
      // The journal first: without it, a restart would take that fstab for its own.
      journalStep(trip, journal),
      { kind: 'write', path: places.nextFstab, content: journal.nextFstab },
      ...(journal.ran ? [stopStep(view.jail)] : []),
    ],
    later: [
      ...openingSteps(trip, clear, journal),
      ...mergingSteps(trip, clear, journal, prepared),
      ...(journal.ran ? [startStep(view.jail)] : []),
      ...arrivalSteps(trip, journal, 0),
      ...pruneSteps(trip, withNew(trip, view, journal), request.keep),
      ...concludeSteps(trip),
    ].map(describeStep),
    warnings: [
      ...(isKnown
        ? []
        : [
            `${request.id}: what its switch to ${describeVersion(target)} does to its packages and files is not known before that blueprint is built.`,
          ]),
      ...(vanishing.length === 0
        ? []
        : [
            `${request.id}: ${describeVersion(target)} has no more ${vanishing.join(', ')}, which its rc.conf enables.`,
          ]),
      ...(journal.ran || work.comparison.paths.length === 0
        ? []
        : [`${request.id} does not run, so what its customer changed is seen only once its files are at hand.`]),
    ],
    msg: '',
  }
}

/** As it will be when that snapshot is there. */
const withNew = ({ standing }: Trip, { snapshots }: View, { snapshot }: Journal) => [
  ...(snapshots ?? []),
  { dataset: standing.request.places.dataset, name: snapshot, txg: Number.MAX_SAFE_INTEGER, holds: 1 },
]

const openingSteps = (trip: Trip, view: View, journal: Journal): Step[] => [
  ...snapshotSteps(trip, journal),
  ...asideSteps(trip, view),
  ...openSteps(trip, trip.work?.openings ?? [], view),
]

const mergingSteps = (trip: Trip, view: View, journal: Journal, prepared: Prepared | undefined): Step[] => {
  const { places } = trip.standing.request
  const { openings = [] } = trip.work ?? {}
  return [
    journalStep(trip, { ...journal, phase: 'merging' }),
    ...(prepared === undefined || trip.work === undefined ? [] : mergeSteps(prepared, trip.work, trip.standing.parts)),
    ...closeSteps(openings),
    journalStep(trip, { ...journal, phase: 'merged' }),
    { kind: 'move', from: places.nextFstab, to: places.fstab },
    ...inPlaceSteps(trip, view),
  ]
}

const arrivalSteps = (trip: Trip, journal: Journal, outage: number | undefined): Step[] => [
  ...markSteps(trip, () => journal.to),
  ...outageStep(trip, journal.ran ? outage : undefined),
  journalStep(trip, { ...journal, phase: 'finishing' }),
]

/** This run has begun it: it goes down, and when nothing of it is left, its files are changed. */
export function planStopping(trip: Trip, view: View, journal: Journal, done: readonly Done[]): Plan<InstanceState> {
  const { remains, jail, prepared } = view
  const { openings = [] } = trip.work ?? {}
  const trouble = view.trouble ?? troubleIn(done, jail)
  if (trouble !== undefined) return turnBack(trip, view, journal, trouble)
  if (remains === undefined) {
    if (trip.standing.request.conflicts === 'fail' && (prepared?.plan.conflicts ?? []).length > 0)
      return turnBack(trip, view, journal, 'the customer has changed a file meanwhile that the blueprint changes too')
    return merged(trip, view, journal, prepared)
  }
  const down = goingDown(trip, view, journal, done, turnBack)
  if (down !== undefined) return down
  const open = openingSteps(trip, view, journal)
  if (openings.length > 0 && !areOpen(openings, done)) return going(trip, journal, { steps: open })
  // Nothing of its files differs between the two.
  const then = merged(trip, { ...view, isAside: view.isInPlace }, journal, undefined)
  return { ...then, steps: [...open, ...then.steps] }
}

function merged(trip: Trip, view: View, journal: Journal, prepared: Prepared | undefined): Plan<InstanceState> {
  if (view.nextFstab !== journal.nextFstab)
    return turnBack(trip, view, journal, `somebody has changed ${trip.standing.request.places.nextFstab} meanwhile`)
  const written = prepared === undefined ? [] : writtenBy(prepared)
  const known = prepared === undefined ? journal : { ...journal, written, merge: summarize(prepared) }
  return going(trip, known, {
    steps: [...mergingSteps(trip, view, known, prepared), ...(journal.ran ? [startStep(view.jail)] : [])],
  })
}

/** Its files and fstab are, or are about to be, those of the new blueprint. */
export function planMerged(
  trip: Trip,
  view: View,
  journal: Journal,
  now: Date,
  done: readonly Done[],
  all: readonly Done[],
): Plan<InstanceState> {
  const { jail } = view
  const { places } = trip.standing.request
  const { health } = journal
  const trouble = troubleIn(done, jail)
  if (trouble !== undefined) return turnBack(trip, view, journal, quoted(trouble, view, places.consoleLog))
  if (view.isAsked) {
    if (view.ailment === undefined) return arrived(trip, view, journal, now, all)
    if (isOver(jail, done, now, health.deadlineSeconds))
      return turnBack(trip, view, journal, `it was not well within ${health.deadlineSeconds} s: ${view.ailment}`)
    return going(trip, journal, { steps: [waiting(done.filter(({ step }) => isPause(step)).length)] })
  }
  if (hasStarted(jail, done))
    return turnBack(trip, view, journal, quoted('it was gone again at once', view, places.consoleLog))
  return catchUp(trip, view, journal, now, done, all)
}

/** A run before this one was cut off here, or the instance did not run and is not to be started. */
function catchUp(
  trip: Trip,
  view: View,
  journal: Journal,
  now: Date,
  done: readonly Done[],
  all: readonly Done[],
): Plan<InstanceState> {
  const { jail, remains, seeds, fstab, nextFstab, isAside } = view
  const { places } = trip.standing.request
  const isReady = fstab === journal.nextFstab && !isAside && seeds.length === 0
  const starts = trip.goal === 'checked' && journal.ran
  if (isReady && !journal.ran && trip.goal === 'checked') return arrived(trip, view, journal, now, all)
  const down = starts ? goingDown(trip, view, journal, done, stuck) : undefined
  if (down !== undefined) return down
  const waits = remains?.isDying === true && new History(done).tries(PAUSE) < DYING_TRIES
  return going(trip, journal, {
    steps: [
      ...closeLeft(view),
      ...(nextFstab === journal.nextFstab && fstab !== journal.nextFstab
        ? [{ kind: 'move' as const, from: places.nextFstab, to: places.fstab }]
        : []),
      ...inPlaceSteps(trip, view),
      ...(starts ? [waits ? PAUSE : startStep(jail)] : []),
    ],
    verify: trip.goal === 'checked',
  })
}

function arrived(trip: Trip, view: View, journal: Journal, now: Date, all: readonly Done[]): Plan<InstanceState> {
  const outage = outageOf(trip, journal, view, all, now)
  const ended: Journal = { ...journal, ...outage, outcome: 'switched', ended: now.toISOString() }
  return going(trip, journal, { after: stateOf(ended), steps: arrivalSteps(trip, ended, outage.outage) })
}
