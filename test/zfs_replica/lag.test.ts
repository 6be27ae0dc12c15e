/** How old copies are and for how long they have lacked something: in words, by exit status and for Prometheus. */
import { describe, expect, test } from 'vitest'
import { metricsFile } from '../../programs/replicate/metrics.ts'
import { PUSH, type TwoHosts, twoHosts } from './two-hosts.ts'

const SOURCE = 'zroot/hosting/instances'
const METRICS = '/var/tmp/replicate.prom'
const at = (hour: number, minute = 0) => new Date(Date.UTC(2026, 10, 22, hour, minute))

function clocked(hosts: TwoHosts, time: Date): void {
  hosts.now = time
  for (const { machine } of [hosts.here, hosts.there]) Object.assign(machine, { clock: () => time })
}
const snap = (hosts: TwoHosts, time: Date, name: string, of = SOURCE) => {
  clocked(hosts, time)
  expect(hosts.here.outside('zfs', 'snapshot', '-r', `${of}@${name}`).exit).toBe(0)
}

/** A copy of 8:00, and two snapshots of one part since. */
async function behind(replica: object = {}): Promise<TwoHosts> {
  const hosts = twoHosts([{ ...PUSH, ...replica }])
  snap(hosts, at(8), 'a')
  await hosts.run('run')
  snap(hosts, at(9), 'b', `${SOURCE}/web1/etc`)
  snap(hosts, at(10), 'c', `${SOURCE}/web1/etc`)
  return hosts
}

describe('status', () => {
  test('tells how old copies are, and for how long one has lacked something', async () => {
    const hosts = await behind()
    clocked(hosts, at(9, 50))
    const { exit, said } = await hosts.run('status')
    expect([exit, said]).toEqual([
      0,
      [
        'off: zroot/hosting/instances -> there:backup/here/instances: 2 current, 1 behind, up to 1h old',
        `  ${SOURCE}/web1/etc: send @c since a; what it lacks has been there for 50min`,
      ],
    ])
    const { replicas } = await hosts.run('status', '--json')
    expect(replicas[0]?.datasets.map(one => [one.has, one.age_seconds, one.lag_seconds, one.late])).toEqual([
      ['a', 6_600, 0, undefined],
      ['a', 6_600, 0, undefined],
      ['a', 6_600, 3_000, undefined],
    ])
  })

  test('ends with 1 where that is longer than four times the schedule, and says so', async () => {
    const hosts = await behind()
    clocked(hosts, at(10, 1))
    expect(await hosts.run('status')).toMatchObject({
      exit: 1,
      said: [
        expect.anything(),
        expect.stringMatching(/etc: LATE: what it lacks has been there for 1h; send @c since a$/),
      ],
    })
    // What a run will do is another matter.
    expect((await hosts.run('plan')).exit).toBe(0)
  })

  test.each([
    [{ late_minutes: 90 }, 0],
    [{ late_minutes: 60 }, 1],
    [{ late_minutes: 0 }, 0],
  ])('or than what is said: %j', async (replica, exit) => {
    const hosts = await behind(replica)
    clocked(hosts, at(10, 10))
    expect((await hosts.run('status')).exit).toBe(exit)
  })

  test('of a source that takes no snapshots any more: its copies grow old, and lack nothing', async () => {
    const hosts = twoHosts()
    snap(hosts, at(8), 'a')
    await hosts.run('run')
    clocked(hosts, new Date(Date.UTC(2026, 11, 22, 8)))
    expect(await hosts.run('status')).toMatchObject({
      exit: 0,
      said: [expect.stringMatching(/3 current, up to 30d old$/)],
    })
  })

  test('of what has no copy at all, or waits behind a switch that does not end', async () => {
    const hosts = twoHosts()
    snap(hosts, at(8), 'a')
    clocked(hosts, at(11))
    expect((await hosts.run('status')).said[1]).toBe(
      `  ${SOURCE}: LATE: there is no copy, and what it lacks has been there for 3h; send @a, all of it`,
    )
    await hosts.run('run')
    snap(hosts, at(12), 'b')
    hosts.here.tree.mkdir('/hosting/instances/web1')
    hosts.here.tree.write('/hosting/instances/web1/journal.json', '{}')
    await hosts.run('run')
    clocked(hosts, at(15))
    const { exit, said } = await hosts.run('status')
    expect([exit, said[1]]).toEqual([1, expect.stringMatching(/web1: LATE: .* for 3h; skipped: .*is being switched/)])
  })

  test('names what the copy has of its own', async () => {
    const hosts = await behind()
    hosts.there.outside('zfs', 'snapshot', 'backup/here/instances@own')
    clocked(hosts, at(9, 10))
    for (const verb of ['plan', 'status'])
      expect((await hosts.run(verb)).said[1]).toBe(`  ${SOURCE}: the copy has @own of its own`)
  })
})

