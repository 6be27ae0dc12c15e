/** Hours and days as numbers, in zones whose clocks do strange things. */
import { describe, expect, test } from 'vitest'
import { bucketsOf, clocksOf, isTimeZone, longestBucket, nextBucket } from '../../modules/rules/snapshot/buckets.ts'
import { TIERS } from '../../modules/rules/snapshot/policy.ts'

const at = (time: string) => Date.parse(time) / 1000
const inZone = (timezone: string, frequentMinutes = 15) => bucketsOf({ timezone, frequentMinutes })

test('clocks are ahead of UTC as the zone says, to the minute', () => {
  expect(clocksOf('Europe/Amsterdam')(at('2026-01-15T12:00:00Z'))).toBe(3600)
  expect(clocksOf('Europe/Amsterdam')(at('2026-07-15T12:00:00Z'))).toBe(7200)
  expect(clocksOf('Asia/Kathmandu')(at('2026-01-15T12:00:30Z'))).toBe(5 * 3600 + 45 * 60)
  expect(clocksOf('America/St_Johns')(at('2026-01-15T12:00:00Z'))).toBe(-3.5 * 3600)
  expect(clocksOf('UTC')(at('2026-01-15T12:00:00Z'))).toBe(0)
  expect([isTimeZone('Europe/Amsterdam'), isTimeZone('Europe/Atlantis')]).toEqual([true, false])
})

test('the hour that comes twice when clocks go back is two hours', () => {
  const bucketOf = inZone('Europe/Amsterdam')
  const hours = ['00:30', '01:30'].map(time => bucketOf('hourly', at(`2026-10-25T${time}:00Z`)))
  expect(hours[1]).toBe((hours[0] ?? 0) + 1)
  expect(bucketOf('daily', at('2026-10-24T22:00:00Z'))).toBe(bucketOf('daily', at('2026-10-25T22:59:59Z')))
  expect(bucketOf('daily', at('2026-10-25T23:00:00Z'))).toBe(bucketOf('daily', at('2026-10-24T22:00:00Z')) + 1)
})

test('days, weeks, months and years begin where the zone says', () => {
  const bucketOf = inZone('Asia/Kolkata')
  const begins = (tier: 'daily' | 'weekly' | 'monthly' | 'yearly', time: string) =>
    bucketOf(tier, at(time)) === bucketOf(tier, at(time) - 1) + 1
  expect(begins('daily', '2026-05-04T18:30:00Z')).toBe(true)
  expect(begins('daily', '2026-05-04T00:00:00Z')).toBe(false)
  // 4 May 2026 is a Monday.
  expect(begins('weekly', '2026-05-03T18:30:00Z')).toBe(true)
  expect(begins('weekly', '2026-05-04T18:30:00Z')).toBe(false)
  expect(begins('monthly', '2026-02-28T18:30:00Z')).toBe(true)
  expect(begins('yearly', '2025-12-31T18:30:00Z')).toBe(true)
})

test('minutes and hours are those of UTC', () => {
  const bucketOf = inZone('Asia/Kathmandu', 20)
  expect(bucketOf('frequent', at('2026-05-04T10:19:59Z'))).toBe(bucketOf('frequent', at('2026-05-04T10:00:00Z')))
  expect(bucketOf('frequent', at('2026-05-04T10:20:00Z'))).toBe(bucketOf('frequent', at('2026-05-04T10:00:00Z')) + 1)
  expect(bucketOf('hourly', at('2026-05-04T10:59:59Z'))).toBe(bucketOf('hourly', at('2026-05-04T10:00:00Z')))
})

describe.each([
  'UTC',
  'Europe/Amsterdam',
  'America/New_York',
  // Half an hour of summer time.
  'Australia/Lord_Howe',
  // Its clocks went back at midnight, into the day before.
  'America/Asuncion',
  'Africa/Cairo',
])('%s', timezone => {
  test('the next bucket begins at the first minute that is in it, and none is longer than the longest', () => {
    const bucketOf = inZone(timezone)
    for (const time of ['2026-03-08T05:00:00Z', '2026-03-29T00:30:00Z', '2026-10-25T00:30:00Z', '2026-12-31T22:59:00Z'])
      for (const tier of TIERS) {
        const longest = longestBucket(tier, { frequentMinutes: 15 })
        const next = nextBucket(bucketOf, tier, at(time), longest)
        expect(bucketOf(tier, next)).toBeGreaterThan(bucketOf(tier, at(time)))
        expect(bucketOf(tier, next - 1)).toBe(bucketOf(tier, at(time)))
        expect(next - at(time)).toBeLessThanOrEqual(longest + 60)
      }
  })
})
