/** Waves: everyone is in one, limits hold, and what was begun goes on. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Member } from '../../modules/rules/fleet/fleet.ts'
import { secondsFor } from '../../modules/rules/fleet/lanes.ts'
import { sizesOf } from '../../modules/rules/fleet/sizes.ts'
import type { Pace, Seat } from '../../modules/rules/fleet/turns.ts'
import { type Wave, wavesOf } from '../../modules/rules/fleet/waves.ts'
import { duration, summaryOf, totalsOf, waveTable } from '../../modules/rules/fleet/words.ts'

const NOW = new Date('2026-11-22T12:00:00Z')
const PACE: Pace = { maxDownPerHost: 4, maxDownPerCustomer: 1, usualSeconds: 30, secondsPerTurn: 10, forks: 50 }
const SERIAL = { serial: ['1', '10%', '50%', '100%'] }

const member = (host: string, id: string, more: Partial<Member> = {}): Member => ({
  ...{ host, id, blueprint: '2026Q4', target: '2027Q1', isCanary: false },
  ...more,
})
const nameOf = ({ host, id }: Member) => `${host}/${id}`
const seatsOf = (wave: Wave): Seat[] =>
  wave.turns.flatMap(({ hosts }) => [...hosts.values()].flatMap(({ seats }) => seats))
const idsByTurn = (waves: readonly Wave[]) =>
  waves.map(({ turns }) =>
    turns.map(({ hosts }) => [...hosts.values()].flatMap(({ seats }) => seats.map(seat => nameOf(seat.member)))),
  )

describe('sizes of waves are those of Ansible', () => {
  test.each([
    [['1', '10%', '50%', '100%'], 100, [1, 10, 50, 39]],
    [['1', '10%', '50%', '100%'], 6, [1, 1, 3, 1]],
    [['2'], 5, [2, 2, 1]],
    [['30%'], 10, [3, 3, 3, 1]],
    [['1%'], 3, [1, 1, 1]],
    [['100%'], 0, []],
  ])('%j of %i: %j', (serial, total, sizes) => expect(sizesOf(serial, total)).toEqual(sizes))
})

test('canaries go first, then across hosts', () => {
  const fleet = [
    member('h1', 'a'),
    member('h1', 'b'),
    member('h1', 'c'),
    member('h2', 'd'),
    member('h2', 'e', { isCanary: true }),
  ]
  expect(idsByTurn(wavesOf(fleet, { serial: ['2'] }, PACE, NOW))).toEqual([
    [['h2/e']],
    [['h1/a', 'h2/d']],
    [['h1/b', 'h1/c']],
  ])
})

test('of two instances of one customer, on whatever hosts, one goes after the other', () => {
  const fleet = [
    member('h1', 'a', { customer: 'Larsen' }),
    member('h2', 'b', { customer: 'Larsen' }),
    member('h2', 'c'),
  ]
  expect(idsByTurn(wavesOf(fleet, { serial: ['100%'] }, PACE, NOW))).toEqual([[['h1/a', 'h2/c'], ['h2/b']]])
})

test('run again, it goes on in the wave where it was', () => {
  const fleet = Array.from({ length: 10 }, (_, at) => member('h', `i${at}`, at < 4 ? { blueprint: '2027Q1' } : {}))
  const waves = wavesOf(fleet, { serial: ['1', '50%', '100%'] }, PACE, NOW)
  expect(waves.map(({ there, turns }) => [there.length, turns.length])).toEqual([
    [1, 0],
    [3, 1],
    [0, 1],
  ])
  expect(idsByTurn(waves)[1]).toEqual([['h/i4', 'h/i5']])
})

test('a wave goes back: those of it that were switched', () => {
  const fleet = Array.from({ length: 10 }, (_, at) => member('h', `i${at}`, at < 4 ? { blueprint: '2027Q1' } : {}))
  const back = wavesOf(fleet, { serial: ['1', '50%', '100%'], only: [2], isBack: true }, PACE, NOW)
  expect(idsByTurn(back)).toEqual([[], [['h/i1', 'h/i2', 'h/i3']], []])
})

describe('expected times', () => {
  test('instances of a host fill its places one after the other; hosts work side by side as far as Ansible does', () => {
    expect(secondsFor([10, 10, 10, 10, 10], 2)).toBe(30)
    const fleet = ['a', 'b', 'c'].flatMap(id => ['h1', 'h2'].map(host => member(host, id, { outageSeconds: 20 })))
    const seconds = (pace: Partial<Pace>) =>
      totalsOf(wavesOf(fleet, { serial: ['100%'] }, { ...PACE, secondsPerTurn: 0, ...pace }, NOW)).seconds
    expect(seconds({})).toBe(20)
    expect(seconds({ maxDownPerHost: 2 })).toBe(40)
    expect(seconds({ maxDownPerHost: 2, forks: 1 })).toBe(80)
  })

  test('an instance that was never measured counts as usual', () => {
    const fleet = [member('h1', 'a'), member('h2', 'b', { outageSeconds: 4 })]
    expect(totalsOf(wavesOf(fleet, { serial: ['1'] }, PACE, NOW)).seconds).toBe(30 + 10 + 4 + 10)
  })

  test.each([
    [4.2, '5 s'],
    [600, '10 min'],
    [3_540, '59 min'],
    [3_590, '1 h 0 min'],
    [8_000, '2 h 13 min'],
  ])('%d s are told as %s', (seconds, words) => expect(duration(seconds)).toBe(words))

  test('are told in words', () => {
    const window = { days: [], from: 60, to: 120, timezone: 'UTC' }
    const fleet = [
      ...[member('h1', 'a', { isCanary: true, outageSeconds: 4 }), member('h1', 'b', { blueprint: '2027Q1' })],
      ...[member('h2', 'c', { window }), member('h2', 'd')],
    ]
    const waves = wavesOf(fleet, { serial: ['100%'] }, PACE, NOW)
    expect(summaryOf(waves, totalsOf(waves), false)).toBe(
      '2 instances of 2 waves, in 2 turns, expected to take 54 s; 1 are on their blueprints already; 1 wait for their maintenance windows',
    )
    expect(waveTable(waves)).toEqual([
      'wave          instances  go  there  wait  turns  expected',
      '1 (canaries)  1          1   0      0     1      14 s',
      '2             3          1   1      1     1      40 s',
    ])
    expect(waves[1]?.waiting.map(({ reason }) => reason)).toEqual(['its maintenance window opens Mon 01:00 UTC'])
  })
})

const windows = fc.record({
  days: fc.subarray(['mon', 'wed', 'sat', 'sun'] as const),
  from: fc.integer({ min: 0, max: 1439 }),
  to: fc.integer({ min: 0, max: 1440 }),
  timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu'),
})
const members = fc.uniqueArray(
  fc.record(
    {
      host: fc.constantFrom('h1', 'h2', 'h3'),
      id: fc.integer({ min: 0, max: 20 }).map(number => `i${number}`),
      customer: fc.constantFrom('Larsen', 'Kite Club', 'De Fiets'),
      blueprint: fc.constantFrom('2026Q4', '2027Q1'),
      target: fc.constant('2027Q1'),
      outageSeconds: fc.integer({ min: 0, max: 600 }),
      isCanary: fc.boolean(),
      isCutOff: fc.boolean(),
      isOutdated: fc.boolean(),
      window: windows,
    },
    { requiredKeys: ['host', 'id', 'blueprint', 'target', 'isCanary'] },
  ),
  { selector: nameOf, maxLength: 60 },
)
const paces = fc.record({
  maxDownPerHost: fc.integer({ min: 1, max: 5 }),
  maxDownPerCustomer: fc.integer({ min: 1, max: 3 }),
  usualSeconds: fc.integer({ min: 0, max: 100 }),
  secondsPerTurn: fc.integer({ min: 0, max: 20 }),
  forks: fc.integer({ min: 1, max: 5 }),
})
const serials = fc.array(fc.constantFrom('1', '3', '10%', '40%', '100%'), { minLength: 1, maxLength: 4 })
const moments = fc.date({ min: new Date('2026-01-01'), max: new Date('2027-12-31'), noInvalidDate: true })

test('every instance goes once, waits, or needs nothing; limits and windows hold', () => {
  fc.assert(
    fc.property(members, paces, serials, moments, fc.boolean(), (fleet, pace, serial, now, isBack) => {
      const waves = wavesOf(fleet as Member[], { serial, isBack }, pace, now)
      const told = waves.flatMap(wave => [
        ...[...seatsOf(wave), ...wave.waiting].map(one => nameOf(one.member)),
        ...wave.there.map(nameOf),
      ])
      expect(told.sort()).toEqual(fleet.map(one => nameOf(one as Member)).sort())

      let clock = now.getTime()
      for (const wave of waves) {
        for (const { member } of seatsOf(wave))
          expect(member.isCutOff === true || (member.blueprint === '2027Q1' && member.isOutdated !== true)).toBe(
            isBack || member.isCutOff === true,
          )
        for (const { member } of wave.waiting) expect(member.window).toBeDefined()
        for (const { hosts, seconds } of wave.turns) {
          const customers = new Map<string, number>()
          for (const [host, { atOnce, seats, ...share }] of hosts) {
            expect(atOnce).toBeLessThanOrEqual(pace.maxDownPerHost)
            expect(share.seconds).toBeLessThanOrEqual(seconds)
            for (const { member, notBefore = clock, notAfter = clock } of seats) {
              expect(member.host).toBe(host)
              expect(notBefore).toBeLessThanOrEqual(clock + share.seconds * 1000)
              expect(notAfter).toBeGreaterThanOrEqual(clock)
              if (member.customer !== undefined)
                customers.set(member.customer, (customers.get(member.customer) ?? 0) + 1)
            }
          }
          for (const count of customers.values()) expect(count).toBeLessThanOrEqual(pace.maxDownPerCustomer)
          clock += seconds * 1000
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('whatever was done already, an instance is in the same wave', () => {
  const waveOf = (waves: readonly Wave[]) => waves.map(wave => wave.members.map(nameOf))
  fc.assert(
    fc.property(members, serials, fc.func(fc.boolean()), (fleet, serial, isDone) => {
      const later = fleet.map(one => ({ ...one, blueprint: isDone(one) ? '2027Q1' : one.blueprint }))
      const of = (all: readonly unknown[]) => waveOf(wavesOf(all as Member[], { serial }, PACE, NOW))
      expect(of(later.reverse())).toEqual(of(fleet))
    }),
  )
})

test('a hundred hosts with fifty instances each are planned within a second', () => {
  const fleet = Array.from({ length: 5000 }, (_, at) =>
    member(`host${at % 100}`, `i${Math.floor(at / 100)}`, {
      outageSeconds: 3 + (at % 40),
      isCanary: at % 1000 === 7,
      ...(at % 3 === 0 ? {} : { customer: `customer ${at % 700}` }),
      ...(at % 5 === 0
        ? { window: { days: [], from: at % 1440, to: (at + 240) % 1440, timezone: 'Europe/Berlin' } }
        : {}),
    }),
  )
  const began = performance.now()
  const waves = wavesOf(fleet, SERIAL, PACE, NOW)
  const { going, waiting, seconds } = totalsOf(waves)
  expect(performance.now() - began).toBeLessThan(1000)
  expect(going + waiting).toBe(5000)
  // Nobody is faster than the longest outage in each turn, nor slower than one after the other.
  const turns = waves.flatMap(wave => wave.turns)
  expect(seconds).toBeGreaterThan(turns.length * PACE.secondsPerTurn)
  expect(seconds).toBeLessThan(5000 * 42)
})
