/** What is next for one dataset and its copy. Sends are decided one at a time: after each, both sides are looked at again. */
import type { Exchange } from './filling.ts'
import { baseOf, type DatasetSeen, fullName, newestOf, ownSince, type Point, snapshotsOf } from './side.ts'

export type Decision =
  /** The copy has the source's newest snapshot. */
  | { readonly kind: 'nothing'; readonly base: Point }
  /** The dataset's first snapshot, or its only one. */
  | { readonly kind: 'full'; readonly to: Point }
  /** `through` sends all snapshots between the two as well. */
  | { readonly kind: 'incremental'; readonly from: Point; readonly to: Point; readonly through: boolean }
  /** What an interrupted receive left is completed. */
  | { readonly kind: 'resume'; readonly token: string; readonly to: Point }
  /** What an interrupted receive left cannot be completed, and goes. */
  | { readonly kind: 'abandon'; readonly why: string }
  /** The source's dataset has no snapshot but others below it do: an empty one takes its place. */
  | { readonly kind: 'placeholder' }
  /** The placeholder's filling is there, beside it: they change names. */
  | Exchange
  /** The copy gets nothing for now, and would be mounted at the next boot, in the place of its source: it is set not to be. */
  | { readonly kind: 'mend'; readonly otherwise: Decision }
  /** The copy cannot be continued; it is renamed, and begun anew. */
  | { readonly kind: 'rotate'; readonly why: string }
  | { readonly kind: 'diverged'; readonly why: string }
  | { readonly kind: 'skipped'; readonly why: string }
  /** The dataset above is not there yet. */
  | { readonly kind: 'waits'; readonly why: string }

/** What a resume token would continue, as the source says; undefined where the source can make nothing of it. */
export interface Resumable {
  readonly guid: string
  /** `dataset@snapshot` on the source. */
  readonly name: string
}

export interface Wishes {
  /** `rotate` renames a copy that cannot be continued, and begins anew. */
  readonly diverged: 'refuse' | 'rotate'
  /** Send every snapshot, or the newest alone. */
  readonly history: boolean
}

export interface Learned {
  /** By token. */
  readonly tokens: ReadonlyMap<string, Resumable | undefined>
  /** Copies of which a receive said why they cannot be continued, by path. */
  readonly refused: ReadonlyMap<string, string>
}

export function decide(
  path: string,
  source: DatasetSeen,
  target: DatasetSeen | undefined,
  wishes: Wishes,
  learned: Learned,
): Decision {
  if (source.token !== undefined)
    return { kind: 'skipped', why: `${source.name} is itself half received: complete that, or 'zfs receive -A' it` }
  const newest = newestOf(source)
  if (newest === undefined) return { kind: 'skipped', why: `${source.name} has no snapshot` }
  if (target === undefined) return { kind: 'full', to: (wishes.history ? snapshotsOf(source)[0] : newest) ?? newest }

  const different = differenceOf(source, target)
  if (different !== undefined) return parted(different, wishes)
  if (target.token !== undefined) {
    const isUsed = !target.isReadOnly && snapshotsOf(target).length > 0
    return isUsed ? inUse(source, target) : continued(source, target.token, learned)
  }
  const why = learned.refused.get(path)
  if (why !== undefined) return parted(why, wishes)

  if (snapshotsOf(target).length === 0)
    return parted(
      `${target.name} has no snapshot to go on from: it was made to hold others, before ${source.name} had any, or is somebody's own`,
      wishes,
    )
  const base = baseOf(source, target)
  if (base === undefined)
    return parted(`${target.name} and ${source.name} have no snapshot in common${lastOf(target)}`, wishes)
  // Of a bookmark the snapshot may be gone, and the source's newest is then older than what the copy has.
  if (newest.createtxg <= base.createtxg) return { kind: 'nothing', base }
  if (!target.isReadOnly) return inUse(source, target)
  const own = ownSince(source, target)
  if (own.length > 0 && source.isEncrypted)
    return parted(
      `${target.name} has snapshots that ${source.name} has not, and an increment of what is encrypted goes over none: ${namesOf(own)}`,
      wishes,
    )
  if (target.isChanged)
    return parted(
      `${target.name} was changed after what it received last${own.length === 0 ? '' : `, and has snapshots since: ${namesOf(own)}`}`,
      wishes,
    )
  const step = increment(source, base, newest, wishes)
  const clash = clashing(source, target, step, wishes)
  if (clash !== undefined)
    return parted(`${fullName(target, clash)} is another snapshot than ${fullName(source, clash)}`, wishes)
  return step
}

