/** The program on a host in memory, with another behind its ssh. */
import { describe, expect, test } from 'vitest'
import { all, COPY, copied, get, PUSH, SOURCE, snap, snapshotsAt, states, twoHosts } from './two-hosts.ts'

describe('a run', () => {
  test('live-11: copies a tree with its history, each dataset of it unmounted, read-only, without what is the place’s own', async () => {
    const hosts = twoHosts()
    snap(hosts, 'a')
    snap(hosts, 'b')
    const { exit, replicas } = await hosts.run('run', '--json')
    expect(states(replicas[0])).toEqual([' sent', '/web1 sent', '/web1/etc sent'])
    expect(exit).toBe(0)
    expect(copied(hosts)).toEqual(all('a', 'b'))
    const own = { readonly: 'on', canmount: 'noauto', mountpoint: 'none', mounted: 'no' }
    for (const [property, value] of Object.entries(own))
      expect(get(hosts.there, property, `${COPY}/web1/etc`)).toBe(value)
    expect(get(hosts.there, 'bluejail:part', `${COPY}/web1/etc`)).toBe('etc')
  })

  test('of what is up to date is two processes on each side, and says so in a line', async () => {
    const hosts = twoHosts()
    snap(hosts, 'a')
    await hosts.run('run')
    hosts.sent.length = 0
    const [before, beyond] = [hosts.here.counts.zfs ?? 0, hosts.there.counts.zfs ?? 0]
    const { exit, said } = await hosts.run('run')
    expect([exit, said]).toEqual([0, ['off: zroot/hosting/instances -> there:backup/here/instances: 3 current']])
    expect((hosts.here.counts.zfs ?? 0) - before).toBe(2)
    expect((hosts.there.counts.zfs ?? 0) - beyond).toBe(2)
    expect(hosts.sent).toHaveLength(2)
  })

  test('sends what came since, and from a bookmark where the snapshot is gone', async () => {
    const hosts = twoHosts()
    snap(hosts, 'a')
    await hosts.run('run')
    snap(hosts, 'b')
    for (const path of ['', '/web1', '/web1/etc']) hosts.here.outside('zfs', 'destroy', `${SOURCE}${path}@a`)
    snap(hosts, 'c')
    expect((await hosts.run('run')).exit).toBe(0)
    expect(copied(hosts)).toEqual(all('a', 'b', 'c'))
    expect(get(hosts.there, 'readonly', `${COPY}/web1`)).toBe('on')
  })

  test('holds what the next increment stands on, and nothing else', async () => {
    const hosts = twoHosts()
    for (const name of ['a', 'b', 'c']) {
      snap(hosts, name)
      await hosts.run('run')
    }
    const held = hosts.there.outside('zfs', 'list', '-Hp', '-r', '-t', 'snapshot', '-o', 'name,userrefs', COPY).stdout
    expect(held.split('\n').filter(line => line.endsWith('\t1'))).toEqual([
      `${COPY}@c\t1`,
      `${COPY}/web1@c\t1`,
      `${COPY}/web1/etc@c\t1`,
    ])
    const marks = hosts.here.outside('zfs', 'list', '-H', '-t', 'bookmark', '-o', 'name', `${SOURCE}/web1`).stdout
    expect(marks.trim().split('\n')).toHaveLength(2)
  })

  test('asks no snapshot of a copy who holds it, unless a run before it was cut off', async () => {
    const hosts = twoHosts()
    snap(hosts, 'a')
    await hosts.run('run')
    hosts.here.outside('zfs', 'snapshot', `${SOURCE}/web1/etc@b`)
    hosts.sent.length = 0
    await hosts.run('run')
    expect(hosts.sent.filter(line => !/^zfs (list -Hp -r|receive)/.test(line))).toEqual([
      `zfs hold bluejail-replica ${COPY}/web1/etc@b`,
      `zfs release bluejail-replica ${COPY}/web1/etc@a`,
    ])
    // What another run has done already is as it should be.
    hosts.here.outside('zfs', 'snapshot', `${SOURCE}/web1/etc@c`)
    hosts.there.outside('zfs', 'release', 'bluejail-replica', `${COPY}/web1/etc@b`)
    expect((await hosts.run('run')).exit).toBe(0)
    hosts.here.tree.write('/var/db/bluejail-replicate-off.unsettled', '')
    hosts.there.outside('zfs', 'hold', 'bluejail-replica', `${COPY}/web1/etc@a`)
    hosts.sent.length = 0
    expect((await hosts.run('run')).exit).toBe(0)
    expect(hosts.sent.filter(line => /userrefs|release/.test(line))).toEqual([
      `zfs list -Hp -t snapshot -o name,userrefs ${COPY} ${COPY}/web1 ${COPY}/web1/etc`,
      `zfs release bluejail-replica ${COPY}/web1/etc@a`,
    ])
  })

  test('leaves no marks on what is no part of the replica any more', async () => {
    const hosts = twoHosts()
    snap(hosts, 'a')
    await hosts.run('run')
    const marks = () =>
      hosts.here
        .outside('zfs', 'list', '-H', '-r', '-t', 'bookmark', '-o', 'name', SOURCE)
        .stdout.match(/[^/\n]+(?=#)/g)
    expect(marks()).toEqual(['instances', 'web1', 'etc'])
    const without = { replicas: [{ ...PUSH, exclude: ['*/tmp', 'web1/etc'] }] }
    const file = '/usr/local/etc/bluejail/replicate.json'
    hosts.here.tree.write(file, JSON.stringify({ ...JSON.parse(hosts.here.tree.read(file) ?? ''), ...without }))
    expect((await hosts.run('run')).exit).toBe(0)
    expect(marks()).toEqual(['instances', 'web1'])
  })

  test('tells each instance up to when its copy is, and where', async () => {
    const hosts = twoHosts()
    snap(hosts, 'a')
    await hosts.run('run')
    expect(get(hosts.here, 'bluejail:replica', `${SOURCE}/web1`)).toBe(`${hosts.now.getTime() / 1000} there:${COPY}`)
    expect(get(hosts.there, 'bluejail:replica', `${COPY}/web1`)).toBe('-')
  })

  test('takes a snapshot of its own when asked to', async () => {
    const hosts = twoHosts()
    expect((await hosts.run('run', '--snapshot')).exit).toBe(0)
    expect(copied(hosts)).toEqual(all('replica-20261122T120000Z'))
  })

  test('leaves out instances that are being switched', async () => {
    const hosts = twoHosts()
    snap(hosts, 'a')
    hosts.here.tree.mkdir('/hosting/instances/web1')
    hosts.here.tree.write('/hosting/instances/web1/journal.json', '{}')
    const { exit, replicas } = await hosts.run('run', '--json')
    expect([exit, states(replicas[0])]).toEqual([0, [' sent', '/web1 skipped', '/web1/etc skipped']])
    expect(replicas[0]?.datasets[1]?.why).toMatch(/is being switched/)
  })
})

describe('plan and status', () => {
  test('tell what is next, and change nothing', async () => {
    const hosts = twoHosts()
    snap(hosts, 'a')
    const { said } = await hosts.run('plan')
    expect(said).toEqual([
      'off: zroot/hosting/instances -> there:backup/here/instances: 3 behind',
      '  zroot/hosting/instances: send @a, all of it',
      expect.stringMatching(/web1: send it when that can be/),
      expect.stringMatching(/web1\/etc: send it when that can be/),
    ])
    expect([...hosts.here.performed, ...hosts.there.performed]).toEqual([])
  })
})

test('pulled, everything is the same with the sides changed', async () => {
  const pull = { name: 'in', dataset: 'backup/here', target: 'zroot/copy', from: 'there' }
  const hosts = twoHosts([pull], { grant: { dataset: 'backup/here', role: 'source' }, datasets: { zroot: {} } })
  hosts.there.outside('zfs', 'create', '-o', 'bluejail:instance=web1', 'backup/here/web1')
  hosts.there.outside('zfs', 'snapshot', '-r', 'backup/here@a')
  expect((await hosts.run('run')).exit).toBe(0)
  hosts.there.outside('zfs', 'snapshot', '-r', 'backup/here@b')
  expect((await hosts.run('run')).exit).toBe(0)
  expect(snapshotsAt(hosts.here, 'zroot/copy')).toEqual(['/web1@a', '/web1@b', '@a', '@b'])
  expect(get(hosts.there, 'bluejail:replica', 'backup/here/web1')).toMatch(/^\d+ zroot\/copy$/)
})

test('between pools of one host there is no ssh', async () => {
  const local = { name: 'second', dataset: 'zroot/hosting', target: 'zroot/second' }
  const hosts = twoHosts([local])
  hosts.here.outside('zfs', 'snapshot', '-r', 'zroot/hosting@a')
  expect((await hosts.run('run')).exit).toBe(0)
  expect(hosts.sent).toEqual([])
  expect(snapshotsAt(hosts.here, 'zroot/second')).toContain('/instances/web1/etc@a')
})

test('what cannot be done at all is exit status 2, in words', async () => {
  const hosts = twoHosts([{ ...PUSH, dataset: 'zroot/nothing' }])
  expect(await hosts.run('run')).toMatchObject({
    exit: 2,
    said: [expect.stringMatching(/there is no dataset zroot\/nothing/)],
  })
  expect(await hosts.run('run', 'other')).toMatchObject({
    exit: 2,
    said: [expect.stringMatching(/there is no replica other; there are: off/)],
  })
  expect(await hosts.run('walk')).toMatchObject({
    exit: 2,
    said: [expect.stringMatching(/'walk' is no command\nusage/)],
  })
})

describe('while another run is at a replica', () => {
  test('cron says nothing of it, and a person is told who that is', async () => {
    const hosts = twoHosts()
    snap(hosts, 'a')
    const unlock = await hosts.here.lock('replicate of somebody', 'off')
    expect(await hosts.run('run', '--quiet')).toMatchObject({ exit: 0, said: [] })
    expect(await hosts.run('run')).toMatchObject({ exit: 2, said: [expect.stringMatching(/replicate of somebody/)] })
    expect((await hosts.run('plan')).exit).toBe(0)
    await unlock()
    expect(await hosts.run('run', '--quiet')).toMatchObject({ exit: 0, said: [] })
    expect(copied(hosts)).toEqual(all('a'))
  })

  test('others do not wait for it', async () => {
    const second = { name: 'second', dataset: SOURCE, target: 'zroot/second' }
    const hosts = twoHosts([PUSH, second])
    snap(hosts, 'a')
    await hosts.here.lock('a first copy of days', 'off')
    expect(await hosts.run('run', '--quiet')).toMatchObject({ exit: 0, said: [] })
    expect(snapshotsAt(hosts.here, 'zroot/second')).toContain('/web1@a')
    snap(hosts, 'b')
    const { exit, replicas } = await hosts.run('run', '--json')
    expect([exit, replicas.map(({ failed, datasets }) => [failed !== undefined, datasets.length])]).toEqual([
      2,
      [
        [true, 0],
        [false, 4],
      ],
    ])
  })
})

test('what nobody foresaw in one replica leaves the others their turn, and is told', async () => {
  const second = { name: 'second', dataset: SOURCE, target: 'zroot/second' }
  const hosts = twoHosts([PUSH, second])
  snap(hosts, 'a')
  const { query } = hosts.there
  hosts.there.query = async () => {
    throw new TypeError('nobody foresaw this')
  }
  const { exit, replicas } = await hosts.run('run', '--json')
  expect([exit, replicas.map(({ failed }) => failed?.split('\n')[0])]).toEqual([
    2,
    ['there is a bug, please report it: TypeError: nobody foresaw this', undefined],
  ])
  expect(snapshotsAt(hosts.here, 'zroot/second')).toContain('/web1@a')
  hosts.there.query = query
})
