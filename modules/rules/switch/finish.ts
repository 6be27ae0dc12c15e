/** The end of a switch, either way: it is decided, and what is left is to write it down. The instance is not touched for it. */
import type { Plan } from '../../core/module.ts'
import type { Done } from '../../core/perform.ts'
import type { Step } from '../../core/step.ts'
import type { Generation } from '../../freebsd/zfs-generations.ts'
import { failureOf, tries } from './course.ts'
import { describeVersion, type Journal } from './journal.ts'
import type { Trip, View } from './look.ts'
import { going } from './rounds.ts'
import { type InstanceState, isOfNoMoreUse, reasonOf, stateOf } from './states.ts'
import { concludeSteps, markSteps, outageStep, pruneSteps } from './stretches.ts'

export const CUT_OFF = 'the switch was cut off before its files were all in place'

/** Each of them can be done again. `done`: what of it was tried, whatever came of it. */
export function bookSteps(
  trip: Trip,
  journal: Journal,
  snapshots: readonly Generation[],
  done: readonly Done[] = [],
): Step[] {
  const { keep } = trip.standing.request
  const { outcome, isAsked, ran, outage } = journal
  // What an update is planned by: a way back that nobody asked for was none.
  const isMeasure = ran && (outcome === 'switched' || isAsked === true)
  return [
    ...(tries(done, 'mark') > 0 ? [] : markSteps(trip, journal)),
    ...(tries(done, 'measure') > 0 || !isMeasure ? [] : outageStep(trip, outage)),
    ...(tries(done, 'prune') > 0
      ? []
      : pruneSteps(trip, snapshots, keep, isOfNoMoreUse(journal) ? journal.snapshot : undefined)),
    ...concludeSteps(trip),
  ]
}

/** What cannot be written down is told, and changes nothing of how the instance is. */
export function finish(trip: Trip, view: View, journal: Journal, done: readonly Done[]): Plan<InstanceState> {
  if (trip.goal === 'startable') return going(trip, journal, { after: stateOf(journal) })
  const { id, places } = trip.standing.request
  const left = failureOf(done, 'mark') ?? failureOf(done, 'conclude')
  const setsOut = left === undefined && trip.work !== undefined && wasCutOff(journal)
  return going(trip, journal, {
    after: stateOf(journal),
    steps: left === undefined ? bookSteps(trip, journal, view.snapshots ?? [], done) : [],
    verify: setsOut,
    warnings: [
      ...(setsOut ? [`${id} is back on ${describeVersion(journal.from)}, since ${CUT_OFF}, and sets out anew.`] : []),
      ...told(
        failureOf(done, 'measure'),
        why => `${id}: how long it was away could not be written down for the next update: ${why}.`,
      ),
      ...told(
        failureOf(done, 'prune') ?? view.trouble?.replace(/\.$/, ''),
        why => `${id}: not all snapshots of earlier switches of ${places.dataset} could be destroyed: ${why}.`,
      ),
      ...told(
        left,
        why =>
          `${id}: what it runs on could not be written down: ${why}. Until that is done its journal ${places.journal} stays, and other modules leave it alone: run this again with \`state: resumed\`.`,
      ),
    ],
    failures: setsOut ? [] : failuresOf(trip, journal),
  })
}

const told = (why: string | undefined, words: (why: string) => string) => (why === undefined ? [] : [words(why)])

const wasCutOff = ({ outcome, reason, isAsked }: Journal) =>
  outcome === 'rolled_back' && isAsked !== true && reason === CUT_OFF

/** What was asked for is not so. */
function failuresOf({ standing, problem }: Trip, journal: Journal): string[] {
  const { outcome, isAsked, ran, from } = journal
  const { id } = standing.request
  if (outcome === 'switched' || (outcome === 'rolled_back' && isAsked)) return []
  const anew = problem !== undefined && wasCutOff(journal) ? ` It does not set out anew: ${problem}` : ''
  return [
    `${id} ${ran ? 'runs' : 'is'} on ${describeVersion(from)} again: ${(reasonOf(journal) ?? CUT_OFF).replace(/\.+$/, '')}.${anew}`,
  ]
}
