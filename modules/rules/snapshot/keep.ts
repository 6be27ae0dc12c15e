/**
 * Which snapshots stay: in each tier the oldest of each of the newest N buckets that have any, all tiers together, and the
 * newest always. The decision depends on the snapshots alone and not on the time it is made, so pruning often and pruning
 * once leave the same (test/rules/snapshot-keep.test.ts), and a host that was off for a month loses nothing by it. Only a
 * greatest age counts from the present; it takes buckets away whole, since another of a bucket may be gone by then.
 */
import type { BucketOf } from './buckets.ts'
import { type Policy, tiersOf } from './policy.ts'

const DAY_SECONDS = 86_400

export interface Timed {
  readonly name: string
  /** Seconds since 1970. */
  readonly time: number
}

/** `snapshots` from the oldest to the newest, `now` in seconds since 1970. */
export function keptOf<T extends Timed>(
  snapshots: readonly T[],
  policy: Pick<Policy, 'keep' | 'keepLast' | 'maxAgeDays'>,
  bucketOf: BucketOf,
  now: number,
): Set<T> {
  const { keepLast, maxAgeDays = Infinity } = policy
  const oldestMoment = now - maxAgeDays * DAY_SECONDS
  const young = snapshots.filter(({ time }) => time >= oldestMoment)
  const tiers = tiersOf(policy)
  const counts = tiers.length > 0 || keepLast > 0
  const kept = new Set([...snapshots.slice(-1), ...(counts ? young.slice(-keepLast || young.length) : young)])
  for (const tier of tiers) {
    const oldest = new Map<number, T>()
    for (const snapshot of snapshots) {
      const bucket = bucketOf(tier, snapshot.time)
      if (!oldest.has(bucket)) oldest.set(bucket, snapshot)
    }
    const newest = [...oldest].sort(([a], [b]) => b - a).slice(0, policy.keep[tier])
    const tooOld = maxAgeDays === Infinity ? -Infinity : bucketOf(tier, oldestMoment - 1)
    for (const [bucket, snapshot] of newest) if (bucket > tooOld) kept.add(snapshot)
  }
  return kept
}
