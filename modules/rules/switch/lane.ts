/** One instance's way as a lane: each round goes by its journal and by what is there. */
import type { Lane } from '../../core/lanes.ts'
import type { Plan } from '../../core/module.ts'
import type { Done } from '../../core/perform.ts'
import type { Package } from '../../freebsd/pkg.ts'
import { asOfRevision } from '../blueprint/manifest.ts'
import { CUT_OFF, planReturned, planReturning, setBack, turnBack } from './back.ts'
import { planMerged, planStopping, setOut } from './forward.ts'
import { describeVersion, type Journal, type Version } from './journal.ts'
import { lookAt, sincePhase, type Trip, type View } from './look.ts'
import { layoutOf } from './mounts.ts'
import { workOf } from './prepare.ts'
import type { Readiness } from './ready.ts'
import { going } from './rounds.ts'
import { goesOn, type Stand, type Standing, targetOf } from './standing.ts'
import { failedState, type InstanceState, presentState, stateOf } from './states.ts'
import { concludeSteps, pruneSteps } from './stretches.ts'
import { troubleIn } from './trouble.ts'

export function tripOf(
  standing: Standing,
  stand: Stand,
  { listings }: Pick<Readiness, 'listings'>,
  goal: Trip['goal'] = 'checked',
): Trip {
  const { request, journal, last, waiting, layout, from } = standing
  const isNew = journal === undefined && request.state === 'switched'
  const target = isNew || goesOn(standing, stand) ? targetOf(standing, stand) : undefined
  const work = target === undefined ? undefined : workOf(standing, target, listings)
  const next = waiting === undefined ? undefined : layoutOf(waiting, request.places, request.site)
  return {
    standing,
    target,
    work: work === undefined || 'problem' in work ? undefined : work,
    problem: isNew && work !== undefined && 'problem' in work ? work.problem : undefined,
    listings,
    packages: { old: packagesOf(from, stand) ?? [], new: packagesOf(target, stand) },
    layoutNext: next === undefined || 'problem' in next || next.blueprint !== layout?.blueprint ? undefined : next,
    hasBlueprintBack: last === undefined || stand.blueprints.get(last.from.blueprint)?.exists === true,
    goal,
  }
}

function packagesOf(version: Version | undefined, { blueprints }: Stand): readonly Package[] | undefined {
  const manifest = version && blueprints.get(version.blueprint)?.manifest
  return manifest && asOfRevision(manifest, version?.revision ?? 1).packages
}

export const laneOf = (trip: Trip): Lane => ({
  name: trip.standing.request.id,
  observe: (machine, done) => lookAt(trip, machine, done),
  plan: (seen, now, done) => planRound(trip, seen as View, now, done),
})

export function planRound(trip: Trip, view: View, now: Date, done: readonly Done[]): Plan<InstanceState> {
  const { journal, jail } = view
  const { request } = trip.standing
  const recent = sincePhase(done, jail)
  switch (journal?.phase) {
    case undefined:
      if (done.length > 0 && !isBackToSetOut(trip, done)) return unbegun(trip, troubleIn(done, jail))
      return request.state === 'rolled_back' ? setBack(trip, view, now) : setOut(trip, view, now)
    case 'stopping':
      if (done.length === 0 || trip.work === undefined) return turnBack(trip, view, journal, CUT_OFF)
      return planStopping(trip, view, journal, recent)
    case 'merging':
      return turnBack(trip, view, journal, troubleIn(recent, jail) ?? CUT_OFF)
    case 'merged':
      return planMerged(trip, view, journal, now, recent, ofThisLeg(trip, done))
    case 'returning':
      return planReturning(trip, view, journal, recent)
    case 'returned':
      return planReturned(trip, view, journal, now, recent, done)
    case 'finishing':
      return finish(trip, view, journal, recent)
  }
}

const isConcluded = ({ standing }: Trip, { step }: Done) =>
  step.kind === 'move' && step.to === standing.request.places.lastSwitch

const isBackToSetOut = (trip: Trip, done: readonly Done[]) =>
  trip.work !== undefined && done.at(-1) !== undefined && isConcluded(trip, done.at(-1) as Done)

/** What was done since it set out anew. */
const ofThisLeg = (trip: Trip, done: readonly Done[]) =>
  done.slice(done.findLastIndex(one => isConcluded(trip, one)) + 1)

/** Not even the journal could be written, so it is as it was. */
function unbegun({ standing }: Trip, trouble: string | undefined): Plan<InstanceState> {
  const { id, places } = standing.request
  const reason = `${id} was left as it was: ${trouble ?? `its journal ${places.journal} was taken away meanwhile`}.`
  return {
    before: presentState(standing),
    after: failedState(standing, reason),
    steps: [],
    failures: [reason],
    msg: '',
  }
}

/** All that matters is done: old snapshots go, and the journal becomes what is known of the last switch. */
function finish(trip: Trip, view: View, journal: Journal, done: readonly Done[]): Plan<InstanceState> {
  const { keep, id, places } = trip.standing.request
  if (trip.goal === 'startable') return going(trip, journal, { after: stateOf(journal) })
  const trouble = troubleIn(done, view.jail)
  // A way back that failed of itself is of no more use.
  const useless = journal.outcome === 'rolled_back' && journal.isAsked !== true ? journal.snapshot : undefined
  const { from } = journal
  const setsOut = trip.work !== undefined && journal.outcome === 'rolled_back' && journal.reason === CUT_OFF
  return going(trip, journal, {
    after: stateOf(journal),
    steps: [
      ...(trouble === undefined ? pruneSteps(trip, view.snapshots ?? [], keep, useless) : []),
      ...concludeSteps(trip),
    ],
    verify: setsOut,
    warnings: [
      ...(setsOut ? [`${id} is back on ${describeVersion(from)}, since ${CUT_OFF}, and sets out anew.`] : []),
      ...(trouble === undefined
        ? []
        : [`${id}: not all snapshots of earlier switches of ${places.dataset} could be destroyed: ${trouble}.`]),
    ],
    failures:
      journal.outcome === 'rolled_back' && journal.isAsked !== true && !setsOut
        ? [
            `${id} ${journal.ran ? 'runs' : 'is'} on ${describeVersion(from)} again: ${(journal.reason ?? CUT_OFF).replace(/\.+$/, '')}.`,
          ]
        : [],
  })
}
