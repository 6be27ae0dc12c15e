/** What is told of a host on which all is as it should be: everything, in few processes, and without the lock. */
import { describe, expect, test } from 'vitest'
import { kernelOf } from './imitation/kernel.ts'
import { fakeFreeBSD } from './support/fake-freebsd.ts'
import { BLUEPRINT } from './support/instance-host.ts'
import { converged, jailHost, ON_BRIDGE } from './support/jail-host.ts'
import { describeBlueprint, foretold, told, toldHost } from './support/told-host.ts'

describe('a host with an instance that runs', () => {
  test('everything has its unit in its name, and what is not known is not there', async () => {
    const host = await toldHost()
    const snapshots = ['zroot/hosting/instances/web1', 'zroot/hosting/instances/web1/etc']
    host.outside('zfs', 'snapshot', ...snapshots.map(name => `${name}@daily-1`))
    host.outside(
      'zfs',
      'set',
      'quota=5G',
      'bluejail:replica=1795341600 backup1:tank/web1',
      'bluejail:outage=4230',
      snapshots[0] ?? '',
    )
    host.outside('zpool', 'scrub', 'zroot')
    host.outside('rctl', '-a', 'jail:web1:maxproc:deny=100')
    host.tree.write('/etc/rctl.conf', 'jail:web1:maxproc:deny=100\n')
    const outer = kernelOf(host.machine).interfaces.find(({ name }) => name === 'e0a_web1')
    if (outer !== undefined) outer.traffic = { receivedBytes: 7_000, sentBytes: 3_000_000 }

    const { state, msg, changed, steps } = await told(host, { figures: true }, '2026-11-24T12:00:00Z')
    expect({ changed, steps }).toEqual({ changed: false, steps: [] })
    expect(state.instances.web1).toMatchObject({
      running: true,
      jid: '1',
      boot: true,
      hostname: 'web1',
      blueprint: BLUEPRINT,
      configured_blueprint: BLUEPRINT,
      revision: 1,
      addresses: ['10.66.0.11/24', 'fd00:66::11/64'],
      limits: ['maxproc:deny=100'],
      use: { processes: 2, cpu_percent: 0, memory_bytes: 0 },
      disk: { quota_bytes: 5 * 1024 ** 3, snapshots_bytes: 0 },
      // What the instance receives, the host's end has sent.
      traffic: { received_bytes: 3_000_000, sent_bytes: 7_000 },
      snapshot: 'daily-1',
      snapshot_age_seconds: 172_800,
      not_in_snapshot: ['home', 'root', 'tmp', 'usr-local-etc', 'usr-local-www', 'var', 'var-db'],
      replica: 'backup1:tank/web1',
      replica_age_seconds: 180_000,
      outage_seconds: 4.23,
      not_as_configured: [],
    })
    expect(state.instances.web1?.mounts).toHaveLength(15)
    expect(state.instances.web1?.mounts).toContain(`/etc/rc.d ro /hosting/blueprints/${BLUEPRINT}/etc/rc.d`)
    expect(Object.keys(state.instances.db1 ?? {})).toEqual([
      ...['running', 'boot', 'configured_blueprint', 'revision', 'addresses'],
      ...['mounts', 'limits', 'disk', 'not_as_configured'],
    ])
    expect(state.blueprints).toMatchObject({
      [BLUEPRINT]: { release: '14.2-RELEASE', packages: 1, revision: 1, instances: ['db1', 'web1'] },
    })
    expect(state.pools.zroot).toMatchObject({ health: 'ONLINE', scrub_age_seconds: 172_800, used_percent: 0 })
    expect(state.table).toEqual([
      'instance  runs          cpu  memory  processes  disk     received  sent  snapshot  replica  outage',
      'db1       no            -    -       -          865K     -         -     -         -        -',
      'web1      2026Q4-php83  0%   0B      2/100      865K/5G  2.9M      6.8K  2 days    2 days   4.2 s',
    ])
    expect(msg).toBe(
      'hamburg1.example.net has 2 instances, of which 1 runs on 1 blueprint. The pool zroot is ONLINE, 0% full, scrubbed 2 days ago. Everything is as configured.',
    )
  })

  test('what is limited is told beside what is used', async () => {
    const host = await toldHost()
    await converged(host, { id: 'web1', ...ON_BRIDGE, cpus: '0' })
    const rules = [
      'swapuse:deny=2G',
      'memoryuse:log=1G',
      'memoryuse:sigkill=4G',
      'pcpu:deny=150',
      'maxproc:deny=9/user',
    ]
    for (const rule of rules) host.outside('rctl', '-a', `jail:web1:${rule}`)
    const { state } = await told(host, { ids: ['web1'], figures: true })
    expect(state.instances.web1).toMatchObject({ cpus: '0', limits: expect.arrayContaining(['swapuse:deny=2G']) })
    expect(state.table).toEqual([
      'instance  runs          cpu      cpus  memory  swap   processes  disk  received  sent  remarks',
      'web1      2026Q4-php83  0%/150%  0     0B/1G   0B/2G  2          865K  0B        0B    5',
    ])
  })

  test('some of the instances, by their ids; one that is not there is an error, and foretold as a warning', async () => {
    const host = await toldHost()
    const { state, msg } = await told(host, { ids: 'db1' })
    expect(Object.keys(state.instances)).toEqual(['db1'])
    expect(msg).toBe('db1 does not run. The pool zroot is ONLINE, not scrubbed yet. Everything is as configured.')
    const reason = 'web9: this host has no instance of that name. Check the name, or make it first.'
    await expect(told(host, { ids: ['web9'] })).rejects.toThrow(reason)
    expect((await foretold(host, { ids: ['web9'] })).warnings).toEqual([`${reason} Planned as if it were there.`])
  })

  test('facts are the same as what is returned, and come only when asked for', async () => {
    const host = await toldHost()
    const { facts, state } = await told(host, { facts: true })
    expect(facts).toEqual({ bluejail: state })
    expect(await told(host)).not.toHaveProperty('facts')
  })
})

