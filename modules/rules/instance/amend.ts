/**
 * What amendments added to the blueprint since an instance's datasets were filled from it. Of each dataset two revisions are
 * recorded: `revision`, which a switch takes for the base of its merge, and, where an amendment also changed files there,
 * `added`: up to where it has what was added. So nothing is lost to the merge, and nothing is added twice.
 */
import { dirname } from 'node:path/posix'
import { isWithin } from '../../freebsd/mount.ts'
import { ownValue } from '../../freebsd/zfs-selected.ts'
import { parseListing } from '../blueprint/manifest.ts'
import { LISTING, PROPERTY, revisionPath } from '../layout.ts'
import { type Addition, compareListings, type Difference } from './amend-compare.ts'
import { containerOf } from './mounts.ts'
import { type Place, some } from './points.ts'
import { revisionOf } from './seed.ts'
import { type Instance, type Part, property, type World } from './world.ts'

/** A part that was filled from an earlier revision than the blueprint's. */
export interface Lag {
  readonly part: Part
  readonly filledFrom: number
  /** The last one whose additions it has. */
  readonly received: number
  readonly current: number
}

type Kernel = Pick<World, 'datasets'>

export function lagsOf(instance: Instance, kernel: Kernel): Lag[] {
  const current = revisionOf(instance, kernel)
  return instance.parts.flatMap((part): Lag[] => {
    const own = (name: string) => (part.properties === undefined ? undefined : ownValue(part.properties, name))
    const filledFrom = Number(own(PROPERTY.revision) ?? 0)
    const isOurs = part.seeded === 'yes' && own(PROPERTY.blueprint) === instance.request.blueprint
    if (!isOurs || !Number.isInteger(filledFrom) || filledFrom < 1 || filledFrom >= current) return []
    return [{ part, filledFrom, received: Math.max(filledFrom, Number(own(PROPERTY.added) ?? 0)), current }]
  })
}

const listingOf = ({ request: { site, blueprint } }: Instance, revision: number) =>
  `${revisionPath(site, blueprint, revision)}/${LISTING}`

export const listingsToRead = (instance: Instance, kernel: Kernel): string[] =>
  lagsOf(instance, kernel)
    .flatMap(({ filledFrom, received, current }) => [filledFrom, received, current])
    .map(revision => listingOf(instance, revision))

const pairsOf = (instance: Instance, { filledFrom, received, current }: Lag) =>
  [filledFrom, received].map(revision => [listingOf(instance, revision), listingOf(instance, current)] as const)

const keyOf = (older: string, newer: string) => `${older}\n${newer}`

/** Compared once, however many instances run on the blueprint. */
export function differencesOf(
  instances: readonly Instance[],
  world: Kernel & Pick<World, 'texts'>,
): Map<string, Difference> {
  const found = new Map<string, Difference>()
  const pairs = instances.flatMap(instance => lagsOf(instance, world).flatMap(lag => pairsOf(instance, lag)))
  for (const [older, newer] of pairs) {
    const [before, after] = [world.texts.get(older), world.texts.get(newer)]
    if (found.has(keyOf(older, newer)) || before === undefined || after === undefined) continue
    found.set(keyOf(older, newer), compareListings(parseListing(before), parseListing(after)))
  }
  return found
}

export interface Amendment extends Lag {
  /** `inside`: through the running instance that uses it. `seed`: beside the instance. Otherwise not now. */
  readonly way: 'inside' | 'seed' | undefined
  readonly added: readonly Addition[]
  /** What a switch has to merge. */
  readonly changed: readonly string[]
}

export function amendmentsOf(instance: Instance, world: World): Amendment[] {
  return lagsOf(instance, world).flatMap((lag): Amendment[] => {
    const [whole, rest] = pairsOf(instance, lag).map(pair => world.differences.get(keyOf(...pair)))
    if (whole === undefined || rest === undefined) return []
    const isItsOwn = (path: string) =>
      isWithin(path, lag.part.path) &&
      containerOf(path, instance.planned)?.special === lag.part.dataset &&
      !instance.planned.some(mount => mount.path === path)
    const added = rest.added.filter(({ path }) => isItsOwn(path))
    const changed = [...new Set([...whole.changed, ...rest.changed])].filter(isItsOwn)
    return [{ ...lag, way: wayInto(lag.part, instance), added, changed }]
  })
}

function wayInto({ path, seed, mountedAt, properties }: Part, { life, request }: Instance): Amendment['way'] {
  const { root } = request.places
  if (life === 'dying' || property(properties, 'keystatus') === 'unavailable') return undefined
  if (mountedAt === undefined || mountedAt === seed) return 'seed'
  if (life === 'stopped') return isWithin(mountedAt, root) ? 'seed' : undefined
  return mountedAt === `${root}/${path}` ? 'inside' : undefined
}

/** Where an instance would have it, if that can be seen now. */
export function placeInside({ part, way }: Amendment, path: string, { request }: Instance): Place | undefined {
  const { root } = request.places
  if (way === 'inside') return { path: `${root}/${path}`, beneath: root }
  if (way !== 'seed' || part.mountedAt !== part.seed) return undefined
  return { path: `${part.seed}/${path.slice(part.path.length + 1)}`, beneath: part.seed }
}

/** The directories that lead to `path` within the part, the outermost first. */
export function directoriesTo(path: string, part: Part): string[] {
  const above: string[] = []
  for (let each = dirname(path); each.length > part.path.length; each = dirname(each)) above.unshift(each)
  return above
}

export const placesToAmend = (instance: Instance, world: World): Place[] =>
  amendmentsOf(instance, world).flatMap(amendment =>
    amendment.added
      .flatMap(({ path }) => [...directoriesTo(path, amendment.part), path])
      .flatMap(path => placeInside(amendment, path, instance) ?? []),
  )

/** What only a switch can bring, in sentences. */
export function unmergedIn(instance: Instance, world: World): string[] {
  const lags = lagsOf(instance, world)
  const known = amendmentsOf(instance, world)
  const [unknown] = lags.filter(({ part }) => !known.some(amendment => amendment.part === part))
  const changed = known.flatMap(amendment => amendment.changed)
  const { blueprint } = instance.request
  return [
    ...(unknown === undefined
      ? []
      : [
          `what amendments changed in ${blueprint} since revision ${unknown.filledFrom} is not known: a listing is not there (${[unknown.filledFrom, unknown.received, unknown.current].map(revision => listingOf(instance, revision)).find(path => !world.texts.has(path))}); needs blueprint_switch`,
        ]),
    ...(changed.length === 0
      ? []
      : [`an amendment of ${blueprint} changed what only blueprint_switch can merge: ${some(changed)}`]),
  ]
}
