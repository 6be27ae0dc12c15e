/**
 * Filling writable datasets from the blueprint, once, and giving new mount points to those that are filled. A dataset is
 * mounted beside the instance for it (`seed/NAME`), since one that a jail uses is mounted elsewhere and a dataset has one
 * place only (fact zfs-11).
 *
 * Its user property tells what is in it: nothing of ours (no mark), perhaps half a tree (`begun`), a whole one (`yes`). ZFS
 * writes in order, so `yes` is never on disk before the files are.
 */
import type { Step } from '../../core/step.ts'
import { makeDirectories } from '../../freebsd/directories.ts'
import { isWithin, mountLegacy, unmount } from '../../freebsd/mount.ts'
import { copyTree, touchFile } from '../../freebsd/seed.ts'
import { ownValue } from '../../freebsd/zfs-selected.ts'
import { setProperties } from '../../freebsd/zfs-steps.ts'
import { blueprintDataset, blueprintPath, FORMAT, PROPERTY, revisionPath, snapshotOfRevision } from '../layout.ts'
import type { Amending } from './amend-steps.ts'
import { firstFileSteps } from './first.ts'
import type { PlannedMount } from './mounts.ts'
import { kindOf, obstacleAt, type Place, pointInSeed, pointsIn, some } from './points.ts'
import { BEGUN, type Instance, type Part, property, SEEDED, type World } from './world.ts'

/** A dataset to be opened at its seed, and the mount points to be made in it. */
export interface Opening {
  readonly part: Part
  readonly isToBeFilled: boolean
  readonly points: readonly PlannedMount[]
}

/** `known`: mount points of which the fstab says that they have been there. `amended`: parts that get something beside. */
export function openingsOf(
  { planned, parts, life, request }: Instance,
  known: ReadonlySet<string>,
  amended: ReadonlySet<Part>,
): Opening[] {
  return parts.flatMap((part): Opening[] => {
    const points = pointsIn(part, planned)
    if (part.seeded !== 'yes') return [{ part, isToBeFilled: true, points }]
    const isInUse = life === 'running' && part.mountedAt !== undefined && isWithin(part.mountedAt, request.places.root)
    const unknown = points.filter(({ node }) => !known.has(node))
    return (isInUse || unknown.length === 0) && !amended.has(part)
      ? []
      : [{ part, isToBeFilled: false, points: unknown }]
  })
}

export const isOpen = ({ part }: Opening) => part.mountedAt === part.seed

/**
 * Where a dataset's first content comes from: the blueprint's last complete revision. The file tree itself may be half
 * amended, and with packages of the next one. One without a revision is not blueprint_jail's, and nothing amends it.
 */
function sealedAt(instance: Instance, { datasets }: Pick<World, 'datasets'>): string {
  const { site, blueprint } = instance.request
  const source = datasets.get(blueprintDataset(site, blueprint))
  return source !== undefined && ownValue(source, PROPERTY.revision) === undefined
    ? blueprintPath(site, blueprint)
    : revisionPath(site, blueprint, revisionOf(instance, { datasets }))
}

const toBeFilled = ({ parts }: Instance): Part[] => parts.filter(({ seeded }) => seeded !== 'yes')

export function placesToFillFrom(instance: Instance, kernel: Pick<World, 'datasets'>): Place[] {
  const { request, planned } = instance
  const sealed = sealedAt(instance, kernel)
  const paths = toBeFilled(instance).flatMap(part => [part.path, ...pointsIn(part, planned).map(({ path }) => path)])
  if (paths.length === 0) return []
  const beneath = blueprintPath(request.site, request.blueprint)
  return [...(sealed === beneath ? [] : [sealed]), ...paths.map(path => `${sealed}/${path}`)].map(path => ({
    path,
    beneath,
  }))
}

/** Why datasets cannot be filled, in sentences. */
export function checkFilling(instance: Instance, world: World): string[] {
  const { id, blueprint, site } = instance.request
  const isThere = world.status.has(blueprintPath(site, blueprint))
  if (toBeFilled(instance).length === 0 || !isThere || world.status.has(sealedAt(instance, world))) return []
  const snapshot = `${blueprintDataset(site, blueprint)}@${snapshotOfRevision(revisionOf(instance, world))}`
  return [
    `${id}: ${snapshot} is not there, from which its datasets would be filled: the blueprint ${blueprint} has lost the snapshot of its revision. Build it anew under another name.`,
  ]
}

