/**
 * What replication knows of one side: a tree of datasets with their snapshots and bookmarks. Both sides are told by the path
 * below the replica's own root, so that a dataset and its copy have the same key: '' is the root, '/web1/etc' below it.
 */
import type { Point } from '../../freebsd/zfs-points.ts'

export type { Point }

export interface DatasetSeen {
  readonly name: string
  readonly type: 'filesystem' | 'volume'
  readonly isEncrypted: boolean
  /** It is half received, and with this the sender can go on. */
  readonly token?: string
  readonly isReadOnly: boolean
  /** `canmount=off`. */
  readonly isNeverMounted: boolean
  /** `canmount=on`: at boot it is mounted where its mount point is. */
  readonly isMountable?: true
  /**
   * Of a copy: something was written to it since what it received last. Nothing else moves `written` from 0 there, and
   * zfs-receive(8) refuses every increment then (tried on OpenZFS 2.3.2: test/zfs/replica-parted.ts).
   */
  readonly isChanged?: true
  /** The id of the instance whose top dataset this is. */
  readonly instance?: string
  /** What PROPERTY.replica says on the dataset. */
  readonly replica?: string
  /** In order of `createtxg`. */
  readonly points: readonly Point[]
}

export type Side = ReadonlyMap<string, DatasetSeen>

export const snapshotsOf = (dataset: DatasetSeen) => dataset.points.filter(({ kind }) => kind === 'snapshot')
export const bookmarksOf = (dataset: DatasetSeen) => dataset.points.filter(({ kind }) => kind === 'bookmark')
export const newestOf = (dataset: DatasetSeen) => snapshotsOf(dataset).at(-1)

/** As zfs(8) takes it. */
export const fullName = (dataset: { readonly name: string }, { kind, name }: Point) =>
  `${dataset.name}${kind === 'snapshot' ? '@' : '#'}${name}`

/**
 * The newest thing the source can send an increment from: a snapshot that the target has too, or a bookmark of one. A
 * bookmark may be newer than the last common snapshot, and then it counts (syncoid issue 602); of equals, the snapshot.
 */
export function baseOf(source: DatasetSeen, target: DatasetSeen): Point | undefined {
  const there = new Set(snapshotsOf(target).map(({ guid }) => guid))
  const common = source.points.filter(({ guid }) => there.has(guid))
  const [first, ...others] = common
  if (first === undefined) return undefined
  const rank = (point: Point) => [point.createtxg, point.kind === 'snapshot' ? 1 : 0] as const
  return others.reduce((best, point) => {
    const [[bestTxg, bestKind], [txg, kind]] = [rank(best), rank(point)]
    return txg > bestTxg || (txg === bestTxg && kind > bestKind) ? point : best
  }, first)
}

/** The copy's snapshot that the next increment begins at. */
export function standsOn(source: DatasetSeen, target: DatasetSeen): Point | undefined {
  const base = baseOf(source, target)
  return base === undefined ? undefined : snapshotsOf(target).find(({ guid }) => guid === base.guid)
}

/** Whether the source has a snapshot after the last that both have. */
export function isBehind(source: DatasetSeen, target: DatasetSeen): boolean {
  const [base, newest] = [baseOf(source, target), newestOf(source)]
  return newest !== undefined && newest.createtxg > (base?.createtxg ?? -1)
}

/** Snapshots of the copy after what both have: its own, or such as the source lost with every mark of them. */
export function ownSince(source: DatasetSeen, target: DatasetSeen): Point[] {
  const base = standsOn(source, target)
  return base === undefined ? [] : snapshotsOf(target).filter(({ createtxg }) => createtxg > base.createtxg)
}

/** The path above, or undefined for the root. */
export const pathAbove = (path: string) => (path === '' ? undefined : path.slice(0, path.lastIndexOf('/')))

export const isAtOrBelow = (path: string, top: string) => path === top || path.startsWith(`${top}/`)
