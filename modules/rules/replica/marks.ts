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

/** Bookmarks of a replica that is no more. */
export const marksOfReplica = (replica: string, source: DatasetSeen) =>
  bookmarksOf(source).filter(point => replicaOfBookmark(point) === replica)

/** Of a dataset with more snapshots than this on their way, pruning may take some: the chain holds by its bookmark. */
export const MOST_SPARED = 100

/**
 * Snapshots that pruning on the source should spare, each with the replica that waits for it: those that a replica has not
 * got yet, and its base. No more than `most`, the newest: a target that is away for long must not fill the pool.
 */
export function sparedFor(points: readonly Point[], most = MOST_SPARED): Map<string, string> {
  const bases = new Map<string, Point[]>()
  for (const point of points) {
    const replica = replicaOfBookmark(point)
    if (replica !== undefined) bases.set(replica, [...(bases.get(replica) ?? []), point])
  }
  const spared = new Map<string, string>()
  for (const [replica, marks] of bases) {
    const sure = marks.sort((a, b) => a.createtxg - b.createtxg).at(-KEPT) ?? marks[0]
    const waiting = points.filter(({ kind, createtxg }) => kind === 'snapshot' && createtxg >= (sure?.createtxg ?? 0))
    for (const { name } of waiting.slice(-most)) spared.set(name, replica)
  }
  return spared
}
