/** What is to be done for an instance that shall have no mounts any more. Its datasets are zfs_dataset's affair. */
import type { Step } from '../../core/step.ts'
import { unmount } from '../../freebsd/mount.ts'
import { mountsBelow, unmountOrder } from './compare.ts'
import { linesOf } from './fstab.ts'
import type { Request } from './requests.ts'
import { type Work, work } from './work.ts'
import { lifeOf, property, type World } from './world.ts'

export function planAbsent(request: Request, world: World): Work {
  const { id, places } = request
  const life = lifeOf(request, world.jails)
  if (!world.status.has(places.directory)) return work(id, {})

  const leaks = mountsBelow(world.mounts, places.root)
  const seeded = mountsBelow(world.mounts, places.seed)
  const mounts = world.mounts.filter(mount => leaks.includes(mount) || seeded.includes(mount))
  const seeds = (world.names.get(places.seed) ?? []).map(name => `${places.seed}/${name}`)
  const isThere = (path: string) => world.status.has(path)
  const gone = [
    ...[places.fstab, places.nextFstab].filter(isThere),
    ...seeds,
    ...[places.seed, places.root].filter(isThere),
  ]
  const instance = world.datasets.get(places.dataset)
  const isMounted = property(instance, 'mountpoint') === places.directory && property(instance, 'mounted') === 'yes'
  const others = (world.names.get(places.directory) ?? []).filter(name => !gone.includes(`${places.directory}/${name}`))
  const lost = world.names.get(places.root) ?? []
  if (gone.length === 0 && mounts.length === 0 && (isMounted || others.length > 0)) return work(id, {})

  return work(id, {
    before: {
      running: life !== 'stopped',
      blueprint: '-',
      seeded: [],
      fstab: linesOf(world.texts.get(places.fstab)),
      leaks: life === 'stopped' ? leaks.map(({ node }) => node) : [],
      pending: [],
      problems: [],
    },
    unmet: life === 'running' ? [`${id} is running, and its mounts are in use. Stop it first.`] : [],
    problems: [
      ...(life === 'dying' ? [`${id}: its jail is still dying. Run this again in a while.`] : []),
      ...(leaks.length === 0 && lost.length > 0
        ? [
            `${id}: ${places.root} holds files that are in none of its datasets (${lost.slice(0, 3).join(', ')}). Move them away.`,
          ]
        : []),
    ],
    warnings:
      isMounted || others.length === 0 ? [] : [`${id}: ${places.directory} stays: it holds ${others.join(', ')}.`],
    steps: [
      // Those of a running one go with its stop.
      ...unmountOrder(life === 'running' ? seeded : mounts).map(unmount),
      ...[...gone, ...(isMounted || others.length > 0 ? [] : [places.directory])].map(
        (path): Step => ({ kind: 'remove', path }),
      ),
    ],
  })
}
