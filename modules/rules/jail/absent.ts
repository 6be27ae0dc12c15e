/** What remains of an instance that shall be absent, once nothing of it runs, is mounted or on the network. */
import type { Step } from '../../core/step.ts'
import { isWithin } from '../../freebsd/mount.ts'
import { releaseSnapshots } from '../../freebsd/zfs-points.ts'
import { planDatasets } from '../dataset/plan.ts'
import { HOLD, isOverwritten, isWayBack } from '../layout.ts'
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
  // What is mounted in its root is gone by then, and not in the way; nor are the holds by which its ways back were kept.
  const mounts = datasets.mounts.filter(({ node }) => !leaving.some(({ root }) => isWithin(node, root)))
  const [released, holds] = withoutOurs(datasets.holds)
  const ways = released.filter(name => leaving.some(({ dataset }) => isOf(name, dataset)))
  const requests = leaving.map(
    ({ dataset }) => ({ name: dataset, state: 'absent', properties: {}, recursive: true }) as const,
  )
  const { steps } = planDatasets(requests, { ...datasets, mounts, holds })
  return [...releaseSnapshots(HOLD, ways), ...steps.filter(step => step.kind !== 'together')]
}

const isOf = (snapshot: string, dataset: string) => isWithin(snapshot.split('@', 1)[0] ?? '', dataset)

/** The snapshots that switches hold, and the tags of everybody else. */
function withoutOurs(holds: Seen['datasets']['holds']): [string[], Map<string, readonly string[]>] {
  const isOurs = (snapshot: string, tag: string) => {
    const name = snapshot.split('@')[1] ?? ''
    return tag === HOLD && (isWayBack(name) || isOverwritten(name))
  }
  const all = [...holds]
  return [
    all.flatMap(([snapshot, tags]) => (tags.some(tag => isOurs(snapshot, tag)) ? [snapshot] : [])),
    new Map(all.map(([snapshot, tags]) => [snapshot, tags.filter(tag => !isOurs(snapshot, tag))])),
  ]
}
