/** What stays does not depend on how often anybody prunes, nor what is taken on how often anybody looks. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bucketsOf } from '../../modules/rules/snapshot/buckets.ts'
import { tiersDue } from '../../modules/rules/snapshot/due.ts'
import { keptOf, type Timed } from '../../modules/rules/snapshot/keep.ts'
import { ownName } from '../../modules/rules/snapshot/names.ts'
import { type Policy, TIERS } from '../../modules/rules/snapshot/policy.ts'

const HOUR = 3600
const DAY = 24 * HOUR
const YEAR_HOURS = 365 * 24
const START = Date.parse('2026-01-01T00:00:00Z') / 1000

const policyOf = (keep: Partial<Policy['keep']>, more: Partial<Policy> = {}): Policy => ({
  name: 'p',
  keep: { frequent: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, ...keep },
  frequentMinutes: 15,
  keepLast: 0,
  maxAgeDays: undefined,
  timezone: 'UTC',
  skipEmpty: false,
  take: true,
  takes: TIERS.filter(tier => (keep[tier] ?? 0) > 0),
  group: 'dataset',
  hooks: [],
  adopt: [],
  ...more,
})

const snapshotAt = (time: number): Timed => ({ name: ownName(new Date(time * 1000)), time })
/** At the moment of the newest. */
const pruned = (snapshots: readonly Timed[], policy: Policy, bucketOf = bucketsOf(policy)) => {
  const kept = keptOf(snapshots, policy, bucketOf, snapshots.at(-1)?.time ?? 0)
  return snapshots.filter(each => kept.has(each))
}

/** Zones with half hours, with clocks that go back over midnight, with a day that was left out (Apia, in 2011). */
const zones = [
  'UTC',
  'Europe/Amsterdam',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Asuncion',
  'America/St_Johns',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Pacific/Chatham',
]
const years = ['2007', '2011', '2026'].map(year => Date.parse(`${year}-01-01T00:00:00Z`) / 1000)

const policies = fc
  .record({
    keep: fc.record({
      frequent: fc.nat(4),
      hourly: fc.nat(30),
      daily: fc.nat(10),
      weekly: fc.nat(6),
      monthly: fc.nat(13),
      yearly: fc.nat(3),
    }),
    keepLast: fc.nat(3),
    maxAgeDays: fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
    timezone: fc.constantFrom(...zones),
    frequentMinutes: fc.constantFrom(5, 7, 15, 30),
  })
  .map(({ keep, ...more }) => policyOf(keep, more))

/** Hours of a year in which the host was on, some of its hours missed, and minutes at which its runs came. */
const histories = fc
  .record({
    start: fc.constantFrom(...years),
    spells: fc.array(
      fc.record({
        from: fc.nat(YEAR_HOURS - 1),
        hours: fc.integer({ min: 1, max: 60 }),
        every: fc.integer({ min: 1, max: 9 }),
      }),
      {
        minLength: 1,
        maxLength: 12,
      },
    ),
    lateness: fc.nat(3599),
  })
  .map(({ start, spells, lateness }) => {
    const hours = new Set(
      spells.flatMap(({ from, hours, every }) =>
        Array.from({ length: hours }, (_, index) => Math.min(from + index * every, YEAR_HOURS - 1)),
      ),
    )
    return [...hours].sort((a, b) => a - b).map((hour, at) => start + hour * HOUR + ((lateness * (at + 1)) % HOUR))
  })

test('pruning after every run of a year leaves what pruning once at its end does: 1,000 histories in 12 zones', () => {
  fc.assert(
    fc.property(policies, histories, (policy, times) => {
      const bucketOf = bucketsOf(policy)
      let online: Timed[] = []
      for (const time of times) online = pruned([...online, snapshotAt(time)], policy, bucketOf)
      expect(online).toEqual(pruned(times.map(snapshotAt), policy, bucketOf))
    }),
    { numRuns: 1000 },
  )
})

test.each(zones)('a whole year of hourly runs in %s: pruned 8,760 times as once', timezone => {
  const policy = policyOf({ hourly: 24, daily: 7, weekly: 4, monthly: 12, yearly: 2 }, { timezone })
  const bucketOf = bucketsOf(policy)
  const all = Array.from({ length: YEAR_HOURS }, (_, hour) => snapshotAt(START + hour * HOUR + 7))
  let online: Timed[] = []
  for (const snapshot of all) online = pruned([...online, snapshot], policy, bucketOf)
  expect(online).toEqual(pruned(all, policy, bucketOf))
  expect(online.length).toBeGreaterThanOrEqual(24 + 6 + 3 + 11)
  expect(online.length).toBeLessThanOrEqual(24 + 7 + 4 + 12 + 2)
})

