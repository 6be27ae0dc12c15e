/**
 * Mount points and sources: each must be there, be of the right kind, and have no link on the way to it. A mount follows
 * links wherever they lead, out of the instance too (facts mount-3, live-4).
 */
import { isWithin } from '../../freebsd/mount.ts'
import { blueprintPath } from '../layout.ts'
import { containerOf, type PlannedMount } from './mounts.ts'
import type { Instance, Kernel, Part, World } from './world.ts'

/** A path to look at; below `beneath` no link is followed. */
export interface Place {
  readonly path: string
  readonly beneath?: string
}

/** The kind of thing a mount point must be (fact mount-4). */
export const kindOf = (mount: PlannedMount, { status }: World): 'file' | 'directory' =>
  mount.part === 'extra' && mount.fstype === 'nullfs' && status.get(mount.special)?.type === 'file'
    ? 'file'
    : 'directory'

/** The mount points that lie in this dataset. */
export const pointsIn = (part: Part, planned: readonly PlannedMount[]): PlannedMount[] =>
  planned.filter(mount => mount.path !== '' && containerOf(mount.path, planned)?.special === part.dataset)

/** Where a dataset has a mount point, while it is mounted at its place for being filled. */
export const pointInSeed = (part: Part, { path }: PlannedMount) => `${part.seed}/${path.slice(part.path.length + 1)}`

/** Where the blueprint has what will be seen at `path`. */
export const inBlueprint = ({ request }: Instance, path: string) =>
  `${blueprintPath(request.site, request.blueprint)}/${path}`

/** Paths in the blueprint and sources on the host. */
export function placesOfSources(instance: Instance): Place[] {
  const base = blueprintPath(instance.request.site, instance.request.blueprint)
  return [
    { path: base },
    ...instance.planned
      .filter(({ path }) => path !== '')
      .map(({ path }) => ({ path: inBlueprint(instance, path), beneath: base })),
    ...instance.planned
      .filter(({ part, fstype }) => part === 'extra' && fstype === 'nullfs')
      .map(({ special }) => ({ path: special, beneath: '/' })),
  ]
}

export interface Findings {
  /** Why it cannot be done. */
  readonly problems: readonly string[]
  /** What an earlier task would have made. */
  readonly unmet: readonly string[]
}

export function checkSources(instance: Instance, world: World): Findings {
  const { request, planned } = instance
  const { id, blueprint, site } = request
  const problems: string[] = []
  const unmet: string[] = []
  for (const { special, part, fstype } of planned) {
    if (part !== 'extra' || fstype !== 'nullfs') continue
    const found = world.status.get(special)
    const foreign = mountAbove(special, world)
    if (found === undefined)
      unmet.push(`${id}: ${special} is not there. Shared data is made with zfs_dataset (${site.dataset}/shared/NAME).`)
    else if (found.type === 'link')
      problems.push(`${id}: ${found.at} is a symbolic link, and a mount would follow it. Give the path it stands for.`)
    else if (found.type === 'other')
      problems.push(`${id}: ${special} is neither a file nor a directory, and only those can be mounted.`)
    else if (foreign?.fstype === 'nullfs' && isWithin(foreign.special, `${site.path}/instances`))
      problems.push(
        `${id}: ${special} shows a part of another instance (${foreign.special}). Share data from ${site.path}/shared.`,
      )
  }

  const base = blueprintPath(site, blueprint)
  if (world.status.get(base) === undefined) {
    unmet.push(`${id}: the blueprint ${blueprint} is not there (${base}). Build it with blueprint_jail.`)
    return { problems, unmet }
  }
  for (const mount of planned) {
    if (mount.path === '') continue
    const path = inBlueprint(instance, mount.path)
    const found = world.status.get(path)
    const isNeeded = mount.part === 'overlay' || containerOf(mount.path, planned)?.part !== 'writable'
    const kind = kindOf(mount, world)
    if (found === undefined) {
      if (isNeeded)
        problems.push(
          `${id}: the blueprint ${blueprint} has no ${kind} ${mount.path}, and it must be there for ${mount.special} to be mounted. Build the blueprint with it.`,
        )
    } else if (found.type === 'link')
      problems.push(
        `${id}: ${found.at} in the blueprint ${blueprint} is a symbolic link, and jail(8) mounts through none. Build the blueprint with a directory there, or name the path it points to.`,
      )
    else if (found.type !== kind)
      problems.push(`${id}: ${path} is no ${kind}, and ${mount.special} can only be mounted on one.`)
  }
  return { problems, unmet }
}

/** The mount that shows what is at `path` on the host. */
const mountAbove = (path: string, { mounts }: Kernel) => mounts.findLast(({ node }) => isWithin(path, node))

/** What is wrong with a mount point inside an instance, or undefined where it is as it must be or is not there. */
export function obstacleAt(path: string, mount: PlannedMount, world: World): string | undefined {
  const found = world.status.get(path)
  const kind = kindOf(mount, world)
  if (found?.type === 'link')
    return `${found.at} is a symbolic link, and nothing is mounted through one: jail(8) would refuse to start, and a mount by hand would cover what it points to.`
  if (found !== undefined && found.type !== kind)
    return `${path} is no ${kind}, and ${mount.special}, which shall be mounted there, is one.`
  const names = hides(mount) ? (world.names.get(path) ?? []) : []
  if (names.length > 0)
    return `${path} holds files (${some(names)}), and ${mount.special} would hide them. Move them there, or away.`
  return undefined
}

/** Overlays are there to hide what a customer has below them, and memory holds nothing that was kept. */
const hides = ({ part, fstype }: PlannedMount) => part === 'writable' || (part === 'extra' && fstype === 'nullfs')

export const some = (names: readonly string[]) => `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`
