/** Whether a dataset may be destroyed. Never with `-R`: a clone elsewhere is somebody else's data. */

import { isWithin, type Mount } from '../../freebsd/mount.ts'
import type { Below } from '../../freebsd/zfs.ts'
import { destroyDataset } from '../../freebsd/zfs-steps.ts'
import type { Request } from './requests.ts'
import { type Draft, draft } from './work.ts'
import type { World } from './world.ts'

export interface Surroundings {
  /** All that is at and below the datasets that shall go. */
  readonly below: readonly Below[]
  readonly mounts: readonly Mount[]
  /** The tags that hold snapshots, by snapshot. */
  readonly holds: ReadonlyMap<string, readonly string[]>
  /** Names that shall go as well. */
  readonly leaving: ReadonlySet<string>
}

export function planAbsent(request: Request, world: World, surroundings: Surroundings): Draft {
  const { name, recursive = false } = request
  const work = draft(name)
  const dataset = world.find(name)
  if (dataset === undefined) return work

  const { below, mounts, holds, leaving } = surroundings
  const tree = below.filter(one => isInTree(one.name, name))
  const children = tree.filter(one => one.type !== 'snapshot' && one.name !== name)
  const snapshots = tree.filter(one => one.type === 'snapshot')
  const uncovered = children.filter(one => !leaving.has(one.name))
  work.before = { type: dataset.type }
  work.steps.push([
    'destroy',
    destroyDataset(name, { recursive: recursive && (uncovered.length > 0 || snapshots.length > 0) }),
  ])

  const refuse = (reason: string) => work.problems.push(`${name} cannot be destroyed: ${reason}`)
  if (!name.includes('/')) refuse("it is a pool's own dataset. To destroy a pool, use 'zpool destroy' by hand.")
  for (const snapshot of snapshots) {
    const clones = snapshot.clones.filter(clone => !isInTree(clone, name))
    if (clones.length > 0)
      refuse(
        `${clones.join(', ')} is a clone of ${snapshot.name}. Destroy the clone first, or promote it ('promoted: true').`,
      )
  }
  for (const [tag, held] of byTag(snapshots, holds)) refuse(describeHeld(tag, held, name))
  for (const mount of mounts.filter(one => usesTree(one, name, mounts)))
    refuse(`it is used by the mount of ${mount.special} on ${mount.node} (${mount.fstype}). Unmount that first.`)

  if (!recursive) {
    const taken = [
      ...counted(
        'child dataset',
        uncovered.map(one => one.name),
      ),
      ...counted(
        'snapshot',
        snapshots.map(one => one.name),
      ),
      ...(tree.some(one => one.name === name && one.mounted) ? ['a mounted file tree'] : []),
    ]
    if (taken.length > 0) refuse(`it has ${taken.join(' and ')}. If all that may go, say recursive: true.`)
  }
  return work
}

function byTag(snapshots: readonly Below[], holds: Surroundings['holds']): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { name } of snapshots)
    for (const tag of holds.get(name) ?? []) found.set(tag, [...(found.get(tag) ?? []), name])
  return found
}

/** Many datasets have snapshots of one name, held in one go, and are released so. */
function describeHeld(tag: string, held: readonly string[], dataset: string): string {
  const [only] = held
  if (held.length === 1) return `${only} is held (${tag}). If it may go: 'zfs release ${tag} ${only}'.`
  const names = [...new Set(held.map(name => `${dataset}@${name.split('@')[1]}`))]
  return `${held.length} snapshots are held (${tag}): ${some(held)}. If they may go: 'zfs release -r ${tag} ${names.slice(0, 3).join(' ')}${names.length > 3 ? ' …' : ''}'.`
}

const isInTree = (name: string, root: string) =>
  name === root || name.startsWith(`${root}/`) || name.startsWith(`${root}@`)

/** Whether a foreign mount shows, or lies on, something of the tree: destroying would find it busy (fact zfs-10). */
function usesTree(mount: Mount, root: string, mounts: readonly Mount[]): boolean {
  if (mount.fstype === 'zfs' && isInTree(mount.special, root)) return false
  const places = mounts.filter(one => one.fstype === 'zfs' && isInTree(one.special, root)).map(one => one.node)
  return places.some(
    place => isWithin(mount.node, place) || (mount.fstype === 'nullfs' && isWithin(mount.special, place)),
  )
}

function counted(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return []
  return [`${names.length} ${what}${names.length === 1 ? '' : 's'} (${some(names)})`]
}

const some = (names: readonly string[]) => `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`
