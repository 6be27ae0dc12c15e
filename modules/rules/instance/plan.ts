/** The plan for all instances of a task. */
import type { Plan } from '../../core/module.ts'
import type { Done } from '../../core/perform.ts'
import { planAbsent } from './absent.ts'
import { differencesOf, placesToAmend } from './amend.ts'
import { checkFirstFiles } from './first.ts'
import { type Places, placesOfAbsent, placesOfPresent } from './look.ts'
import { plannedMounts } from './mounts.ts'
import type { Place } from './points.ts'
import { planPresent } from './present.ts'
import type { Request } from './requests.ts'
import { type Look, planOf } from './work.ts'
import { type Instance, type Kernel, lifeOf, partsOf, type World } from './world.ts'

export const placesToLookAt = (requests: readonly Request[], kernel: Kernel): Places[] =>
  requests.map(request =>
    request.state === 'absent' ? placesOfAbsent(request, kernel) : placesOfPresent(instanceOf(request, kernel), kernel),
  )

/** What the listings of amended blueprints say, and where it must be looked at in the instances. */
export function amendmentsToLookAt(requests: readonly Request[], world: World): { world: World; places: Place[] } {
  const instances = requests.filter(({ state }) => state === 'present').map(request => instanceOf(request, world))
  const compared = { ...world, differences: differencesOf(instances, world) }
  return { world: compared, places: instances.flatMap(instance => placesToAmend(instance, compared)) }
}

export const planInstances = (
  requests: readonly Request[],
  world: World,
  done: readonly Done[],
): Plan<{ instances: Record<string, Look> }> =>
  planOf(
    requests.map(request =>
      request.state === 'absent' ? planAbsent(request, world) : planPresent(instanceOf(request, world), world, done),
    ),
  )

function instanceOf(request: Request, kernel: Kernel): Instance {
  const planned = plannedMounts(request)
  checkFirstFiles(request.id, request.firstFiles, planned)
  return { request, planned, parts: partsOf(request, kernel), life: lifeOf(request, kernel.jails) }
}
