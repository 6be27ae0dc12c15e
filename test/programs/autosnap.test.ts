/** The program on a host in memory: what it takes, what it destroys, what it leaves alone, and in how many processes. */
import { describe, expect, test } from 'vitest'
import { autosnapped, reported, snapshotsOn, withPolicies } from '../support/snapshot-host.ts'

const HOURLY = {
  policies: [{ name: 'hourly', hourly: 2 }],
  datasets: [{ name: 'zroot/hosting/instances', policy: 'hourly' }],
}
const at = (hour: number, minute = 0) => Date.UTC(2026, 10, 22, hour, minute)
const web1 = (part: string) => `zroot/hosting/instances/web1/${part}`
const datasets = { [web1('etc')]: {}, [web1('var')]: {}, 'zroot/hosting/shared': {} }

test('takes what is due, once, and keeps as many as the policy says', async () => {
  const host = withPolicies(HOURLY, { datasets })
  const first = await reported(host, at(0, 3))
  expect(first.taken).toContain(`${web1('etc')}@auto-20261122T000300Z`)
  expect(first.taken).toHaveLength(4)
  expect(await reported(host, at(0, 58))).toMatchObject({ taken: [], destroyed: [], troubles: [] })
  for (const hour of [1, 2, 3]) await reported(host, at(hour))
  expect(snapshotsOn(host).filter(name => name.startsWith(web1('etc')))).toEqual([
    `${web1('etc')}@auto-20261122T020000Z`,
    `${web1('etc')}@auto-20261122T030000Z`,
  ])
})

test('unmounted filesystems and volumes are covered too', async () => {
  const host = withPolicies(HOURLY, {
    datasets: {
      [web1('legacy')]: { mountpoint: 'legacy' },
      [web1('off')]: { canmount: 'off' },
      [web1('disk')]: { volsize: '1G' },
    },
  })
  const { taken } = await reported(host, at(0))
  for (const part of ['legacy', 'off', 'disk']) expect(taken).toContain(`${web1(part)}@auto-20261122T000000Z`)
})

test('live-10 a customer who has filled the quota to the last byte has snapshots all the same', async () => {
  const host = withPolicies(HOURLY, { datasets: { [web1('var')]: { quota: '1M', mountpoint: '/full' } } })
  host.tree.write('/full/log', 'x'.repeat(1_100_000))
  expect(host.outside('zfs', 'get', '-Hpo', 'value', 'available', web1('var')).stdout).toBe('0\n')
  expect(await reported(host, at(0))).toMatchObject({
    taken: expect.arrayContaining([`${web1('var')}@auto-20261122T000000Z`]),
    troubles: [],
  })
})

test("nobody else's snapshots are touched", async () => {
  const host = withPolicies(HOURLY, { datasets })
  const others = ['switch-20200101T000000Z', 'auto-before-upgrade', 'auto-20200101T000000', 'manual'].map(
    name => `${web1('etc')}@${name}`,
  )
  for (const name of others) host.outside('zfs', 'snapshot', name)
  host.outside('zfs', 'snapshot', 'zroot/hosting/shared@auto-20200101T000000Z')
  for (const hour of [0, 1, 2, 3]) await reported(host, at(hour))
  expect(snapshotsOn(host)).toEqual(expect.arrayContaining([...others, 'zroot/hosting/shared@auto-20200101T000000Z']))
})

