/** The ways back of an instance: what it can still go back to, what is said of it, and what is left of the way. */
import { describe, expect, test } from 'vitest'
import { describeStep } from '../../modules/core/step.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { tracesOf } from '../support/jail-host.ts'
import {
  BACK,
  BLUEPRINT,
  clock,
  failing,
  fileOf,
  foretold,
  NEW,
  NEXT,
  OLD,
  ROOT,
  runsOn,
  switched,
  switchHost,
  TO,
} from '../support/switch-host.ts'

const WEB = 'http://10.66.0.11:80/'
const HEALTH = { http: [{ port: 80 }], deadline: 1 }

const snapshots = (host: FakeHost) =>
  host
    .outside(
      'zfs',
      'list',
      '-H',
      '-t',
      'snapshot',
      '-o',
      'name,userrefs',
      '-s',
      'createtxg',
      'zroot/hosting/instances/web1',
    )
    .stdout.split('\n')
    .filter(line => line !== '')
    .map(line => line.replace(/^.*@/, '').replace('\t', ' held '))

const property = (host: FakeHost, name: string, dataset = 'zroot/hosting/instances/web1') =>
  host.outside('zfs', 'get', '-H', '-o', 'value', name, dataset).stdout.trim()

/** As a database does that is started by a newer version. */
function upgrading(host: FakeHost, isWell: (on: string | undefined) => boolean): void {
  host.servers.set(WEB, () => {
    const on = runsOn(host, 'web1')
    if (on === NEXT) host.tree.write(`${ROOT}/var/db/format`, 'upgraded\n')
    return { status: isWell(on) ? 200 : 502 }
  })
}

async function cameBack(isWell: (on: string | undefined) => boolean = on => on !== NEXT) {
  const host = await switchHost()
  host.tree.write(`${ROOT}/var/db/format`, 'old\n')
  upgrading(host, isWell)
  const error = await failing(host, { ...TO, health: HEALTH })
  return { host, error }
}

describe('the new blueprint’s services had its data', () => {
  test('the snapshot of before stays, held, as one of its generations', async () => {
    const { host, error } = await cameBack()
    expect(snapshots(host)).toEqual(['switch-20261122T120000Z held 1'])
    expect(fileOf(host, 'web1', 'var/db/format')).toBe('upgraded\n')
    expect(error.report?.state.instances.web1).toMatchObject({
      outcome: 'rolled_back',
      from: OLD,
      to: OLD,
      tried: NEW,
      reason: `it was not well within 1 s: ${WEB}: answers with status 502, and not 200. ${NEW} was started on its data. What that was before is in the snapshot switch-20261122T120000Z, which is kept: \`state: rolled_back\` with \`rollback_data: true\` puts all of it back, and what was written since is lost`,
    })
    const later = clock('2026-12-22T12:00:00Z')
    await failing(host, { ...TO, keep_generations: 1, health: HEALTH }, later)
    expect(snapshots(host)).toEqual(['switch-20261222T120000Z held 1'])
  })

  test('and its data can be had back, once', async () => {
    const { host } = await cameBack()
    expect(await switched(host, BACK)).toMatchObject({ changed: false })
    host.tree.write(`${ROOT}/etc/own.conf`, 'since\n')
    const wish = { ...BACK, rollback_data: true, health: HEALTH }
    const plan = await foretold(host, wish, clock('2026-11-22T13:00:00Z'))
    const report = await switched(host, wish, clock('2026-11-22T13:00:00Z'))
    expect(report.steps).toEqual(plan.steps)
    expect(report.state.instances.web1).toMatchObject({ outcome: 'rolled_back', from: OLD, to: OLD })
    expect(fileOf(host, 'web1', 'var/db/format')).toBe('old\n')
    expect(fileOf(host, 'web1', 'etc/own.conf')).toBeUndefined()
    expect([runsOn(host, 'web1'), tracesOf(host, 'web1').runs]).toEqual([BLUEPRINT, true])
    expect(await switched(host, wish)).toMatchObject({ changed: false })
  })

  test('where the snapshot is gone, or younger ones are in the way, that is said', async () => {
    const { host } = await cameBack()
    host.outside('zfs', 'snapshot', 'zroot/hosting/instances/web1/home@auto-1')
    const wish = { ...BACK, rollback_data: true }
    expect((await failing(host, wish)).message).toMatch(/^web1: its data cannot be rolled back, since .*home@auto-1/)
    host.outside('zfs', 'release', '-r', 'bluejail', 'zroot/hosting/instances/web1@switch-20261122T120000Z')
    host.outside('zfs', 'destroy', '-r', 'zroot/hosting/instances/web1@switch-20261122T120000Z')
    expect((await failing(host, wish)).message).toMatch(/^web1: its way back is gone: there is no snapshot/)
    expect(runsOn(host, 'web1')).toBe(BLUEPRINT)
  })
})

