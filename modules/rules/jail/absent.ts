/** What remains of an instance that shall be absent, once nothing of it runs, is mounted or on the network. */
import type { Step } from '../../core/step.ts'
import { isWithin } from '../../freebsd/mount.ts'
import { planDatasets } from '../dataset/plan.ts'
import { goneSteps } from './filter.ts'
import type { Seen, View } from './world.ts'

/** Its datasets go with `zfs destroy -r`, which fails where anything else needs them; what forbids that is refused at once. */
export function removalSteps(views: readonly View[], seen: Seen): Step[] {
  const files = views.flatMap(({ conf, guard, request: { places } }): Step[] => [
    ...(conf === undefined ? [] : [{ kind: 'remove', path: places.jailConf } as const]),
    ...goneSteps(guard),
  ])
  return [...files, ...destroySteps(views, seen)]
}

function destroySteps(views: readonly View[], { datasets }: Seen): Step[] {
  const leaving = views
    .filter(({ request: { destroysDatasets, places } }) => destroysDatasets && datasets.datasets.has(places.dataset))
    .map(({ request: { places } }) => places)
  if (leaving.length === 0) return []
  // What is mounted in its root is gone by then, and not in the way.
  const mounts = datasets.mounts.filter(({ node }) => !leaving.some(({ root }) => isWithin(node, root)))
  const requests = leaving.map(
    ({ dataset }) => ({ name: dataset, state: 'absent', properties: {}, recursive: true }) as const,
  )
  return planDatasets(requests, { ...datasets, mounts }).steps.filter(step => step.kind !== 'together')
}
