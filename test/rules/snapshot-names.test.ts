/** Names that are ours, and those of others that an adopting policy may prune. */
import { describe, expect, test } from 'vitest'
import { surplusOf } from '../../modules/rules/snapshot/adopt.ts'
import { labelOf, ownName, timeOfOwn } from '../../modules/rules/snapshot/names.ts'

const zfstools = { scheme: 'zfstools', prefix: 'zfs-auto-snap' } as const
const sanoid = { scheme: 'sanoid', prefix: '' } as const

test('ours has the time in UTC, and is read back', () => {
  const name = ownName(new Date('2017-09-23T10:00:00.999Z'))
  expect(name).toBe('auto-20170923T100000Z')
  expect(timeOfOwn(name)).toBe(Date.parse('2017-09-23T10:00:00Z') / 1000)
})

test.each([
  'auto-20170923T100000',
  'auto-20170923T100000Z-before',
  'myauto-20170923T100000Z',
  'auto-20170231T100000Z',
  'auto-20170923T250000Z',
  'switch-20170923T100000Z',
  'auto',
])('%s is not ours', name => expect(timeOfOwn(name)).toBeUndefined())

test.each([
  ['zfs-auto-snap_hourly-2026-11-22-13h00', zfstools, 'hourly'],
  ['zfs-auto-snap_hourly-2026-11-22-12h00U', zfstools, 'hourly'],
  ['zfs-auto-snap_frequent-2026-11-22-13h45', zfstools, 'frequent'],
  ['daily_monthly-2026-11-22-13h45', { scheme: 'zfstools', prefix: 'daily' } as const, 'monthly'],
  ['autosnap_2026-11-22_13:00:01_hourly', sanoid, 'hourly'],
  ['autosnap_2017-10-29_02:00:00dst_hourly', sanoid, 'hourly'],
  ['autosnap_2026-11-22_13:15:00_frequently', sanoid, 'frequently'],
])('%s', (name, scheme, label) => expect(labelOf(name, scheme)).toBe(label))

test.each([
  ['zfs-auto-snap_hourly-2026-11-22-1300', zfstools],
  ['zfs-auto-snap_hourly-2026-11-22-13h00-keep', zfstools],
  ['before_zfs-auto-snap_hourly-2026-11-22-13h00', zfstools],
  ['zfs-auto-snap_hourly-2026-11-22-13h00', { scheme: 'zfstools', prefix: 'auto-snap' } as const],
  ['autosnap_2026-11-22_13:00:01_hourly_', sanoid],
  ['autosnap_2026-11-22_13:00_hourly', sanoid],
  ['syncoid_host_2026-11-22:13:00:01-GMT00:00', sanoid],
])('%s is left alone', (name, scheme) => expect(labelOf(name, scheme)).toBeUndefined())

describe('what is over count, oldest first', () => {
  const hours = [10, 11, 12, 13].map(hour => `zfs-auto-snap_hourly-2026-11-22-${hour}h00`)
  const keep = new Map([['hourly', 2]])

  test('each label by itself, in the order in which they were taken', () => {
    const names = [...hours.slice(0, 2), 'zfs-auto-snap_daily-2026-11-22-11h30', 'mine', ...hours.slice(2)]
    expect(surplusOf(names, { ...zfstools, keep }).map(({ name }) => name)).toEqual(hours.slice(0, 2))
    expect(surplusOf(names, { ...zfstools, keep: new Map([...keep, ['daily', 0]]) })).toHaveLength(3)
    expect(surplusOf(names, { ...zfstools, keep: new Map() })).toEqual([])
  })

  test("sanoid's must be too old too", () => {
    const names = [10, 11, 12].map(hour => `autosnap_2026-11-22_${hour}:00:00_hourly`)
    expect(surplusOf(names, { ...sanoid, keep })).toEqual([{ name: names[0], minimumAge: 2 * 3600 }])
  })
})