test('an instance that is back and not well has failed, and its snapshot stays whatever the reason was', async () => {
  const { host, error } = await cameBack(() => false)
  expect(error.report?.state.instances.web1?.outcome).toBe('failed')
  expect(snapshots(host)).toEqual(['switch-20261122T120000Z held 1'])
  // Who asks for it to be back has it so; nothing is said of how it was then.
  expect(await switched(host, BACK)).toMatchObject({
    changed: false,
    state: { instances: { web1: { outcome: 'as_wanted' } } },
  })

  const other = await switchHost()
  other.machine.fault({ program: 'tar', when: args => args[0] === '-xpf', kind: 'exit', stderr: 'tar: no\n', times: 1 })
  other.servers.set(WEB, () => ({ status: 502 }))
  const { message, report } = await failing(other, { ...TO, health: HEALTH })
  expect(report?.state.instances.web1?.outcome).toBe('failed')
  expect(message).toContain(
    'it was not well within 1 s either: http://10.66.0.11:80/: answers with status 502, and not 200. What its data was before is in the snapshot switch-20261122T120000Z, which is kept.',
  )
  expect(snapshots(other)).toEqual(['switch-20261122T120000Z held 1'])
})

describe('an operator’s way back', () => {
  test('that ends unwell has failed, too', async () => {
    const host = await switchHost()
    await switched(host, TO)
    host.servers.set(WEB, () => ({ status: 502 }))
    const error = await failing(host, { ...BACK, health: HEALTH }, clock('2026-11-23T12:00:00Z'))
    expect(error.message).toBe(
      `web1 runs on ${OLD} again: back on ${OLD} it was not well within 1 s: ${WEB}: answers with status 502, and not 200.`,
    )
    expect(error.report?.state.instances.web1).toMatchObject({ outcome: 'failed', from: NEW, to: OLD })
    expect(property(host, 'bluejail:blueprint', 'zroot/hosting/instances/web1/etc')).toBe(BLUEPRINT)
    expect(await switched(host, BACK)).toMatchObject({ changed: false })
  })

  test('of an instance that never was switched is refused', async () => {
    const host = await switchHost()
    const words =
      'web1: there is nothing to go back to: it was never switched here, or what was known of that is gone (/hosting/instances/web1/switch.json). Switch it to the blueprint that it shall run on, with `state: switched`.'
    expect((await failing(host, BACK)).message).toBe(words)
    await expect(foretold(host, BACK)).rejects.toThrow(words)
    expect(host.performed.filter(step => / web1|instances/.test(describeStep(step)))).toEqual([])
    host.tree.write('/hosting/instances/web1/switch.json', '{')
    expect((await failing(host, BACK)).message).toMatch(/switch\.json is no journal of a switch that can be read/)
  })

  test('keeps what it overwrites, which is no way back and takes none away', async () => {
    const host = await switchHost()
    await switched(host, { ...TO, keep_generations: 1 })
    host.tree.write(`${ROOT}/etc/motd.template`, 'mine\n')
    const wish = { ...BACK, keep_generations: 1 }
    const plan = await foretold(host, wish, clock('2026-11-23T12:00:00Z'))
    const report = await switched(host, wish, clock('2026-11-23T12:00:00Z'))
    expect(report.steps).toEqual(plan.steps)
    expect(snapshots(host)).toEqual(['switch-20261122T120000Z held 1', 'rollback-20261123T120000Z held 1'])
    const guard = 'zroot/hosting/instances/web1@rollback-20261123T120000Z'
    expect([property(host, 'bluejail:blueprint', guard), property(host, 'bluejail:revision', guard)]).toEqual([
      NEXT,
      '1',
    ])
    expect(host.outside('zfs', 'destroy', '-r', guard).exit).toBe(1)

    await switched(host, { ...TO, keep_generations: 1 }, clock('2026-11-24T12:00:00Z'))
    await switched(host, wish, clock('2026-11-25T12:00:00Z'))
    expect(snapshots(host)).toEqual(['switch-20261124T120000Z held 1', 'rollback-20261125T120000Z held 1'])
  })

  test('is refused before the stop where what it puts back has no room', async () => {
    const host = await switchHost()
    await switched(host, TO)
    host.outside('zfs', 'set', 'quota=2M', 'zroot/hosting/instances/web1/etc')
    expect((await failing(host, BACK, clock('2026-11-23T12:00:00Z'))).message).toBe(
      'web1: zroot/hosting/instances/web1/etc has 1 MiB left, and the way back needs 17 MiB to be safe. Free some space in the pool, or raise its quota.',
    )
    expect([runsOn(host, 'web1'), tracesOf(host, 'web1').runs]).toEqual([NEXT, true])
  })

  test('tells how long it was away, and what of it was the way back itself', async () => {
    const host = await switchHost()
    await switched(host, TO)
    const { state } = await switched(host, BACK, clock('2026-11-23T12:00:00Z'))
    const { outage_seconds: outage, outage_parts: parts } = state.instances.web1 ?? {}
    expect(Object.keys(parts ?? {}).sort()).toEqual(['back', 'health', 'start', 'stop'])
    expect(Object.values(parts ?? {}).reduce((sum, seconds) => Number(sum) + Number(seconds), 0)).toBeCloseTo(
      Number(outage),
      5,
    )
    expect(property(host, 'bluejail:outage')).toBe(String(Number(outage) * 1000))
  })
})