/** zfs-send(8): nothing but a snapshot can be the start of -I, so what a bookmark is the base of goes in two steps. */
function increment(source: DatasetSeen, from: Point, newest: Point, { history }: Wishes) {
  const missing = snapshotsOf(source).filter(({ createtxg }) => createtxg > from.createtxg)
  const [first = newest] = missing
  if (!history) return { kind: 'incremental', from, to: newest, through: false } as const
  if (from.kind === 'bookmark') return { kind: 'incremental', from, to: first, through: false } as const
  return { kind: 'incremental', from, to: newest, through: missing.length > 1 } as const
}

function continued(source: DatasetSeen, token: string, { tokens }: Learned): Decision {
  const resumable = tokens.get(token)
  // A token can name anything the source's key can read (openzfs issue 14153), and the snapshot may be gone since.
  const to = snapshotsOf(source).find(({ guid }) => guid === resumable?.guid)
  if (resumable !== undefined && to !== undefined && resumable.name.split('@')[0] === source.name)
    return { kind: 'resume', token, to }
  return {
    kind: 'abandon',
    why: `what it had begun to receive, ${resumable?.name ?? 'a snapshot'}, is no longer there`,
  }
}

const differenceOf = (source: DatasetSeen, target: DatasetSeen) => {
  if (source.type !== target.type) return `${source.name} is a ${source.type}, and ${target.name} a ${target.type}`
  // A half-received dataset tells nothing of its encryption yet.
  if (source.isEncrypted && !target.isEncrypted && target.token === undefined)
    return `${source.name} is encrypted, and ${target.name} is not`
  return undefined
}

/** A snapshot of the copy that has the name of one to come, and is another. */
function clashing(
  source: DatasetSeen,
  target: DatasetSeen,
  { from, to }: { readonly from: Point; readonly to: Point },
  { history }: Wishes,
): Point | undefined {
  const there = new Map(snapshotsOf(target).map(({ name, guid }) => [name, guid]))
  const coming = snapshotsOf(source).filter(one =>
    history ? one.createtxg > from.createtxg && one.createtxg <= to.createtxg : one.guid === to.guid,
  )
  return coming.find(({ name, guid }) => (there.get(name) ?? guid) !== guid)
}

const inUse = (source: DatasetSeen, target: DatasetSeen): Decision => ({
  kind: 'diverged',
  why: `${target.name} is not read-only: it is in use in place of ${source.name}, or was changed by hand. If it is still a mere copy: zfs set readonly=on ${target.name}`,
})

const parted = (why: string, { diverged }: Wishes): Decision => ({
  kind: diverged === 'rotate' ? 'rotate' : 'diverged',
  why,
})

const MOST_NAMED = 5
/** `@a, @b`, and how many more. */
export const namesOf = (points: readonly Point[]) =>
  [
    ...points.slice(0, MOST_NAMED).map(({ name }) => `@${name}`),
    ...(points.length > MOST_NAMED ? [`${points.length - MOST_NAMED} more`] : []),
  ].join(', ')

const lastOf = (target: DatasetSeen) => {
  const last = newestOf(target)
  return last === undefined ? '' : ` (the copy's last is @${last.name})`
}