test('nobody is kept waiting: the lock of the host is not asked for while somebody changes it', async () => {
  const host = fakeFreeBSD({ lockedBy: 'another run' })
  expect((await told(host)).changed).toBe(false)
  expect(host.lockHolders).toEqual([])
})

test('50 running instances in 10 processes, as many as one takes', async () => {
  const ids = Array.from({ length: 50 }, (_, index) => `web${index + 1}`)
  const host = await jailHost({ ids })
  describeBlueprint(host, BLUEPRINT)
  await converged(host, { instances: ids, interfaces: ['hosting0'], parallel: 10 })
  host.outside('zfs', 'snapshot', '-r', 'zroot/hosting/instances@hourly-1')
  const before = Object.values(host.counts).reduce((sum, count) => sum + count, 0)
  const { state, msg } = await told(host)
  expect(Object.values(host.counts).reduce((sum, count) => sum + count, 0) - before).toBe(10)
  expect(Object.values(state.instances).filter(one => one.running && one.use !== undefined)).toHaveLength(50)
  expect(Object.keys(state.instances.web1 ?? {})).not.toContain('traffic')
  expect(state.not_as_configured).toEqual([])
  expect(msg).toMatch(/^hamburg1\.example\.net has 50 instances, of which 50 run on 1 blueprint\./)
})

test('figures of pools and of traffic take two processes more', async () => {
  const host = await toldHost()
  const { state } = await told(host, { figures: true })
  expect(host.counts).toMatchObject({ netstat: 1, zpool: 2 })
  expect(Object.values(host.counts).reduce((sum, count) => sum + count, 0)).toBe(12)
  expect(state.instances.web1?.traffic).toEqual({ received_bytes: 0, sent_bytes: 0 })
})

test('a pool that cannot be opened keeps nothing else from being told', async () => {
  const host = await toldHost()
  const status = host.outside('zpool', 'status').stdout
  const lost =
    '  pool: backup\n state: UNAVAIL\nstatus: One or more devices could not be opened.  There are insufficient\n\treplicas for the pool to continue functioning.\nconfig:\n\n\tbackup      UNAVAIL      0     0     0\n'
  const list = 'backup\t-\t-\t-\t-\nzroot\t1000\t400\t60\t0\n'
  const says = (stdout: string, verb: string) =>
    ({ program: 'zpool', kind: 'exit', exit: 0, stdout, when: (args: readonly string[]) => args[0] === verb }) as const
  host.machine.faults.push(says(`${lost}\n${status}`, 'status'), says(list, 'list'))
  const { state, msg } = await told(host, { figures: true })
  expect(state.pools).toMatchObject({ backup: { health: 'UNAVAIL' }, zroot: { health: 'ONLINE', used_percent: 60 } })
  expect(Object.keys(state.pools.backup ?? {})).toEqual(['health'])
  expect(state.instances.web1).toMatchObject({ running: true, not_as_configured: [] })
  expect(state.not_as_configured).toEqual([
    'the pool backup is UNAVAIL: One or more devices could not be opened. There are insufficient replicas for the pool to continue functioning',
  ])
  expect(msg).toContain('The pool backup is UNAVAIL. The pool zroot is')
})

test('a host that is yet to be laid out, without any of our files', async () => {
  const { state, msg } = await told(fakeFreeBSD({ sysctls: { 'kern.racct.enable': '0' } }))
  expect(state).toMatchObject({ host: '', instances: {}, blueprints: {}, table: [] })
  expect(msg).toBe(
    'This host has no instances. The pool zroot is ONLINE, not scrubbed yet. Not as configured: the dataset zroot/hosting is not there: lay out the host first.',
  )
})

test('a kernel that counts nothing leaves out what is used', async () => {
  const host = await toldHost()
  host.machine.state.sysctls['kern.racct.enable'] = '0'
  const { state } = await told(host)
  expect(state.instances.web1).not.toHaveProperty('use')
  expect(state.instances.web1).toMatchObject({ running: true, limits: [], not_as_configured: [] })
  expect(state.table[0]).toMatch(/^instance +runs +disk$/)
})

test.each([
  [{ ids: ['Web1'] }, /'Web1' cannot be an instance's id/],
  [{ hosting_dataset: '/zroot' }, /hosting_dataset '\/zroot' cannot be used: it begins with '\/'/],
  [{ hosting_path: 'hosting/../x' }, /hosting_path 'hosting\/\.\.\/x' cannot be used/],
])('bad input: %j', async (options, reason) => {
  await expect(told(fakeFreeBSD(), options)).rejects.toThrow(reason)
})
