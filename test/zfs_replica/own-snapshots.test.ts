/** What `run --snapshot` takes does not pile up, on either side. */
import { describe, expect, test } from 'vitest'
import { checkAgainstHost, type Grant, granted } from '../../programs/replicate/serve.ts'
import { PUSH, snapshotsAt, type TwoHosts, twoHosts } from './two-hosts.ts'

const SOURCE = 'zroot/hosting/instances'
const COPY = 'backup/here/instances'
const own = (hour: number) => `replica-20261122T${hour}0000Z`

async function runAt(hosts: TwoHosts, hour: number, ...names: string[]) {
  hosts.now = new Date(Date.UTC(2026, 10, 22, hour))
  return hosts.run('run', '--snapshot', ...names)
}
const left = ({ here, there }: TwoHosts) =>
  [snapshotsAt(here, SOURCE), snapshotsAt(there, COPY)].map(all => all.filter(name => name.startsWith('/web1@')))

describe('a snapshot that a run took', () => {
  test('goes from both sides once the copy has a newer one; what others took stays', async () => {
    const hosts = twoHosts()
    hosts.here.outside('zfs', 'snapshot', '-r', `${SOURCE}@mine`)
    for (const hour of [10, 11, 12]) expect((await runAt(hosts, hour)).exit).toBe(0)
    expect(left(hosts)).toEqual([
      ['/web1@mine', `/web1@${own(12)}`],
      ['/web1@mine', `/web1@${own(12)}`],
    ])
    hosts.here.outside('zfs', 'snapshot', '-r', `${SOURCE}@later`)
    expect((await hosts.run('run')).exit).toBe(0)
    expect(left(hosts)).toEqual([
      ['/web1@later', '/web1@mine'],
      ['/web1@later', '/web1@mine'],
    ])
  })

  test('stays where somebody holds it or made something from it, and that is said, and no trouble', async () => {
    const hosts = twoHosts()
    await runAt(hosts, 10)
    hosts.here.outside('zfs', 'hold', 'keep', `${SOURCE}/web1@${own(10)}`)
    hosts.there.outside('zfs', 'clone', `${COPY}/web1@${own(10)}`, 'backup/drill')
    expect(await runAt(hosts, 11)).toMatchObject({
      exit: 0,
      said: [
        expect.stringMatching(/3 sent$/),
        ...Array.from({ length: 3 }, () => expect.any(String)),
        `  ${SOURCE}/web1@${own(10)} stays: it is held`,
        `  ${COPY}/web1@${own(10)} stays: backup/drill was made from it`,
      ],
    })
    expect(left(hosts).flat()).toEqual([10, 11, 10, 11].map(hour => `/web1@${own(hour)}`))
    const calm = await hosts.run('run')
    expect([calm.exit, calm.said]).toEqual([0, [expect.stringMatching(/: 3 current$/)]])
  })

  test('stays on the source as long as another replica may go on from it', async () => {
    const hosts = twoHosts([PUSH, { name: 'second', dataset: SOURCE, target: 'zroot/second' }])
    expect((await runAt(hosts, 10)).exit).toBe(0)
    for (const hour of [11, 12, 13]) expect((await runAt(hosts, hour, 'off')).exit).toBe(0)
    expect(left(hosts)).toEqual([[10, 11, 12, 13].map(hour => `/web1@${own(hour)}`), [`/web1@${own(13)}`]])
    expect((await runAt(hosts, 14)).exit).toBe(0)
    expect((await runAt(hosts, 15)).exit).toBe(0)
    expect(left(hosts)).toEqual([[14, 15].map(hour => `/web1@${own(hour)}`), [`/web1@${own(15)}`]])
  })

  test('goes from a source that is pulled as well', async () => {
    const pull = { name: 'in', dataset: 'backup/here', target: 'zroot/copy', from: 'there' }
    const hosts = twoHosts([pull], { grant: { dataset: 'backup/here', role: 'source' }, datasets: { zroot: {} } })
    for (const hour of [10, 11]) expect((await runAt(hosts, hour)).exit).toBe(0)
    expect(snapshotsAt(hosts.there, 'backup/here')).toEqual([`@${own(11)}`])
    expect(snapshotsAt(hosts.here, 'zroot/copy')).toEqual([`@${own(11)}`])
  })
})

