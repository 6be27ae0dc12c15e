/** A run that finds nothing to do says so to those after it, and only as long as that is so. */
import { beforeEach, expect, test } from 'vitest'
import { CALM_FILE } from '../../modules/rules/snapshot/calm.ts'
import { POLICY_FILE } from '../../modules/rules/snapshot/settings.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { reported, snapshotsOn, withPolicies } from '../support/snapshot-host.ts'

const wanted = {
  policies: [{ name: 'hourly', hourly: 2 }],
  datasets: [{ name: 'zroot/hosting/instances', policy: 'hourly' }],
}
const VAR = 'zroot/hosting/instances/web1/var'
const at = (hour: number, minute = 0) => Date.UTC(2026, 10, 22, hour, minute)

/** The machine's clock, by which ZFS says when snapshots changed. */
const clock = new Date(0)
let host: FakeHost
const run = async (time: number) => {
  clock.setTime(time)
  const before = host.counts.zfs ?? 0
  const report = await reported(host, time)
  return { ...report, processes: (host.counts.zfs ?? 0) - before }
}
const beside = (time: number, ...command: string[]) => {
  clock.setTime(time)
  host.outside(...command)
}

beforeEach(async () => {
  clock.setTime(at(9))
  host = withPolicies(wanted, { datasets: { [VAR]: {} }, files: { '/var/run/x': '' }, now: clock })
  expect((await run(at(10))).taken).toHaveLength(3)
  expect(await run(at(10, 5))).toMatchObject({ taken: [], processes: 2 })
})

test('one process, until the next is due', async () => {
  for (const minute of [10, 15, 59]) expect(await run(at(10, minute))).toMatchObject({ taken: [], processes: 1 })
  expect((await run(at(11))).taken).toHaveLength(3)
  // What it has just taken itself counts as a change.
  expect((await run(at(11, 5))).processes).toBe(2)
  expect((await run(at(11, 10))).processes).toBe(1)
})

test('a snapshot that somebody takes or destroys, or renames, is seen', async () => {
  beside(at(10, 7), 'zfs', 'destroy', `${VAR}@auto-20261122T100000Z`)
  expect((await run(at(10, 10))).taken).toEqual([`${VAR}@auto-20261122T101000Z`])
  await run(at(10, 15))
  beside(at(10, 17), 'zfs', 'rename', `${VAR}@auto-20261122T101000Z`, `${VAR}@mine`)
  expect((await run(at(10, 20))).taken).toEqual([`${VAR}@auto-20261122T102000Z`])
  await run(at(10, 25))
  beside(at(10, 27), 'zfs', 'snapshot', `${VAR}@theirs`)
  expect((await run(at(10, 30))).processes).toBe(2)
})

test('another policy, a new dataset, a property, a journal are seen', async () => {
  const calm = async (minute: number) => (await run(at(10, minute))).processes === 1
  expect(await calm(10)).toBe(true)
  host.tree.write(POLICY_FILE, JSON.stringify({ format: 1, ...wanted, policies: [{ name: 'hourly', hourly: 3 }] }))
  expect([await calm(11), await calm(12)]).toEqual([false, true])
  beside(at(10, 13), 'zfs', 'set', 'bluejail:autosnap=off', VAR)
  expect([await calm(14), await calm(15)]).toEqual([false, true])
  beside(at(10, 16), 'zfs', 'create', 'zroot/hosting/instances/db1')
  expect((await run(at(10, 17))).taken).toEqual(['zroot/hosting/instances/db1@auto-20261122T101700Z'])
  expect([await calm(18), await calm(19)]).toEqual([false, true])
  host.tree.mkdir('/hosting/instances/db1')
  host.tree.write('/hosting/instances/db1/journal.json', '{}')
  expect([await calm(20), await calm(21)]).toEqual([false, true])
  expect(Object.keys((await run(at(10, 22))).skipped)).toEqual(['zroot/hosting/instances/db1'])
})

test('what stays because it is held is told by each run, and looked at with the next snapshot', async () => {
  beside(at(10, 30), 'zfs', 'hold', 'keep', `${VAR}@auto-20261122T100000Z`)
  for (const hour of [11, 12]) await run(at(hour))
  for (const minute of [5, 10]) expect(Object.keys((await run(at(12, minute))).blocked)).toHaveLength(1)
  beside(at(12, 20), 'zfs', 'release', 'keep', `${VAR}@auto-20261122T100000Z`)
  await run(at(13))
  expect(snapshotsOn(host)).not.toContain(`${VAR}@auto-20261122T100000Z`)
})

test('with the clock put back, or a file that nobody can read, everything is looked at', async () => {
  expect((await run(at(10, 2))).processes).toBe(2)
  for (const text of ['', '{', 'null', '{"format":9}']) {
    host.tree.write(CALM_FILE, text)
    expect((await run(at(10, 10))).processes).toBe(2)
  }
})