describe('left alone and named', () => {
  test('an instance that is being switched', async () => {
    const host = withPolicies(HOURLY, { datasets, files: { '/hosting/instances/web1/journal.json': '{}' } })
    const { taken, skipped } = await reported(host, at(0))
    expect(taken).toEqual(['zroot/hosting/instances@auto-20261122T000000Z'])
    expect(Object.keys(skipped)).toEqual(['zroot/hosting/instances/web1', web1('etc'), web1('var')])
    expect(skipped[web1('etc')]).toBe('web1 is being switched to another blueprint')
  })

  test('and once that lasts, it is a trouble with its way out', async () => {
    const host = withPolicies(HOURLY, { datasets })
    await reported(host, at(0))
    host.tree.mkdir('/hosting/instances/web1')
    host.tree.write('/hosting/instances/web1/journal.json', '{}')
    expect((await reported(host, at(1))).troubles).toEqual([])
    const words = /^\S+web1 and 2 more have no snapshot as new as .*, since web1 is being switched.*state: resumed/
    expect((await reported(host, at(9))).troubles).toEqual([expect.stringMatching(words)])
    const { exit, stdout } = await autosnapped(host, at(9), ['status', '--json'])
    const { policies, troubles } = JSON.parse(stdout)
    expect(exit).toBe(1)
    expect(policies.hourly.stale).toHaveLength(3)
    expect(troubles.filter((each: string) => each.includes('web1'))).toEqual([expect.stringMatching(words)])
  })

  test('an instance whose switch began while others were waited for', async () => {
    const journal = '/hosting/instances/web1/journal.json'
    const host = withPolicies(HOURLY, { datasets, files: { [journal]: '{}' } })
    let looks = 0
    const status: typeof host.status = async path => (path === journal && ++looks === 1 ? undefined : host.status(path))
    const { taken, skipped } = await reported({ ...host, status }, at(0))
    expect(taken).toEqual(['zroot/hosting/instances@auto-20261122T000000Z'])
    expect(skipped[web1('etc')]).toBe('web1 is being switched to another blueprint')
  })

  test('what is held, and what was cloned; the rest goes', async () => {
    const host = withPolicies(HOURLY, { datasets })
    await reported(host, at(0))
    host.outside('zfs', 'hold', 'keepme', `${web1('etc')}@auto-20261122T000000Z`)
    host.outside('zfs', 'clone', `${web1('var')}@auto-20261122T000000Z`, 'zroot/copy')
    await reported(host, at(1))
    const { destroyed, blocked, troubles } = await reported(host, at(2))
    expect(blocked).toEqual({
      [`${web1('etc')}@auto-20261122T000000Z`]: 'it is held by keepme',
      [`${web1('var')}@auto-20261122T000000Z`]: 'it is the origin of zroot/copy',
    })
    expect([...destroyed].sort()).toEqual([
      'zroot/hosting/instances/web1@auto-20261122T000000Z',
      'zroot/hosting/instances@auto-20261122T000000Z',
    ])
    expect(troubles).toEqual([])
  })

  test('zfs-1 one whose property cannot be told from others', async () => {
    const forging = `off\t-\t1\t1\t-\n${web1('var')}\toff`
    const copies = {
      'zroot/copies/a': { 'bluejail:autosnap': 'a\tb' },
      'zroot/copies/b': { 'bluejail:autosnap': forging },
    }
    const { taken, troubles } = await reported(withPolicies(HOURLY, { datasets: { ...datasets, ...copies } }), at(0))
    expect(taken).toContain(`${web1('etc')}@auto-20261122T000000Z`)
    expect(troubles).toEqual(
      ['zroot/copies/a', web1('var')].map(name =>
        expect.stringMatching(new RegExp(`^${name} is left alone: a property`)),
      ),
    )
  })

  test('what nothing was written to, where the policy says so and the newest snapshot is ours', async () => {
    const wanted = { ...HOURLY, policies: [{ name: 'hourly', hourly: 2, skip_empty: true }] }
    const web2 = 'zroot/hosting/instances/web2'
    const host = withPolicies(wanted, { datasets: { ...datasets, [web2]: {} } })
    await reported(host, at(0))
    host.outside('zfs', 'snapshot', `${web1('var')}@theirs`)
    const { taken, empty } = await reported(host, at(1))
    // All of an instance or none, so that it can be restored to a name that all its datasets have.
    const ofWeb1 = ['zroot/hosting/instances/web1', web1('etc'), web1('var')]
    expect(taken).toEqual(ofWeb1.map(name => `${name}@auto-20261122T010000Z`))
    expect(empty).toEqual(['zroot/hosting/instances', web2])
  })
})

