/** Maintenance windows on the clocks of customers. */
import { describe, expect, test } from 'vitest'
import { describeMoment, isTimezone, minutesOf, openings, type Window } from '../../modules/rules/fleet/windows.ts'

const window = (from: string, to: string, more: Partial<Window> = {}): Window => ({
  ...{ days: [], from: minutesOf(from) ?? 0, to: minutesOf(to) ?? 0, timezone: 'Europe/Berlin' },
  ...more,
})
const first = (given: Window, moment: string, count = 1) =>
  openings(given, Date.parse(moment))
    .slice(0, count)
    .map(
      ({ from, until }) => `${new Date(from).toISOString().slice(0, 16)} ${new Date(until).toISOString().slice(0, 16)}`,
    )

describe('opens', () => {
  test.each([
    ['at night', window('02:00', '04:00'), '2026-11-22T12:00Z', '2026-11-23T01:00 2026-11-23T03:00'],
    ['now', window('02:00', '04:00'), '2026-11-22T02:00Z', '2026-11-22T01:00 2026-11-22T03:00'],
    ['over midnight', window('22:00', '04:00'), '2026-11-22T02:00Z', '2026-11-21T21:00 2026-11-22T03:00'],
    ['on a day', window('22:00', '04:00', { days: ['sat'] }), '2026-11-22T04:00Z', '2026-11-28T21:00 2026-11-29T03:00'],
    [
      'on the night after a day',
      window('22:00', '04:00', { days: ['sat'] }),
      '2026-11-22T02:00Z',
      '2026-11-21T21:00 2026-11-22T03:00',
    ],
    [
      'all Sunday',
      window('00:00', '24:00', { days: ['sun'] }),
      '2026-11-22T12:00Z',
      '2026-11-21T23:00 2026-11-22T23:00',
    ],
    [
      'where clocks go back that night, an hour longer',
      window('01:00', '04:00'),
      '2026-10-24T23:30Z',
      '2026-10-24T23:00 2026-10-25T03:00',
    ],
    [
      'where clocks go forward, an hour shorter',
      window('01:00', '04:00'),
      '2026-03-29T00:30Z',
      '2026-03-29T00:00 2026-03-29T02:00',
    ],
  ])('%s', (_, given, moment, opening) => expect(first(given, moment)).toEqual([opening]))

  test('a weekend is one opening, and every day from 00:00 to 24:00 has no gap', () => {
    const weekend = window('00:00', '24:00', { days: ['sat', 'sun'], timezone: 'UTC' })
    expect(first(weekend, '2026-11-25T12:00Z')).toEqual(['2026-11-28T00:00 2026-11-30T00:00'])
    expect(openings(window('00:00', '24:00'), Date.parse('2026-11-22T12:00Z'))).toHaveLength(1)
  })
})

test('a moment is told on the clock of its window', () => {
  expect(describeMoment(Date.parse('2026-11-28T01:00Z'), 'Europe/Berlin')).toBe('Sat 02:00 Europe/Berlin')
  expect(describeMoment(Date.parse('2026-11-28T23:00Z'), 'Asia/Kathmandu')).toBe('Sun 04:45 Asia/Kathmandu')
})

test('times of day and time zones that there are not', () => {
  expect(['24:00', '2:05', '24:01', '12:60', '150', 'noon'].map(minutesOf)).toEqual([
    ...[1440, 125],
    ...[undefined, undefined, undefined, undefined],
  ])
  expect(['Europe/Berlin', 'UTC', 'Europe/Hamburg'].map(isTimezone)).toEqual([true, true, false])
})