test('of each day the first stays, of days that have any, and the newest', () => {
  const hours = [0, 5, 23, 24, 30, 24 * 9, 24 * 9 + 1, 24 * 30, 24 * 30 + 2]
  const left = pruned(
    hours.map(hour => snapshotAt(START + hour * HOUR)),
    policyOf({ daily: 3 }),
  )
  expect(left.map(({ time }) => (time - START) / HOUR)).toEqual([24, 24 * 9, 24 * 30, 24 * 30 + 2])
})

test('of a month that began too long ago none stays, though its last day is young enough; the newest stays at any age', () => {
  const days = [0, 30, 31, 40]
  const snapshots = days.map(day => snapshotAt(START + day * DAY))
  const policy = policyOf({ monthly: 12 }, { maxAgeDays: 20 })
  const left = (now: number) => {
    const kept = keptOf(snapshots, policy, bucketsOf(policy), START + now * DAY)
    return days.filter((_, at) => kept.has(snapshots[at] as Timed))
  }
  expect(left(20)).toEqual([0, 31, 40])
  expect(left(41)).toEqual([31, 40])
  expect(left(51.01)).toEqual([40])
  expect(left(1000)).toEqual([40])
})

test('no more than the greatest age is told, and all that are younger stay', () => {
  const snapshots = [0, 1, 2, 3].map(day => snapshotAt(START + day * DAY))
  expect(pruned(snapshots, policyOf({}, { take: false, maxAgeDays: 2 }))).toEqual(snapshots.slice(1))
})

test('none that is too old stays, but for the newest', () => {
  fc.assert(
    fc.property(policies, histories, (policy, times) => {
      const now = times.at(-1) ?? 0
      for (const { time } of pruned(times.map(snapshotAt), policy))
        expect(time >= now - (policy.maxAgeDays ?? Infinity) * DAY).toBe(true)
    }),
    { numRuns: 200 },
  )
})

test('pruning what was pruned changes nothing, and the newest always stays', () => {
  fc.assert(
    fc.property(policies, histories, (policy, times) => {
      const once = pruned(times.map(snapshotAt), policy)
      expect(pruned(once, policy)).toEqual(once)
      expect(once.at(-1)?.time).toBe(times.at(-1))
    }),
    { numRuns: 200 },
  )
})

test('looking every five minutes takes what looking every hour does, and a second look takes nothing', () => {
  fc.assert(
    fc.property(policies, fc.constantFrom(...years), fc.nat(YEAR_HOURS), (policy, start, hour) => {
      const bucketOf = bucketsOf(policy)
      const hourly = { ...policy, keep: { ...policy.keep, frequent: 0 } }
      const taken = (minutes: number) => {
        const snapshots: Timed[] = []
        for (let minute = 0; minute < 30 * 60; minute += minutes) {
          const now = start + hour * HOUR + minute * 60
          if (tiersDue(snapshots, hourly, bucketOf, now).length === 0) continue
          snapshots.push(snapshotAt(now))
          expect(tiersDue(snapshots, hourly, bucketOf, now)).toEqual([])
        }
        return snapshots
      }
      const often = taken(5)
      // What is due at a half or a quarter of an hour, an hourly look takes at the next hour.
      expect(often.length).toBeGreaterThanOrEqual(taken(60).length)
      for (const tier of ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const)
        if (hourly.keep[tier] > 0)
          expect(new Set(often.map(({ time }) => bucketOf(tier, time)))).toEqual(
            new Set(Array.from({ length: 360 }, (_, at) => bucketOf(tier, start + hour * HOUR + at * 300))),
          )
    }),
    { numRuns: 200 },
  )
})

describe('what is due', () => {
  const policy = policyOf({ hourly: 3, daily: 2 })
  const bucketOf = bucketsOf(policy)

  test('everything where there is nothing', () =>
    expect(tiersDue([], policy, bucketOf, START)).toEqual(['hourly', 'daily']))

  test('nothing while the clock is behind the newest snapshot', () =>
    expect(tiersDue([snapshotAt(START + 5 * HOUR)], policy, bucketOf, START + 2 * HOUR)).toEqual([]))

  test('nothing where a policy only prunes', () =>
    expect(tiersDue([], { ...policy, take: false, takes: [] }, bucketOf, START)).toEqual([]))
})
