/**
 * Which snapshots stay: in each tier the oldest of each of the newest N buckets that have any, all tiers together, and the
 * newest always. The decision depends on the snapshots alone and not on the time it is made, so pruning often and pruning
 * once leave the same (test/rules/snapshot-keep.test.ts), and a host that was off for a month loses nothing by it.
 */
import type { BucketOf } from './buckets.ts'
import { type Policy, tiersOf } from './policy.ts'

export interface Timed {
  readonly name: string
  /** Seconds since 1970. */
  readonly time: number
}

/** `snapshots` from the oldest to the newest. */
export function keptOf<T extends Timed>(
  snapshots: readonly T[],
  policy: Pick<Policy, 'keep' | 'keepLast'>,
  bucketOf: BucketOf,
): Set<T> {
  const kept = new Set(snapshots.slice(-Math.max(1, policy.keepLast)))
  for (const tier of tiersOf(policy as Policy)) {
    const oldest = new Map<number, T>()
    for (const snapshot of snapshots) {
      const bucket = bucketOf(tier, snapshot.time)
      if (!oldest.has(bucket)) oldest.set(bucket, snapshot)
    }
    const newest = [...oldest].sort(([a], [b]) => b - a).slice(0, policy.keep[tier])
    for (const [, snapshot] of newest) kept.add(snapshot)
  }
  return kept
}
