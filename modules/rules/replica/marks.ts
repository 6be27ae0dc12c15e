/** The bookmarks that keep a chain of increments whole, whatever is pruned on the source. */
import { bookmarkOf, replicaOfBookmark } from './names.ts'
import { baseOf, bookmarksOf, type DatasetSeen, type Point, snapshotsOf } from './side.ts'
import type { Item } from './tree.ts'

/** Of what both have, one before it for a target that lost its newest, and of what is on its way. */
const KEPT = 2

export interface Marks {
  /** Snapshots to be bookmarked before anything is sent: then a crash at any moment leaves a base that is known. */
  readonly make: readonly Point[]
  /** Bookmarks' own names, once the target has what made them needless. */
  readonly drop: readonly Point[]
}

export function marksOf(replica: string, { source, target, decision }: Item): Marks {
  const marked = new Set(bookmarksOf(source).map(({ name }) => name))
  const base = target === undefined ? undefined : baseOf(source, target)
  const coming = 'to' in decision ? [decision.to] : []
  const common = base === undefined ? [] : snapshotsOf(source).filter(({ guid }) => guid === base.guid)
  return {
    make: [...new Set([...common, ...coming])].filter(point => !marked.has(bookmarkOf(replica, point))),
    drop: base === undefined || decision.kind !== 'nothing' ? [] : outlived(replica, source, base),
  }
}

function outlived(replica: string, source: DatasetSeen, base: Point): Point[] {
  const own = bookmarksOf(source).filter(point => replicaOfBookmark(point) === replica)
  const past = own.filter(({ createtxg }) => createtxg < base.createtxg)
  return past.slice(0, Math.max(0, past.length - (KEPT - 1)))
}

/** Of a dataset that this replica has no copy of, or none any more. */
export const marksLeftOn = (replica: string, dataset: DatasetSeen): Point[] =>
  bookmarksOf(dataset).filter(point => replicaOfBookmark(point) === replica)

/** Of snapshots that a replica waits for, this many of a dataset are spared: one that is away for long must not fill the pool. */
export const MOST_SPARED = 100

/** A snapshot or bookmark and its moment: seconds since 1970, or any number that grows with time. */
export interface Dated {
  readonly name: string
  readonly moment: number
}

/**
 * Snapshots that pruning should spare, each with the replica that has not got it yet, or may still need it: those from the
 * last but one bookmark on, since the last is made before its snapshot is sent. No more than `most`, the newest: what is
 * pruned beyond that costs history, and never the chain, which holds by the bookmark.
 */
export function sparedFor(
  snapshots: readonly Dated[],
  bookmarks: readonly (Dated & { readonly guid: string })[],
  most = MOST_SPARED,
): Map<string, string> {
  const bases = new Map<string, number[]>()
  for (const { name, guid, moment } of bookmarks) {
    const replica = replicaOfBookmark({ kind: 'bookmark', name, guid })
    if (replica !== undefined) bases.set(replica, [...(bases.get(replica) ?? []), moment])
  }
  const spared = new Map<string, string>()
  for (const [replica, moments] of bases) {
    const [last = 0, before = last] = moments.sort((a, b) => b - a)
    const waiting = snapshots.filter(({ moment }) => moment >= before).sort((a, b) => a.moment - b.moment)
    for (const { name } of most > 0 ? waiting.slice(-most) : []) spared.set(name, replica)
  }
  return spared
}