/** Mounts what is not open yet. */
export function openSteps(openings: readonly Opening[], { status }: World): Step[] {
  return openings
    .filter(opening => !isOpen(opening))
    .flatMap(({ part }): Step[] => [
      ...(status.has(part.seed) ? [] : [{ kind: 'directory', path: part.seed, mode: 0o700 } as const]),
      mountLegacy(part.dataset, part.seed),
    ])
}

/** What is in the way in open datasets, in sentences. */
export function obstaclesIn(openings: readonly Opening[], world: World): string[] {
  return openings.filter(isOpen).flatMap(({ part, isToBeFilled, points }) => {
    const names = (world.names.get(part.seed) ?? []).filter(name => name !== '.zfs')
    if (part.seeded === 'no' && names.length > 0)
      return [
        `${part.dataset} holds files (${some(names)}) and is not marked as filled, so it is left alone. ${wayOut(part)}`,
      ]
    return isToBeFilled
      ? []
      : points.flatMap(mount => {
          const obstacle = obstacleAt(pointInSeed(part, mount), mount, world)
          if (obstacle === undefined) return []
          return [
            `${obstacle} To put it right, 'mount -t zfs ${part.dataset} ${part.seed}', and afterwards run this again.`,
          ]
        })
  })
}

export const wayOut = ({ dataset }: Part) =>
  `If they are what shall be there: 'zfs set ${PROPERTY.seeded}=${SEEDED} ${dataset}'; if not, destroy it and create it anew.`

/** Fills what is to be filled, makes mount points, closes all, and then says so in each dataset. */
export function fillSteps(instance: Instance, openings: readonly Opening[], amending: Amending, world: World): Step[] {
  const { request } = instance
  const isUnknown = world.status.get(blueprintPath(request.site, request.blueprint)) === undefined
  const sealed = sealedAt(instance, world)
  const fresh = openings.filter(({ isToBeFilled }) => isToBeFilled).map(({ part }) => part)
  const marks = (parts: readonly Part[], ...settings: [string, string][]) =>
    setProperties(parts.map(({ dataset }) => [dataset, settings] as const))

  return [
    ...marks(
      fresh.filter(({ seeded }) => seeded === 'no'),
      [PROPERTY.seeded, BEGUN],
      [PROPERTY.blueprint, request.blueprint],
    ),
    ...openings.flatMap(({ part, isToBeFilled, points }): Step[] => {
      const source = `${sealed}/${part.path}`
      const isCopied = isToBeFilled && (isUnknown || world.status.has(source))
      const except = points.map(({ path }) => path.slice(part.path.length + 1))
      const toMake = points.filter(({ path }) => !(isCopied && (isUnknown || world.status.has(`${sealed}/${path}`))))
      return [
        ...(isCopied ? [copyTree(source, part.seed, except)] : []),
        ...makePoints(part, toMake, world),
        ...(isToBeFilled ? firstFileSteps(part, instance) : []),
        ...amending.stepsAtSeed(part),
        unmount({ node: part.seed }),
      ]
    }),
    ...amending.inside,
    ...amending.marks,
    ...marks(
      fresh,
      [PROPERTY.format, String(FORMAT)],
      [PROPERTY.revision, String(revisionOf(instance, world))],
      [PROPERTY.seeded, SEEDED],
    ),
  ]
}

function makePoints(part: Part, points: readonly PlannedMount[], world: World): Step[] {
  const directories = points.filter(mount => kindOf(mount, world) === 'directory')
  const files = points.filter(mount => kindOf(mount, world) === 'file')
  return [
    ...(directories.length === 0 ? [] : [makeDirectories(directories.map(mount => pointInSeed(part, mount)))]),
    ...files.map(mount => touchFile(pointInSeed(part, mount))),
  ]
}

/** What the blueprint is at, as blueprint_jail has written it down. */
export function revisionOf({ request }: Instance, { datasets }: Pick<World, 'datasets'>): number {
  const own = property(datasets.get(blueprintDataset(request.site, request.blueprint)), PROPERTY.revision)
  const revision = Number(own)
  return Number.isInteger(revision) && revision > 0 ? revision : 1
}
