/** All instances of a task: the plan that begins their lanes, and what those came to. */
import type { Gathered, LaneEnd } from '../../core/lanes.ts'
import type { Plan } from '../../core/module.ts'
import type { Step } from '../../core/step.ts'
import { laneOf, tripOf } from './lane.ts'
import { mayBeDown, obstacleFor } from './obstacles.ts'
import type { Outcome } from './outcomes.ts'
import { checkReadiness, type Readiness } from './ready.ts'
import { needsWork, type Stand, type Standing } from './standing.ts'
import { failedState, type InstanceState, presentState, type State } from './states.ts'
import { tableOf } from './table.ts'

interface Pace {
  readonly atOnce: number
  readonly errorBudget: number | undefined
}

export function planSwitches(stand: Stand, readiness: Readiness, pace: Pace, first: readonly Step[]): Plan<State> {
  const unmet = checkReadiness(stand, readiness)
  const here = stand.standings.filter(({ fstab, unreadable }) => fstab !== undefined || unreadable !== undefined)
  const going = here.filter(one => needsWork(one, stand))
  const before = Object.fromEntries(here.map(one => [one.request.id, presentState(one)]))
  const resting = {
    before: { instances: before },
    after: { instances: before },
    steps: first,
    unmet,
    msg: tableOf(before, new Set(going.map(one => one.request.id))),
  }
  if (going.length === 0) return resting
  return {
    ...resting,
    lanes: {
      atOnce: pace.atOnce,
      of: going.map(one => laneOf(tripOf(one, stand, readiness))),
      obstacle({ name }, ended, now) {
        const standing = going.find(({ request }) => request.id === name)
        return standing && obstacleFor(standing, pace.errorBudget, ended, now)
      },
      gather: ends => gathered(ends, going, before),
    },
  }
}

function gathered(ends: readonly LaneEnd[], going: readonly Standing[], before: State['instances']): Gathered {
  const own = going.map((standing, index) => {
    const end = ends[index]
    if (end?.obstacle !== undefined) return failedState(standing, end.obstacle, 'not_begun')
    if (end?.failure !== undefined) return failedState(standing, end.failure, outcomeOf(end, standing))
    return (end?.last?.after ?? presentState(standing)) as InstanceState
  })
  const after = {
    ...before,
    ...Object.fromEntries(going.map((one, index) => [one.request.id, own[index] as InstanceState])),
  }
  return {
    before: { instances: before },
    after: { instances: after },
    failures: ends.flatMap(({ failure, last }) => [
      ...(failure === undefined ? [] : [failure]),
      ...(last?.failures ?? []),
    ]),
    msg: tableOf(after, new Set(going.map(one => one.request.id))),
  }
}

/** Of one that came to no end of its own. Nothing was done before its first plan. */
function outcomeOf({ first }: LaneEnd, standing: Standing): Outcome {
  if (first !== undefined) return 'unknown'
  return mayBeDown(standing) ? 'failed' : 'refused'
}
