/** What an earlier run has listed need not be listed again, for as long as nothing has changed. */
import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { KNOWN_FILE, knownFile, readKnown } from '../../modules/rules/snapshot/known.ts'
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
  const before = host.queried.length
  const report = await reported(host, time)
  return { ...report, looks: host.queried.slice(before).map(command => command.join(' ')) }
}
const beside = (time: number, ...command: string[]) => {
  clock.setTime(time)
  host.outside(...command)
}

beforeEach(async () => {
  clock.setTime(at(9))
  host = withPolicies(wanted, { datasets: { [VAR]: {} }, files: { '/var/run/x': '' }, now: clock })
  expect((await run(at(10))).taken).toHaveLength(3)
  expect((await run(at(10, 5))).looks).toHaveLength(2)
})

test('one look is enough, also where something is due', async () => {
  for (const minute of [10, 59]) expect(await run(at(10, minute))).toMatchObject({ taken: [], looks: { length: 1 } })
  expect(await run(at(11))).toMatchObject({ taken: { length: 3 }, looks: { length: 1 } })
  // What it has taken itself is a change as any other.
  expect((await run(at(11, 5))).looks).toHaveLength(2)
  expect((await run(at(11, 10))).looks).toHaveLength(1)
})

test('what somebody else takes, destroys or renames is seen, and that dataset alone listed', async () => {
  beside(at(10, 7), 'zfs', 'destroy', `${VAR}@auto-20261122T100000Z`)
  const { taken, looks } = await run(at(10, 10))
  expect(taken).toEqual([`${VAR}@auto-20261122T101000Z`])
  expect(looks[1]).toMatch(new RegExp(`^zfs list .* -d 1 ${VAR}$`))
  await run(at(10, 15))
  beside(at(10, 17), 'zfs', 'rename', `${VAR}@auto-20261122T101000Z`, `${VAR}@mine`)
  expect((await run(at(10, 20))).taken).toEqual([`${VAR}@auto-20261122T102000Z`])
})

test('another dataset of the same name, and one that was promoted, are listed', async () => {
  beside(at(10, 7), 'zfs', 'clone', `${VAR}@auto-20261122T100000Z`, `${VAR}2`)
  await run(at(10, 10))
  expect((await run(at(10, 15))).looks[1]).toContain(`-d 1 ${VAR}2`)
  expect((await run(at(10, 20))).looks).toHaveLength(1)
  beside(at(10, 22), 'zfs', 'promote', `${VAR}2`)
  const promoted = await run(at(10, 25))
  expect(promoted.looks.join('\n')).toContain(`${VAR}2`)
  await run(at(10, 30))
  beside(at(10, 32), 'zfs', 'destroy', '-r', VAR)
  beside(at(10, 32), 'zfs', 'create', VAR)
  expect((await run(at(10, 35))).taken).toEqual([`${VAR}@auto-20261122T103500Z`])
})

test('what changed in the very second of the look is listed once more', async () => {
  beside(at(10, 10), 'zfs', 'snapshot', `${VAR}@one`)
  expect((await run(at(10, 10))).looks).toHaveLength(2)
  beside(at(10, 10), 'zfs', 'snapshot', `${VAR}@two`)
  expect((await run(at(10, 15))).looks).toHaveLength(2)
  expect((await run(at(10, 20))).looks).toHaveLength(1)
})

test('with a file that nobody can read, all are listed', async () => {
  const texts = ['', '{', 'null', '{"format":9}', '{"format":1,"names":[],"datasets":[["a","b",[7]]]}']
  for (const text of texts) {
    host.tree.write(KNOWN_FILE, text)
    expect((await run(at(10, 10))).looks).toHaveLength(2)
  }
})

test('where a pool does not say when snapshots changed, they are listed each time', async () => {
  const query: FakeHost['query'] = async (command, options) => {
    const answer = await host.query(command, options)
    const column = (command[command.indexOf('-o') + 1] ?? '').split(',').indexOf('snapshots_changed')
    if (column < 0) return answer
    const rows = answer.stdout.split('\n').map(line => line.split('\t'))
    const forgotten = rows.map(row => row.map((value, at) => (at === column ? '-' : value)).join('\t'))
    return { ...answer, stdout: forgotten.join('\n') }
  }
  const silent = { ...host, query }
  for (let minute = 10; minute < 60; minute += 5) {
    clock.setTime(at(10, minute))
    expect((await reported(silent, clock.getTime())).taken).toEqual([])
  }
  for (const hour of [11, 12, 13]) {
    clock.setTime(at(hour))
    await reported(silent, clock.getTime())
  }
  expect(snapshotsOn(host).filter(name => name.startsWith(VAR))).toHaveLength(2)
})

test('without anything in /var/run it does the same', async () => {
  const bare = withPolicies(wanted, { datasets: { [VAR]: {} } })
  for (const hour of [10, 11, 12]) await reported(bare, at(hour))
  for (const hour of [11, 12]) await run(at(hour))
  expect(snapshotsOn(bare)).toEqual(snapshotsOn(host))
})

test('what is written is read back', () => {
  const names = fc.array(fc.string(), { maxLength: 5 })
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.record({ stamp: fc.string(), names })), given => {
      const known = new Map(Object.entries(given))
      expect(readKnown(knownFile(known))).toEqual(known)
    }),
  )
})