describe('one dataset that can get no snapshot', () => {
  const busy = ({ here, there }: TwoHosts, isPulled = false) =>
    (isPulled ? there : here).machine.fault({
      program: 'zfs',
      when: args => args[0] === 'snapshot' && args.some(word => word.includes('/etc@')),
      kind: 'exit',
      exit: 1,
      stderr: "cannot create snapshot 'DATASET/etc@x': dataset is busy\nno snapshots were created\n".replace(
        'DATASET',
        isPulled ? 'backup/here' : `${SOURCE}/web1`,
      ),
    })

  test('is named; all others get theirs, and what there is of it is sent', async () => {
    const hosts = twoHosts()
    hosts.here.outside('zfs', 'snapshot', `${SOURCE}/web1/etc@mine`)
    busy(hosts)
    const { exit, replicas } = await hosts.run('run', '--snapshot', '--json')
    expect([exit, replicas[0]?.warnings]).toEqual([1, [`${SOURCE}/web1/etc got no snapshot: dataset is busy`]])
    const taken = 'replica-20261122T120000Z'
    expect(snapshotsAt(hosts.there, COPY)).toEqual(['/web1/etc@mine', `/web1@${taken}`, `@${taken}`])
  })

  test('over ssh as well; a host that does not answer is asked once', async () => {
    const pull = { name: 'in', dataset: 'backup/here', target: 'zroot/copy', from: 'there' }
    const hosts = twoHosts([pull], { grant: { dataset: 'backup/here', role: 'source' }, datasets: { zroot: {} } })
    hosts.there.outside('zfs', 'create', 'backup/here/etc')
    busy(hosts, true)
    const { exit, replicas } = await hosts.run('run', '--snapshot', '--json')
    expect([exit, replicas[0]?.warnings]).toEqual([1, ['backup/here/etc got no snapshot: dataset is busy']])
    hosts.there.machine.faults.length = 0
    const isTaking = (args: readonly string[]) => args[0] === 'snapshot'
    hosts.there.machine.fault({ program: 'zfs', when: isTaking, kind: 'exit', exit: 255, stderr: 'broken\n' })
    hosts.sent.length = 0
    hosts.now = new Date('2026-11-22T13:00:00Z')
    expect(await hosts.run('run', '--snapshot')).toMatchObject({ exit: 2, said: [expect.stringMatching(/broken/)] })
    expect(hosts.sent.filter(line => line.startsWith('zfs snapshot'))).toHaveLength(1)
  })
})

describe('a key', () => {
  const grant: Grant = { dataset: 'backup/here', role: 'target' }
  const pruning = (names: string) => granted(`zfs destroy ${COPY}/web1@${names}`, grant)

  test('destroys what replication took, and nothing of another name', () => {
    expect(pruning(`${own(10)},${own(11)}`)).toEqual(['zfs', 'destroy', `${COPY}/web1@${own(10)},${own(11)}`])
    for (const names of ['mine', `${own(10)},mine`, `${own(10)}%${own(12)}`, `${own(10)},`, '', '%', `${own(10)}@x`])
      expect(() => pruning(names)).toThrow(/this key is for replication/)
    expect(() => granted(`zfs destroy -r ${COPY}@${own(10)}`, grant)).toThrow(/this key is/)
    expect(() => granted(`zfs destroy backup/other@${own(10)}`, grant)).toThrow(/this key is/)
    expect(() => granted(`zfs destroy ${COPY}`, grant)).toThrow(/this key is/)
  })

  test('never the newest', async () => {
    const hosts = twoHosts()
    await runAt(hosts, 10)
    hosts.here.outside('zfs', 'snapshot', '-r', `${SOURCE}@${own(11)}`)
    await hosts.run('run', '--quiet')
    const check = (names: string) => checkAgainstHost(pruning(names), grant, hosts.there)
    await expect(check(own(11))).rejects.toThrow(`${COPY}/web1@${own(11)} is the newest there is of it`)
    await expect(check(own(10))).resolves.toBeUndefined()
  })
})
