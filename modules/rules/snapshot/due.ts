/**
 * When a snapshot is due: where a tier's present bucket has none yet. So it does not matter how often anybody looks: what
 * was missed is caught up with once, and a second look finds nothing to do.
 */
import { type BucketOf, longestBucket, nextBucket } from './buckets.ts'
import type { Timed } from './keep.ts'
import type { Policy, Tier } from './policy.ts'

/** Tiers of which a snapshot is due now. One from a later bucket, taken before the clock was put back, will do too. */
export function tiersDue(snapshots: readonly Timed[], policy: Policy, bucketOf: BucketOf, now: number): Tier[] {
  return policy.takes.filter(tier => {
    const bucket = bucketOf(tier, now)
    return !snapshots.some(({ time }) => bucketOf(tier, time) >= bucket)
  })
}

/** When the next one is due, in seconds since 1970; `now` where one is due already, undefined where none ever will be. */
export function nextDue(
  snapshots: readonly Timed[],
  policy: Policy,
  bucketOf: BucketOf,
  now: number,
): number | undefined {
  if (policy.takes.length === 0) return undefined
  if (tiersDue(snapshots, policy, bucketOf, now).length > 0) return now
  return Math.min(...policy.takes.map(tier => nextBucket(bucketOf, tier, now, longestBucket(tier, policy))))
}

/** Two buckets of the finest tier and none of the newest snapshot in them: nobody takes snapshots here any more. */
export function isStale(snapshots: readonly Timed[], policy: Policy, now: number): boolean {
  const [finest] = policy.takes
  if (finest === undefined) return false
  return (snapshots.at(-1)?.time ?? Number.NEGATIVE_INFINITY) < now - 2 * longestBucket(finest, policy)
}

/** Later than this ahead of the clock, and the clock is wrong. */
export const CLOCK_MARGIN_SECONDS = 60
