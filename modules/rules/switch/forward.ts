/** The way forward: stopped by the old fstab, snapshotted, merged, started by the new one, looked after until it is well. */
import { Refused } from '../../core/errors.ts'
import type { Plan } from '../../core/module.ts'
import type { Done } from '../../core/perform.ts'
import { describeStep, type Step } from '../../core/step.ts'
import { DYING_TRIES } from '../jail/start.ts'
import { FORMAT, wayBackName } from '../layout.ts'
import { turnBack } from './back.ts'
import { areOpen, succeeded, tries, troubleIn } from './course.ts'
import { pauseStep, startStep, stopStep, waiting } from './down.ts'
import { bookSteps } from './finish.ts'
import { describeVersion, freeName, type Journal } from './journal.ts'
import type { Trip, View } from './look.ts'
import { mergeSteps, summarize, writtenBy } from './merging.ts'
import { fstabOn } from './mounts.ts'
import { packagesBetween } from './parcel.ts'
import type { Prepared } from './prepare.ts'
import { refusalsOf } from './refusals.ts'
import { decided, going, goingDown, isOver, quoted, unseenWarning } from './rounds.ts'
import { baseOf } from './standing.ts'
import { foretoldState, type InstanceState, presentState, unbuiltState } from './states.ts'
import { asideSteps, closeLeft, closeSteps, inPlaceSteps, journalStep, openSteps, snapshotSteps } from './stretches.ts'
import { stuck } from './stuck.ts'

/** Before anything: what will be done, all of it, or why not. */
export function setOut(trip: Trip, view: View, now: Date): Plan<InstanceState> {
  const { standing, target, work } = trip
  const { request, from, layout } = standing
  const refusals = refusalsOf(trip, view)
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
  const { vanishing } = view
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
    snapshot: freeName(wayBackName, now, view.snapshots ?? []),
    fstab: view.fstab ?? '',
    ...(view.nextFstab === undefined ? {} : { waiting: view.nextFstab }),
    nextFstab: fstabOn(trip.layoutNext ?? layout, target.blueprint, site),
    written: [],
    rollsBackData: request.rollsBackData,
    health: request.health,
    ...(isKnown ? { packages } : {}),
    ...(trip.releases === undefined ? {} : { releases: trip.releases }),
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
      journalStep(trip, { ...journal, phase: 'finishing' }),
      ...bookSteps(trip, { ...journal, outcome: 'switched', outage: 0 }, withNew(trip, view, journal)),
    ].map(describeStep),
    warnings: [
      ...(isKnown
        ? []
        : [
            `${request.id}: what its switch to ${describeVersion(target)} does to its packages and files is not known before that blueprint is built.`,
          ]),
      ...vanishingWarning(trip, journal),
      ...(work.comparison.paths.length === 0 ? [] : unseenWarning(trip, view)),
    ],
    msg: '',
  }
}

/** As it will be when that snapshot is there. */
const withNew = ({ standing }: Trip, { snapshots }: View, { snapshot }: Journal) => [
  ...(snapshots ?? []),
  { dataset: standing.request.places.dataset, name: snapshot, txg: Number.MAX_SAFE_INTEGER, holds: 1 },
]

const vanishingWarning = ({ standing }: Trip, { to, vanishing = [] }: Journal): string[] =>
  vanishing.length === 0
    ? []
    : [`${standing.request.id}: ${describeVersion(to)} has no more ${vanishing.join(', ')}, which its rc.conf enables.`]

const openingSteps = (trip: Trip, view: View, journal: Journal): Step[] => [
  ...snapshotSteps(trip, journal.snapshot, journal.from),
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

/** This run has begun it: it goes down, and when nothing of it is left, its files are changed. */
export function planStopping(trip: Trip, view: View, journal: Journal, done: readonly Done[]): Plan<InstanceState> {
  const { remains, prepared } = view
  const { openings = [] } = trip.work ?? {}
  const trouble = view.trouble ?? troubleIn(done)
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
  const known: Journal =
    prepared === undefined
      ? journal
      : {
          ...journal,
          written,
          merge: summarize(prepared),
          ...(view.vanishing.length === 0 ? {} : { vanishing: view.vanishing }),
        }
  return going(trip, known, {
    warnings: view.vanishing.length === 0 ? [] : vanishingWarning(trip, known),
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
  const { places } = trip.standing.request
  const { health } = journal
  const trouble = troubleIn(done)
  if (trouble !== undefined) return turnBack(trip, view, journal, quoted(trouble, view, places.consoleLog))
  if (view.isAsked) {
    if (view.ailment === undefined) return decided(trip, journal, 'switched', now, all)
    if (isOver(done, now, health.deadlineSeconds))
      return turnBack(trip, view, journal, `it was not well within ${health.deadlineSeconds} s: ${view.ailment}`)
    return going(trip, journal, { steps: [waiting(tries(done, 'wait'))] })
  }
  if (succeeded(done, 'start'))
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
  if (isReady && !journal.ran && trip.goal === 'checked') return decided(trip, journal, 'switched', now, all)
  const down = starts ? goingDown(trip, view, journal, done, stuck) : undefined
  if (down !== undefined) return down
  const waits = remains?.isDying === true && tries(done, 'pause') < DYING_TRIES
  return going(trip, journal, {
    steps: [
      ...closeLeft(view),
      ...(nextFstab === journal.nextFstab && fstab !== journal.nextFstab
        ? [{ kind: 'move' as const, from: places.nextFstab, to: places.fstab }]
        : []),
      ...inPlaceSteps(trip, view),
      ...(starts ? [waits ? pauseStep : startStep(jail)] : []),
    ],
    verify: trip.goal === 'checked',
  })
}
