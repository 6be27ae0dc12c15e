/** Which files and directories must be looked at to decide about instances. */
import { isWithin } from '../../freebsd/mount.ts'
import { listingsToRead } from './amend.ts'
import { placesOfFirstFiles } from './first.ts'
import { containerOf } from './mounts.ts'
import { type Place, placesOfSources, pointInSeed, pointsIn } from './points.ts'
import type { Request } from './requests.ts'
import { placesToFillFrom } from './seed.ts'
import type { Instance, Kernel } from './world.ts'

export interface Places {
  /** What is there? */
  readonly status: readonly Place[]
  /** What does it say? */
  readonly texts: readonly string[]
  /** What is in it, if it is a directory? */
  readonly names: readonly Place[]
}

export function placesOfPresent(instance: Instance, kernel: Kernel): Places {
  const { mounts } = kernel
  const { request, planned, parts, life } = instance
  const { site, places } = request
  const open = parts.filter(({ mountedAt, seed }) => mountedAt === seed)
  const awaited = planned.filter(
    ({ path, node }) =>
      life === 'running' &&
      containerOf(path, planned)?.part === 'writable' &&
      !mounts.some(mount => mount.node === node),
  )
  const points = [
    ...open.flatMap(part =>
      pointsIn(part, planned).map(mount => ({ path: pointInSeed(part, mount), beneath: part.seed })),
    ),
    ...awaited.map(({ node }) => ({ path: node, beneath: places.root })),
  ]
  return {
    status: [
      { path: `${site.path}/instances`, beneath: '/' },
      ...[places.directory, places.root, places.seed, places.journal, ...parts.map(({ seed }) => seed)].map(path => ({
        path,
      })),
      ...placesOfSources(instance),
      ...placesToFillFrom(instance, kernel),
      ...placesOfFirstFiles(instance),
      ...points,
    ],
    texts: [places.fstab, places.nextFstab, ...listingsToRead(instance, kernel)],
    names: [...open.map(({ seed }) => ({ path: seed })), ...points],
  }
}

export function placesOfAbsent({ places }: Request, { mounts }: Kernel): Places {
  const { directory, root, seed, fstab, nextFstab } = places
  return {
    status: [directory, root, seed, fstab, nextFstab].map(path => ({ path })),
    texts: [fstab],
    // What is mounted there is no file of ours.
    names: [directory, seed, ...(mounts.some(mount => isWithin(mount.node, root)) ? [] : [root])].map(path => ({
      path,
    })),
  }
}
