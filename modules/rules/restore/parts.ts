/**
 * Which datasets a task is about, and which snapshot of each: parts that belong together are to be of one moment, the newest
 * that all have. Only where there is none in common, each is of its own.
 */
import { PROPERTY } from '../layout.ts'
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

type Places = Pick<World, 'own' | 'source' | 'snapshots' | 'ownSnapshots'>

export const partsOf = (request: Request, world: Places): Part[] =>
  partsNamed(request.parts ?? partsBelow(request.from, world.source), request, world)

export function partsNamed(names: readonly string[], request: Request, world: Places): Part[] {
  const found = names.map(name => ({ name, all: snapshotsOf(name, request, world) }))
  const wish = begunWith(found, request, world) ?? request.wish
  const allowed = found.map(({ name, all }) => ({ name, fitting: within(all, wish) }))
  const common = newestInCommon(allowed.map(({ fitting }) => fitting))
  return allowed.map(({ name, fitting }) => {
    const newest = fitting.at(-1)
    const snapshot = common === undefined ? newest : fitting.findLast(one => one.name === common)
    return {
      name,
      dataset: `${request.places.dataset}/${name}`,
      source: `${request.from}/${name}`,
      snapshot,
      ...(newest !== undefined && newest !== snapshot && { passedOver: newest }),
    }
  })
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

interface Found {
  readonly name: string
  readonly all: readonly Taken[]
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
