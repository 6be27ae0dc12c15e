/** It cannot be gone on by itself: how things are, exactly, and what to do. */
import type { Plan } from '../../core/module.ts'
import type { Done } from '../../core/perform.ts'
import { isJournal, tries, troubleIn, unwrittenIn } from './course.ts'
import { isClear, startStep } from './down.ts'
import { describeVersion, type Journal } from './journal.ts'
import type { Trip, View } from './look.ts'
import { going } from './rounds.ts'
import { failedState, type InstanceState, stateOf } from './states.ts'
import { closeLeft, inPlaceSteps } from './stretches.ts'

/** `journal`: of the phase that it is in. */
export function stuck(trip: Trip, view: View, journal: Journal, trouble: string): Plan<InstanceState> {
  const { standing } = trip
  const cause = trouble.replace(/\.$/, '')
  const why =
    journal.reason === undefined || journal.reason === cause
      ? ''
      : ` It went back because ${lowerFirst(journal.reason)}.`
  const reason = `${standing.request.id} ${howItIs(view, journal)}: ${cause}.${why} ${filesOf(trip, journal)}. ${wayOut(trip, cause)}`
  return going(trip, journal, { after: failedState(standing, reason), steps: [], failures: [reason] })
}

function howItIs({ remains, isAsked }: View, { phase, from, to }: Journal): string {
  const isForward = phase === 'merged'
  const way = isForward ? `on its way to ${describeVersion(to)}` : `on its way back to ${describeVersion(from)}`
  if (remains?.isRunning !== true) return `is stopped, ${way}`
  if (isForward || phase === 'returned' || isAsked) return `runs, ${way}`
  return `was to stop, and still runs, ${way}`
}

function filesOf({ standing }: Trip, { phase, from, to, written, snapshot }: Journal): string {
  const { places } = standing.request
  if (phase === 'merged') return `Its files are those of ${describeVersion(to)}`
  if (phase === 'returned') return `Its files, fstab and configuration are those of ${describeVersion(from)} again`
  if (phase === 'stopping' || written.length === 0)
    return `None of its files were changed: they are those of ${describeVersion(from)}`
  return `Some of its files are those of ${describeVersion(to)}; what they were is in the snapshot ${places.dataset}@${snapshot}`
}

/**
 * Its journal cannot be written, so no phase can begin any more. As long as nothing of its files was changed, it is started
 * as it was: whatever comes after, the journal that is there brings it back.
 */
export function unwritten(trip: Trip, view: View, journal: Journal, done: readonly Done[]): Plan<InstanceState> {
  const { id, places } = trip.standing.request
  const { from, to, phase, ran } = journal
  const { journal: meant, why } = unwrittenIn(done)
  const remains = view.remains ?? NOTHING_LEFT
  if (isJournal(done.at(-1)) && phase === 'stopping' && isClear(remains)) {
    const starts = ran && trip.goal === 'checked' ? [startStep(view.jail)] : []
    const steps = [...closeLeft(view), ...inPlaceSteps(trip, view), ...starts]
    if (steps.length > 0) return going(trip, journal, { steps })
  }
  const wasStarted = tries(done, 'start') > 0 && !remains.isRunning
  const cause = [
    ...(meant.reason === undefined || meant.reason === journal.reason ? [] : [meant.reason]),
    `its journal could not be written: ${why}`,
    ...(wasStarted ? [troubleIn(done) ?? 'it was gone again at once'] : []),
  ].join('; ')
  const ended = (how: string, state: InstanceState) => {
    const reason = `${id} ${how}: ${cause}. As long as ${places.journal} is there, other modules leave it alone. ${wayOut(trip, cause)}`
    return going(trip, journal, { after: { ...state, outcome: 'failed', reason }, failures: [reason] })
  }
  const isAsBefore = phase === 'stopping' && view.isInPlace && (remains.isRunning || !ran || trip.goal === 'startable')
  if (isAsBefore)
    return ended(
      `${remains.isRunning ? 'runs' : 'is'} on ${describeVersion(from)} as before, and does not go to ${describeVersion(to)}`,
      failedState(trip.standing, ''),
    )
  if (meant.phase === 'finishing') {
    const on = describeVersion(meant.outcome === 'switched' ? to : from)
    const health = meant.outcome === 'failed' ? 'is not well' : 'is well'
    return ended(ran ? `runs on ${on}, and ${health}` : `is on ${on}`, stateOf(meant))
  }
  return stuck(trip, view, meant.phase === 'returned' ? { ...journal, phase: 'returned' } : journal, cause)
}

const NOTHING_LEFT = { isRunning: false, isDying: false, mounts: [], interfaces: [] }

/** As Node, tar(1) and zfs(8) say it. */
const IS_FULL = /\b(ENOSPC|EDQUOT)\b|no space left|quota exceeded|out of space/i

const wayOut = ({ standing }: Trip, cause: string) =>
  `${IS_FULL.test(cause) ? `Free some space for ${standing.request.places.dataset}, or raise its quota, and` : 'When the cause is put right,'} run this again with \`state: resumed\`.`

const lowerFirst = (words: string) =>
  /^[A-Z][a-z]/.test(words) ? words.charAt(0).toLowerCase() + words.slice(1) : words
