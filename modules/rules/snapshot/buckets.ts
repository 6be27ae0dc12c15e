/**
 * Hours, days, weeks as numbers that never go down as time goes on. What is shorter than a day is counted from 1970 in UTC,
 * so that no change of the clocks doubles or loses one; days and longer are those of the policy's time zone.
 */
import type { Policy, Tier } from './policy.ts'

const DAY_SECONDS = 86_400

/** Whether Intl knows this time zone. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** How far a zone's clocks are ahead of UTC at a moment, both in seconds. Looking a zone up is slow, so each minute is kept. */
export function clocksOf(timezone: string): (seconds: number) => number {
  if (timezone === 'UTC') return () => 0
  const parts = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const known = new Map<number, number>()
  return seconds => {
    const minute = Math.floor(seconds / 60)
    const found = known.get(minute)
    if (found !== undefined) return found
    const told = new Map(parts.formatToParts(minute * 60_000).map(({ type, value }) => [type, Number(value)]))
    const part = (type: Intl.DateTimeFormatPartTypes) => told.get(type) ?? 0
    const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
    const offset = local / 1000 - minute * 60
    known.set(minute, offset)
    return offset
  }
}

export type BucketOf = (tier: Tier, seconds: number) => number

/** Which bucket of a tier a moment is in; later buckets have higher numbers. */
export function bucketsOf({ timezone, frequentMinutes }: Pick<Policy, 'timezone' | 'frequentMinutes'>): BucketOf {
  const clocks = clocksOf(timezone)
  const days = (seconds: number) => Math.floor((seconds + clocks(seconds)) / DAY_SECONDS)
  const date = (seconds: number) => new Date(days(seconds) * DAY_SECONDS * 1000)
  return (tier, seconds) => {
    switch (tier) {
      case 'frequent':
        return Math.floor(seconds / (frequentMinutes * 60))
      case 'hourly':
        return Math.floor(seconds / 3600)
      case 'daily':
        return days(seconds)
      case 'weekly':
        // 1 January 1970 was a Thursday, and a week begins on Monday.
        return Math.floor((days(seconds) + 3) / 7)
      case 'monthly':
        return date(seconds).getUTCFullYear() * 12 + date(seconds).getUTCMonth()
      case 'yearly':
        return date(seconds).getUTCFullYear()
    }
  }
}

/** The longest that a bucket can be, in seconds. */
export function longestBucket(tier: Tier, { frequentMinutes }: Pick<Policy, 'frequentMinutes'>): number {
  const days: Record<Exclude<Tier, 'frequent'>, number> = {
    hourly: 1 / 24,
    daily: 25 / 24,
    weekly: 7.1,
    monthly: 31.1,
    yearly: 366.1,
  }
  return tier === 'frequent' ? frequentMinutes * 60 : days[tier] * DAY_SECONDS
}

/** The first second of the next bucket. Buckets begin at whole minutes, so halving finds it. */
export function nextBucket(bucketOf: BucketOf, tier: Tier, seconds: number, longest: number): number {
  const here = bucketOf(tier, seconds)
  let before = Math.floor(seconds / 60)
  let after = before + Math.ceil(longest / 60) + 1
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (bucketOf(tier, middle * 60) > here) after = middle
    else before = middle
  }
  return after * 60
}