describe('metrics', () => {
  const settings = (hosts: TwoHosts, more: object) => {
    const file = '/usr/local/etc/bluejail/replicate.json'
    hosts.here.tree.write(file, JSON.stringify({ ...JSON.parse(hosts.here.tree.read(file) ?? ''), ...more }))
  }
  const valuesIn = (text: string | undefined) =>
    Object.fromEntries(
      [...(text ?? '').matchAll(/^bluejail_replicate_(\w+)\{replica="(\w+)"\} (\S+)$/gm)].map(
        ([, metric, name, value]) => [`${name} ${metric}`, Number(value)],
      ),
    )

  test('are written after each run, where that is asked, and of a run that failed as well', async () => {
    const hosts = await behind()
    hosts.here.tree.mkdir('/var/tmp')
    settings(hosts, { prometheus_file: METRICS })
    clocked(hosts, at(11))
    hosts.cuts.push(0.5, 0.5, 0.5)
    await hosts.run('run')
    const text = hosts.here.tree.read(METRICS)
    expect(text?.split('\n').slice(0, 3)).toEqual([
      '# HELP bluejail_replicate_last_run_timestamp_seconds When the last run ended.',
      '# TYPE bluejail_replicate_last_run_timestamp_seconds gauge',
      `bluejail_replicate_last_run_timestamp_seconds{replica="off"} ${at(11).getTime() / 1000}`,
    ])
    expect(valuesIn(text)).toEqual({
      'off last_run_timestamp_seconds': at(11).getTime() / 1000,
      'off failed': 0,
      'off troubles': 1,
      'off datasets': 3,
      'off behind_datasets': 1,
      'off diverged_datasets': 0,
      'off late_datasets': 1,
      'off oldest_copy_timestamp_seconds': at(8).getTime() / 1000,
      'off waiting_since_timestamp_seconds': at(9).getTime() / 1000,
    })
    await hosts.run('run')
    expect(valuesIn(hosts.here.tree.read(METRICS))).not.toHaveProperty('off waiting_since_timestamp_seconds')

    clocked(hosts, at(12))
    hosts.there.machine.fault({ program: 'zfs', when: () => true, kind: 'exit', exit: 1, stderr: 'internal error\n' })
    expect((await hosts.run('run')).exit).toBe(2)
    expect(valuesIn(hosts.here.tree.read(METRICS))).toMatchObject({
      'off last_run_timestamp_seconds': at(12).getTime() / 1000,
      'off failed': 1,
      'off troubles': 1,
      'off datasets': 3,
      'off oldest_copy_timestamp_seconds': at(8).getTime() / 1000,
    })
  })

  test('that cannot be written are told of, and all else is done', async () => {
    const hosts = await behind()
    settings(hosts, { prometheus_file: '/nowhere/x.prom' })
    const { exit, replicas } = await hosts.run('run', '--json')
    expect([exit, replicas[0]?.warnings]).toEqual([
      1,
      [expect.stringMatching(/^\/nowhere\/x.prom could not be written/)],
    ])
    expect(replicas[0]?.datasets.map(({ state }) => state)).toEqual(['current', 'current', 'sent'])
  })

  test('of other replicas stay as they were, those of replicas that are no more go', () => {
    const told = (value: number) => new Map([['datasets', value]])
    const both = metricsFile(metricsFile(undefined, 'a', told(1), ['a', 'b']), 'b', told(2), ['a', 'b'])
    expect(valuesIn(both)).toEqual({ 'a datasets': 1, 'b datasets': 2 })
    expect(valuesIn(metricsFile(both, 'a', told(3), ['a', 'b']))).toEqual({ 'a datasets': 3, 'b datasets': 2 })
    expect(valuesIn(metricsFile(both, 'a', told(3), ['a']))).toEqual({ 'a datasets': 3 })
    expect(both.match(/# HELP/g)).toHaveLength(1)
  })
})
