/** What the module puts on a host, keeps right, and takes away; its laws are tested by its examples. */
import { expect, test } from 'vitest'
import { bundle } from '../../build/bundle.ts'
import { buildProgram } from '../../build/program.ts'
import { apply, type Conduct, check, converge } from '../../modules/core/converge.ts'
import { POLICY_FILE } from '../../modules/rules/snapshot/settings.ts'
import zfsAutosnap from '../../modules/zfs_autosnap.ts'
import { type FakeHost, fakeFreeBSD } from '../support/fake-freebsd.ts'
import { autosnapped, reported, snapshotsOn } from '../support/snapshot-host.ts'

const NOON = '2026-11-22T12:00:00Z'
const PROGRAM = '/usr/local/libexec/bluejail/autosnap'
const DAILY = '/usr/local/etc/periodic/daily/405.status-bluejail-autosnap'
const CRON = '/usr/local/etc/cron.d/bluejail-autosnap'

const told = (conduct: Conduct) => async (host: FakeHost, options: object, now: string) =>
  converge(zfsAutosnap, options, host, conduct, { now: () => new Date(now), holder: 'a test' })
const applied = (host: FakeHost, options: object = policies, now = NOON) => told(apply)(host, options, now)

const policies = {
  policies: [{ name: 'default', hourly: 24, timezone: 'Europe/Berlin' }],
  datasets: [{ name: 'zroot/hosting', policy: 'default' }],
}
const fresh = () => fakeFreeBSD({ datasets: { 'zroot/hosting/instances/web1/var': {} } })

test('everything in its place, cron last; then it takes snapshots by itself', async () => {
  const host = fresh()
  const { steps, state } = await applied(host)
  expect(steps).toEqual([
    'mkdir -p /usr/local/etc/bluejail',
    `write ${POLICY_FILE}`,
    'mkdir -p /usr/local/libexec/bluejail',
    `write ${PROGRAM}`,
    'mkdir -p /usr/local/etc/periodic/daily',
    `write ${DAILY}`,
    'mkdir -p /usr/local/etc/cron.d',
    `write ${CRON}`,
  ])
  expect(state).toEqual({
    scheduled: true,
    policies: { default: { keeps: '24 hourly (Europe/Berlin)', datasets: 4, snapshots: 0, next_due: 'now' } },
  })
  const modes = await Promise.all(
    [PROGRAM, DAILY, CRON, POLICY_FILE].map(async path => (await host.status(path))?.mode),
  )
  expect(modes).toEqual([0o755, 0o755, 0o644, 0o644])
  expect(host.tree.read(CRON)?.toString()).toContain(
    `\n*/5 * * * * root ${PROGRAM} run --quiet 2>&1 | logger -p daemon.warning -t bluejail-autosnap\n`,
  )

  expect((await reported(host, NOON)).taken).toHaveLength(4)
  expect((await applied(host)).state).toMatchObject({
    policies: { default: { snapshots: 4, next_due: '2026-11-22T13:00:00Z' } },
  })
})

test('what somebody changed is put right, its mode too', async () => {
  const host = fresh()
  await applied(host)
  host.tree.write(PROGRAM, '#!/bin/sh\n')
  host.outside('chmod', '0700', DAILY)
  expect((await applied(host)).steps).toEqual([`write ${PROGRAM}`, `chmod 0755 ${DAILY}`])
  expect((await applied(host)).changed).toBe(false)
})

test('a policy file that nobody can read is replaced', async () => {
  for (const text of ['{', '{"format":7}', '{"format":1,"policies":[{"name":"p"}]}']) {
    const host = fakeFreeBSD({ datasets: { 'zroot/hosting': {} }, files: { [POLICY_FILE]: text } })
    expect((await applied(host)).steps).toContain(`write ${POLICY_FILE}`)
    expect((await autosnapped(host, NOON)).exit).toBe(0)
  }
})

test('the diff tells what a policy was, and what it becomes', async () => {
  const host = fresh()
  await applied(host)
  const other = { ...policies, policies: [{ name: 'default', hourly: 12, daily: 7 }] }
  const { diff, steps } = await told(check)(host, other, NOON)
  expect(steps).toEqual([`write ${POLICY_FILE}`])
  expect(diff).toMatchObject({
    before: { policies: { default: { keeps: '24 hourly (Europe/Berlin)' } } },
    after: { policies: { default: { keeps: '12 hourly, 7 daily' } } },
  })
})

test('a dataset that an earlier task would make is one in check mode, and missing otherwise', async () => {
  const options = { ...policies, datasets: [{ name: 'zroot/later', policy: 'default' }] }
  expect((await told(check)(fresh(), options, NOON)).warnings).toEqual([
    expect.stringContaining("no dataset 'zroot/later'"),
  ])
  await expect(applied(fresh(), options)).rejects.toThrow("There is no dataset 'zroot/later', which 'datasets' gives")
})

test('it goes from cron first, and snapshots stay', async () => {
  const host = fresh()
  await applied(host)
  await reported(host, NOON)
  const { steps, diff } = await applied(host, { state: 'absent' })
  expect(steps).toEqual([CRON, DAILY, PROGRAM, POLICY_FILE].map(path => `rm ${path}`))
  expect(diff.after).toEqual({ scheduled: false, policies: {} })
  expect(snapshotsOn(host)).toHaveLength(4)
})

test('what cannot be meant is refused', async () => {
  await expect(applied(fresh(), {})).rejects.toThrow("there are no 'policies'")
  const often = { policies: [{ name: 'p', frequent: 4, frequent_minutes: 2 }] }
  await expect(applied(fresh(), often)).rejects.toThrow(
    'wants a snapshot every 2 minutes, and the program runs every 5',
  )
})

test('two looks by zfs, also where the policies change; none where all goes that never was', async () => {
  const host = fresh()
  await applied(host)
  const zfs = async (options: object) => {
    const before = host.counts.zfs ?? 0
    await applied(host, options)
    return (host.counts.zfs ?? 0) - before
  }
  expect(await zfs(policies)).toBe(2)
  expect(await zfs({ ...policies, policies: [{ name: 'default', daily: 7 }] })).toBe(4)
  await applied(host, { state: 'absent' })
  expect(await zfs({ state: 'absent' })).toBe(0)
})

test('the program is the code of the module, carried once', async () => {
  const [shebang, , packed] = (await bundle('zfs_autosnap', 'autosnap')).toString('latin1').split('\n')
  const program = (await buildProgram('autosnap')).split('\n')
  expect(program.slice(0, 2)).toEqual([shebang, packed])
  await expect(buildProgram('nothing')).rejects.toThrow("no module's definition says program: 'nothing'")
})