describe('one that cannot be dealt with does not stop the others', () => {
  test('zfs-8 busy while snapshots are taken: the others of the call are taken without it', async () => {
    const host = withPolicies(HOURLY, { datasets })
    const busy = `${web1('etc')}@auto-20261122T000000Z`
    host.machine.fault({
      program: 'zfs',
      when: args => args[0] === 'snapshot' && args.includes(busy),
      kind: 'exit',
      stderr: `cannot create snapshot '${busy}': dataset is busy\nno snapshots were created\n`,
    })
    const { taken, troubles } = await reported(host, at(0))
    expect(taken).toHaveLength(3)
    expect(troubles).toEqual([`${web1('etc')} got no snapshot: dataset is busy`])
    expect(await reported(host, at(0, 5))).toMatchObject({
      taken: [`${web1('etc')}@auto-20261122T000500Z`],
      troubles: [],
    })
  })

  test('refused by the pool itself: that is one command, and one sentence', async () => {
    const host = withPolicies(HOURLY, { datasets })
    let commands = 0
    host.machine.fault({
      program: 'zfs',
      when: args => args[0] === 'snapshot' && ++commands > 0,
      kind: 'exit',
      stderr: 'cannot create snapshots : out of space\n',
    })
    const { taken, troubles } = await reported(host, at(0))
    expect([taken, commands]).toEqual([[], 1])
    expect(troubles).toEqual([
      expect.stringMatching(/^zroot\/hosting\/instances and 3 more got no snapshot: .*out of space/),
    ])
  })

  test('where a pool lets nothing be destroyed, that is found out once', async () => {
    const host = withPolicies(HOURLY, { datasets })
    for (const hour of [0, 1]) await reported(host, at(hour))
    let commands = 0
    host.machine.fault({
      program: 'zfs',
      when: args => args[0] === 'destroy' && ++commands > 0,
      kind: 'exit',
      stderr: 'cannot destroy snapshots: pool I/O is currently suspended\n',
    })
    const { destroyed, troubles, left } = await reported(host, at(2))
    expect([destroyed, commands, left]).toEqual([[], 1, 0])
    expect(troubles).toEqual([
      expect.stringMatching(/^\S+@auto-20261122T000000Z and 3 more could not be destroyed: .*suspended/),
    ])
  })

  test('held since it was looked at', async () => {
    const host = withPolicies(HOURLY, { datasets })
    await reported(host, at(0))
    await reported(host, at(1))
    const held = `${web1('etc')}@auto-20261122T000000Z`
    host.machine.fault({
      program: 'zfs',
      when: args => args[0] === 'destroy' && (args.includes('-r') || args.at(-1) === held),
      kind: 'exit',
      stderr: `cannot destroy snapshot ${held}: dataset is busy\n`,
    })
    const { destroyed, troubles } = await reported(host, at(2))
    expect(destroyed).toHaveLength(3)
    expect(troubles).toEqual([`${held} could not be destroyed: dataset is busy`])
  })

  test('gone since it was looked at', async () => {
    const host = withPolicies(HOURLY, { datasets })
    await reported(host, at(0))
    await reported(host, at(1))
    host.machine.fault({
      program: 'zfs',
      when: args => args[0] === 'destroy',
      kind: 'exit',
      stderr: 'could not find any snapshots to destroy; check snapshot names.\n',
    })
    expect(await reported(host, at(2))).toMatchObject({ troubles: [], left: 0 })
  })
})

describe('processes', () => {
  const many = Object.fromEntries(
    Array.from({ length: 125 }, (_, id) => `zroot/hosting/instances/i${id}`).flatMap(instance =>
      ['etc', 'var', 'var-db', 'home', 'root', 'tmp', 'usr-local-etc'].map(
        part => [`${instance}/${part}`, {}] as const,
      ),
    ),
  )
  const host = withPolicies(HOURLY, { datasets: many })
  const during = async (hour: number) => {
    const before = host.counts.zfs ?? 0
    const report = await reported(host, at(hour))
    return { report, processes: (host.counts.zfs ?? 0) - before }
  }

  test('a thousand datasets: two where nothing is due, three where all get one, few where all lose one', async () => {
    const first = await during(0)
    expect(first.report.taken).toHaveLength(1001)
    expect(first.processes).toBe(3)
    expect(await during(0)).toMatchObject({ report: { taken: [] }, processes: 2 })
    await during(1)
    const full = await during(2)
    expect(full.report).toMatchObject({ left: 0, troubles: [] })
    expect(full.report.destroyed).toHaveLength(1001)
    // Two to look, one to take, one about holds, one about replicas, and one for each instance: all of the pool at once
    // would be too many. Some to see what has come meanwhile: one in two seconds.
    expect(full.processes).toBeLessThanOrEqual(140)
  })
})
