/**
 * Snapshots that runs with `snapshot` took are nobody's history: once a copy has a newer one, they are needed as the base of
 * another replica at most. Each replica tells that by its bookmarks, on its source; the copy can be such a source too.
 */
import { type Dated, sparedFor } from './marks.ts'
import { isOwnSnapshot, replicaOfBookmark } from './names.ts'
import { baseOf, bookmarksOf, type DatasetSeen, type Point, snapshotsOf } from './side.ts'
import type { Item } from './tree.ts'

export interface Outlived {
  readonly source: readonly Point[]
  readonly target: readonly Point[]
}

/** What may go of both, if nobody holds it and nothing was made from it. */
export function outlivedBy(replica: string, { source, target, decision }: Item): Outlived {
  const base = decision.kind === 'nothing' && target !== undefined ? baseOf(source, target) : undefined
  const copied = target === undefined ? undefined : snapshotsOf(target).find(({ guid }) => guid === base?.guid)
  return {
    source: base === undefined ? [] : own(source, base, other => other !== replica),
    target: target === undefined || copied === undefined ? [] : own(target, copied, () => true),
  }
}

function own(dataset: DatasetSeen, base: Point, asks: (replica: string) => boolean): Point[] {
  const dated = (points: readonly Point[]): (Dated & Point)[] =>
    points.map(point => ({ ...point, moment: point.createtxg }))
  const others = bookmarksOf(dataset).filter(point => {
    const replica = replicaOfBookmark(point)
    return replica !== undefined && asks(replica)
  })
  const past = snapshotsOf(dataset).filter(point => isOwnSnapshot(point) && point.createtxg < base.createtxg)
  const spared = sparedFor(dated(past), dated(others))
  return past.filter(({ name }) => !spared.has(name))
}
