/** Snapshots that zfstools and sanoid have left expire by their own labels; all others stay. */
import { describe, expect, test } from 'vitest'
import { reported, snapshotsOn, withPolicies } from '../support/snapshot-host.ts'

const DATA = 'zroot/data'
const NOW = Date.UTC(2026, 10, 22, 12)
const hostWith = (policy: object, names: readonly string[], zfsHas = NOW) =>
  withPolicies(
    { policies: [{ name: 'p', ...policy }], datasets: [{ name: DATA, policy: 'p' }] },
    {
      datasets: { [DATA]: {} },
      commands: names.map(name => ['zfs', 'snapshot', `${DATA}@${name}`]),
      now: new Date(zfsHas),
    },
  )
const left = (host: Parameters<typeof snapshotsOn>[0]) =>
  snapshotsOn(host)
    .map(name => name.slice(DATA.length + 1))
    .filter(name => !name.startsWith('auto-'))

const hourly = [8, 9, 10, 11].map(hour => `zfs-auto-snap_hourly-2026-11-22-${String(hour).padStart(2, '0')}h00`)
const others = [
  'zfs-auto-snap_daily-2026-11-21-00h00',
  'zfs-auto-snap_hourly-2026-11-22-08h00-kept',
  'before-zfs-auto-snap_hourly-2026-11-22-08h00',
  'zfs-auto-snap_monthly-2026-10-01-00h00U',
]

test("zfstools': as many of each label as the policy keeps, in the order in which they were taken", async () => {
  const host = hostWith({ hourly: 2, daily: 3, adopt: ['zfstools'] }, [...others, ...hourly])
  const { destroyed, troubles } = await reported(host, NOW)
  expect(destroyed).toEqual(hourly.slice(0, 2).map(name => `${DATA}@${name}`))
  expect(left(host)).toEqual([...others, ...hourly.slice(2)])
  expect(troubles).toEqual([`${DATA}@${others[3]} stay: 'adopt' says of that label not how many to keep.`])
})

test('their counts may be others, and another prefix is somebody else', async () => {
  const adopt = [{ names: 'zfstools', keep: { hourly: 0 } }]
  const host = hostWith({ hourly: 2, adopt }, [hourly[0] ?? '', 'mine_hourly-2026-11-22-08h00'])
  await reported(host, NOW)
  expect(left(host)).toEqual(['mine_hourly-2026-11-22-08h00'])
})

test('without adopting, no name but ours is known', async () => {
  const host = hostWith({ hourly: 1 }, [...others, ...hourly])
  expect(await reported(host, NOW)).toMatchObject({ destroyed: [], troubles: [] })
})

const HOUR = 3_600_000
const ofSanoid = [6, 7, 8, 9].map(hour => `autosnap_2026-11-22_0${hour}:00:01_hourly`)

test.each([
  ['not old enough', NOW, 0],
  ['old enough', NOW + 3 * HOUR, 2],
])("sanoid's are %s by the time at which ZFS made them", async (_, now, gone) => {
  const host = hostWith({ hourly: 2, adopt: ['sanoid'] }, ofSanoid)
  expect((await reported(host, now)).destroyed).toHaveLength(gone)
  expect(left(host)).toEqual(ofSanoid.slice(gone))
})

test('a policy that takes none prunes what comes from elsewhere, by count or by age, and keeps the newest', async () => {
  const names = [1, 2, 3].map(hour => `auto-20261122T0${hour}0000Z`)
  const host = hostWith({ hourly: 2, take: false }, names)
  expect(await reported(host, NOW)).toMatchObject({ taken: [], destroyed: [`${DATA}@${names[0]}`] })
  const young = hostWith({ take: false, max_age_days: 1 }, names)
  expect(await reported(young, Date.UTC(2026, 10, 23, 2))).toMatchObject({
    taken: [],
    destroyed: [`${DATA}@${names[0]}`],
  })
  const only = hostWith({ take: false, adopt: ['zfstools'] }, names)
  expect(await reported(only, NOW)).toMatchObject({ taken: [], destroyed: [] })
})

describe("what zfstools' properties forbid is not taken", () => {
  const FORBIDDEN = 'com.sun:auto-snapshot'

  test('and what there is of it stays as long as the policy says', async () => {
    const host = withPolicies(
      { policies: [{ name: 'p', hourly: 2, daily: 30 }], zfstools_policy: 'p' },
      { datasets: { [DATA]: { [FORBIDDEN]: 'true' } } },
    )
    const noon = (day: number) => Date.UTC(2026, 10, day, 12)
    for (const day of [1, 2, 3, 4, 5]) await reported(host, noon(day))
    host.outside('zfs', 'set', `${FORBIDDEN}:daily=false`, DATA)
    expect(await reported(host, noon(6))).toMatchObject({ destroyed: [], taken: [`${DATA}@auto-20261106T120000Z`] })
    host.outside('zfs', 'set', `${FORBIDDEN}:hourly=false`, DATA)
    expect(await reported(host, noon(7))).toMatchObject({ destroyed: [], taken: [] })
  })

  test('where the list gives the policy too', async () => {
    const host = withPolicies(
      {
        policies: [{ name: 'p', hourly: 24, daily: 7 }],
        datasets: [{ name: DATA, policy: 'p' }],
        zfstools_policy: 'p',
      },
      { datasets: { [DATA]: { [`${FORBIDDEN}:hourly`]: 'false' } } },
    )
    expect((await reported(host, NOW)).taken).toHaveLength(1)
    expect((await reported(host, NOW + 3 * HOUR)).taken).toEqual([])
    expect((await reported(host, NOW + 24 * HOUR)).taken).toHaveLength(1)
  })
})
