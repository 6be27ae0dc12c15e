/** One instance's way as a lane: each round goes by its journal and by what is there. */
import { isExplained, Refused } from '../../core/errors.ts'
import type { Lane } from '../../core/lanes.ts'
import type { Plan } from '../../core/module.ts'
import type { Done } from '../../core/perform.ts'
import { asOfRevision, type Manifest } from '../blueprint/manifest.ts'
import { planReturned, planReturning, setBack, turnBack } from './back.ts'
import { isUnwritten, ofThisLeg, sincePhase, troubleIn } from './course.ts'
import { CUT_OFF, finish } from './finish.ts'
import { planMerged, planStopping, setOut } from './forward.ts'
import { describeVersion, type Version } from './journal.ts'
import { lookAt, type Trip, type View } from './look.ts'
import { layoutOf } from './mounts.ts'
import { workOf } from './prepare.ts'
import { obstaclesTo, type Readiness } from './ready.ts'
import { goesOn, type Stand, type Standing, targetOf } from './standing.ts'
import { failedState, type InstanceState, presentState } from './states.ts'
import { unwritten } from './stuck.ts'

export function tripOf(standing: Standing, stand: Stand, readiness: Readiness, goal: Trip['goal'] = 'checked'): Trip {
  const { request, journal, unreadable, last, waiting, layout, from } = standing
  const { listings } = readiness
  const isNew = journal === undefined && unreadable === undefined && request.state === 'switched'
  const setsOutAnew = goesOn(standing, stand)
  const target = isNew || setsOutAnew ? targetOf(standing, stand) : undefined
  // Of those that set out now, this was asked for all of them.
  const obstacles = setsOutAnew && target !== undefined ? obstaclesTo(target, stand, readiness) : []
  const work = target === undefined || obstacles.length > 0 ? undefined : workOf(standing, target, listings)
  const problem = work !== undefined && 'problem' in work ? work.problem : undefined
  const next = waiting === undefined ? undefined : layoutOf(waiting, request.places, request.site)
  const [old, newer] = [manifestOf(from, stand), manifestOf(target, stand)]
  return {
    standing,
    target,
    work: work === undefined || 'problem' in work ? undefined : work,
    problem: obstacles.length > 0 ? obstacles.join(' ') : problem,
    listings,
    packages: { old: old?.packages ?? [], new: newer?.packages },
    releases: old === undefined || newer === undefined ? undefined : { from: old.release, to: newer.release },
    layoutNext: next === undefined || 'problem' in next || next.blueprint !== layout?.blueprint ? undefined : next,
    hasBlueprintBack: last === undefined || stand.blueprints.get(last.from.blueprint)?.exists === true,
    goal,
  }
}

function manifestOf(version: Version | undefined, { blueprints }: Stand): Manifest | undefined {
  const manifest = version && blueprints.get(version.blueprint)?.manifest
  return manifest && asOfRevision(manifest, version?.revision ?? 1)
}

export const laneOf = (trip: Trip): Lane => ({
  name: trip.standing.request.id,
  async observe(machine, done): Promise<View | Unseen> {
    try {
      return await lookAt(trip, machine, done)
    } catch (error) {
      if (done.length === 0 || !isExplained(error)) throw error
      return { unseen: (error as Error).message.replace(/\.$/, '') }
    }
  },
  plan(seen, now, done) {
    const view = seen as View | Unseen
    return 'unseen' in view ? lostSight(trip, view) : planRound(trip, view, now, done)
  },
})

interface Unseen {
  /** Why nobody can tell how it is. */
  readonly unseen: string
}

/** Its journal tells what is to be done. */
function lostSight({ standing }: Trip, { unseen }: Unseen): Plan<InstanceState> {
  const { id, places } = standing.request
  const reason = `${id} is on its way, and how it is cannot be seen: ${unseen}. Its journal ${places.journal} has what is to be done. When the cause is put right, run this again with \`state: resumed\`.`
  return {
    before: presentState(standing),
    after: failedState(standing, reason, 'unknown'),
    steps: [],
    failures: [reason],
    msg: '',
  }
}

export function planRound(trip: Trip, view: View, now: Date, done: readonly Done[]): Plan<InstanceState> {
  const { journal } = view
  const { request } = trip.standing
  const recent = sincePhase(done)
  if (journal !== undefined && isUnwritten(recent)) return unwritten(trip, view, journal, recent)
  switch (journal?.phase) {
    case undefined:
      if (done.length > 0 && ofThisLeg(done).length > 0) return unbegun(trip, troubleIn(done))
      if (request.state === 'rolled_back') return setBack(trip, view, now)
      return done.length === 0 ? setOut(trip, view, now) : setOutAnew(trip, view, now)
    case 'stopping':
      if (done.length === 0 || trip.work === undefined) return turnBack(trip, view, journal, CUT_OFF)
      return planStopping(trip, view, journal, recent)
    case 'merging':
      return turnBack(trip, view, journal, troubleIn(recent) ?? CUT_OFF)
    case 'merged':
      return planMerged(trip, view, journal, now, recent, ofThisLeg(done))
    case 'returning':
      return planReturning(trip, view, journal, recent)
    case 'returned':
      return planReturned(trip, view, journal, now, recent, ofThisLeg(done))
    case 'finishing':
      return finish(trip, view, journal, recent)
  }
}

/** It is back, and well; what forbids the switch now does not change that. */
function setOutAnew(trip: Trip, view: View, now: Date): Plan<InstanceState> {
  try {
    return setOut(trip, view, now)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const { standing } = trip
    const [id, to] = [standing.request.id, versionWords(standing.from)]
    const reason = `${CUT_OFF}, and it does not set out anew: ${error.message}`
    return {
      before: presentState(standing),
      after: { outcome: 'rolled_back', from: to, to, tried: versionWords(trip.target), reason },
      steps: [],
      failures: [`${id} is back on ${to}, since ${reason}`],
      msg: '',
    }
  }
}

const versionWords = (version: Version | undefined) => (version === undefined ? '-' : describeVersion(version))

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
