/**
 * Which datasets a task is about, and which snapshot of each: parts that belong together are to be of one moment, the newest
 * that all have. Only where there is none in common, each is of its own.
 */
import { PROPERTY } from '../layout.ts'
import { decisive, type Found } from './decisive.ts'
import { partsBelow, type World } from './look.ts'
import { newestInCommon, type Taken, type Wish, within } from './moment.ts'
import { arriving } from './names.ts'
import type { Request } from './requests.ts'

export interface Part {
  /** Its name below the instance's dataset. */
  readonly name: string
  readonly dataset: string
  readonly source: string
  readonly snapshot: Taken | undefined
  /** A newer one that the wish allows, and that others of these parts lack. */
  readonly passedOver?: Taken
}

export interface Choice {
  readonly parts: readonly Part[]
  /** What no policy takes snapshots of, and has none of that moment. */
  readonly unkept: readonly string[]
  /** What is beside the instance's datasets and in its fstab is not. */
  readonly unmounted: readonly string[]
}

type Places = Pick<World, 'own' | 'source' | 'snapshots' | 'ownSnapshots' | 'layout'>

export function partsOf(request: Request, world: Places): Choice {
  const { from, isCopy } = request
  if (request.parts !== undefined)
    return { parts: partsNamed(request.parts, request, world), unkept: [], unmounted: [] }
  // Of a copy nobody here knows how it was laid out, nor of an instance whose fstab is gone.
  const isMounted = (name: string) => isCopy || world.layout.size === 0 || world.layout.has(name)
  const below = partsBelow(from, world.source)
  const found = foundOf(below.filter(isMounted), request, world)
  const leading = decisive(found)
  const choose = chooser(leading, request, world)
  const parts = found.flatMap(one => {
    const part = choose(one)
    const isLeft = !leading.includes(one) && !part.isCommon
    if (isLeft && (world.own.has(part.dataset) || part.snapshot === undefined)) return []
    return [part]
  })
  return {
    parts,
    unkept: found.map(({ name }) => name).filter(name => parts.every(part => part.name !== name)),
    unmounted: below.filter(name => !isMounted(name)),
  }
}

export function partsNamed(names: readonly string[], request: Request, world: Places): Part[] {
  const found = foundOf(names, request, world)
  return found.map(chooser(found, request, world))
}

/** Chooses of each the snapshot that all of `leading` have; of one that has it not, or where there is none, its own newest. */
function chooser(leading: readonly Found[], request: Request, world: Places) {
  const wish = begunWith(leading, request, world) ?? request.wish
  const common = newestInCommon(leading.map(({ all }) => within(all, wish)))
  return (one: Found): Part & { readonly isCommon: boolean } => {
    const { name } = one
    const fitting = within(one.all, wish)
    const newest = fitting.at(-1)
    const shared = common === undefined ? undefined : fitting.findLast(each => each.name === common)
    const snapshot = shared ?? newest
    return {
      name,
      dataset: `${request.places.dataset}/${name}`,
      source: `${request.from}/${name}`,
      snapshot,
      isCommon: shared !== undefined,
      ...(newest !== undefined && newest !== snapshot && leading.includes(one) && { passedOver: newest }),
    }
  }
}

const foundOf = (names: readonly string[], request: Request, world: Places): Found[] =>
  names.map(name => {
    const all = snapshotsOf(name, request, world)
    return { name, all, wasThere: presenceOf(name, all, request, world) }
  })

/** A copy was made later than what it is the copy of: of that, its snapshots tell. */
function presenceOf(name: string, all: readonly Taken[], { places, isCopy }: Request, { own }: Places) {
  const since = Math.min(...all.map(({ creation }) => creation))
  const made = Number(own.get(`${places.dataset}/${name}`)?.get('createtxg') ?? Number.POSITIVE_INFINITY)
  return ({ creation, createtxg }: Taken) => (isCopy ? creation > since : createtxg > made)
}

/** From the oldest to the newest. */
function snapshotsOf(name: string, { from, places }: Request, world: Places): Taken[] {
  const [source, dataset] = [`${from}/${name}`, `${places.dataset}/${name}`]
  // Where a run was cut off, those up to the chosen one have gone over to what takes its place, or has taken it already.
  const origin = world.source.get(source)?.get('origin') ?? ''
  const holder = source !== dataset && origin.startsWith(`${dataset}@`) ? dataset : arriving(dataset)
  const held = world.ownSnapshots.get(holder) ?? []
  const chosen = held.findIndex(({ guid }) => guid === world.own.get(holder)?.get(PROPERTY.restored))
  return [...held.slice(0, chosen + 1), ...(world.snapshots.get(source) ?? [])]
}

/** A run that asked for the newest and was cut off is brought to its end: what is newest now may be of what was half exchanged. */
function begunWith(found: readonly Found[], { places, wish, inPlace }: Request, { own }: Places): Wish | undefined {
  if (!inPlace || wish.snapshot !== undefined || wish.moment !== undefined) return undefined
  const begun = found.flatMap(({ name, all }) => {
    const guid = own.get(arriving(`${places.dataset}/${name}`))?.get(PROPERTY.restored)
    return all.filter(one => one.guid === guid)
  })
  return begun.length === 0 ? undefined : { moment: Math.max(...begun.map(({ creation }) => creation)) }
}
