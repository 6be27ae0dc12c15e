/** Instances that go although they run on their target: a switch was cut off, or is to bring what an amendment changed. */
import { describe, expect, test } from 'vitest'
import type { Member } from '../../modules/rules/fleet/fleet.ts'
import type { Pace } from '../../modules/rules/fleet/turns.ts'
import { type Wave, wavesOf } from '../../modules/rules/fleet/waves.ts'
import { waveTable } from '../../modules/rules/fleet/words.ts'

const NOW = new Date('2026-11-22T12:00:00Z')
const PACE: Pace = { maxDownPerHost: 4, maxDownPerCustomer: 1, usualSeconds: 30, secondsPerTurn: 10, forks: 50 }

const member = (host: string, id: string, more: Partial<Member> = {}): Member => ({
  ...{ host, id, blueprint: '2026Q4', target: '2027Q1', isCanary: false },
  ...more,
})
const idsByTurn = (waves: readonly Wave[]) =>
  waves.map(({ turns }) =>
    turns.map(({ hosts }) =>
      [...hosts.values()].flatMap(({ seats }) => seats.map(({ member: { host, id } }) => `${host}/${id}`)),
    ),
  )

describe('instances whose switch was cut off', () => {
  const fleet = [
    member('h1', 'a', { customer: 'Larsen' }),
    member('h1', 'b', { isCanary: true, blueprint: '2027Q1' }),
    member('h2', 'c', { customer: 'Larsen', blueprint: '2027Q1', isCutOff: true }),
    member('h2', 'd'),
    member('h2', 'e', { isCutOff: true, window: { days: [], from: 60, to: 120, timezone: 'UTC' } }),
  ]

  test('go before all others of their customer, whatever they run on, and wait for no window', () => {
    const waves = wavesOf(fleet, { serial: ['2'] }, PACE, NOW)
    expect(idsByTurn(waves)).toEqual([[['h2/c', 'h2/e']], [], [['h1/a']], [['h2/d']]])
    expect(waves.map(({ number }) => number)).toEqual([0, 1, 2, 3])
    expect(waveTable(waves).map(line => line.trimEnd())).toEqual([
      'wave          instances  go  there  wait  turns  expected',
      '0 (cut off)   2          2   0      0     1      40 s',
      '1 (canaries)  1          0   1      0     0      0 s',
      '2             1          1   0      0     1      40 s',
      '3             1          1   0      0     1      40 s',
    ])
  })

  test('go on the way back too, those of the waves that are meant', () => {
    const back = (only: number[]) => idsByTurn(wavesOf(fleet, { serial: ['2'], only, isBack: true }, PACE, NOW))
    expect(back([2])).toEqual([[['h2/c']], [], [], []])
    expect(back([1])).toEqual([[['h1/b']], [], []])
  })
})

test('one that lacks what an amendment of its blueprint changed goes', () => {
  const fleet = [
    member('h1', 'a', { blueprint: '2027Q1' }),
    member('h1', 'b', { blueprint: '2027Q1', isOutdated: true }),
  ]
  expect(idsByTurn(wavesOf(fleet, { serial: ['100%'] }, PACE, NOW))).toEqual([[['h1/b']]])
})
