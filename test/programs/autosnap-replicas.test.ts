/** Pruning knows what replicas of a dataset wait for, by the bookmarks that replication keeps. */
import { expect, test } from 'vitest'
import { bookmarkOf } from '../../modules/rules/replica/names.ts'
import { reported, snapshotsOn, withPolicies } from '../support/snapshot-host.ts'

const DATASET = 'zroot/hosting/shared'
const at = (hour: number) => Date.UTC(2026, 10, 22, hour)
const nameAt = (hour: number) => `${DATASET}@auto-20261122T0${hour}0000Z`

const prepared = () =>
  withPolicies(
    { policies: [{ name: 'hourly', hourly: 2 }], datasets: [{ name: DATASET, policy: 'hourly' }] },
    { datasets: { [DATASET]: {} } },
  )

/** What the program does then; bookmarks and snapshots tell by ZFS when they were made. */
function runAt(host: ReturnType<typeof prepared>, hour: number) {
  Object.assign(host.machine, { clock: () => new Date(at(hour)) })
  return reported(host, at(hour))
}

/** As the program `replicate` does when it sends a snapshot. */
function mark(host: ReturnType<typeof prepared>, hour: number) {
  const guid = host.outside('zfs', 'get', '-Hp', '-o', 'value', 'guid', nameAt(hour)).stdout.trim()
  host.outside('zfs', 'bookmark', nameAt(hour), `${DATASET}#${bookmarkOf('off', { guid })}`)
}

test('what a replica has not got yet stays and is named, until it has', async () => {
  const host = prepared()
  await runAt(host, 0)
  await runAt(host, 1)
  mark(host, 1)
  await runAt(host, 2)
  const waiting = await runAt(host, 3)
  expect(waiting).toMatchObject({
    destroyed: [],
    blocked: {
      [nameAt(1)]:
        'the replica off may need it, as its bookmarks say; if there is none any more: /usr/local/libexec/bluejail/replicate forget off',
    },
    troubles: [],
  })
  expect(snapshotsOn(host)).toEqual([1, 2, 3].map(nameAt))

  mark(host, 2)
  mark(host, 3)
  expect((await runAt(host, 4)).destroyed).toEqual([nameAt(1)])
  expect(snapshotsOn(host)).toEqual([2, 3, 4].map(nameAt))
})

test('a replica that is away for long does not fill the pool', async () => {
  const host = prepared()
  await runAt(host, 0)
  mark(host, 0)
  for (let minute = 1; minute <= 130; minute++)
    host.outside(
      'zfs',
      'snapshot',
      `${DATASET}@auto-20261122T00${String(Math.floor(minute / 60)).padStart(2, '0')}${String(minute % 60).padStart(2, '0')}Z`,
    )
  await runAt(host, 5)
  expect(snapshotsOn(host).length).toBeLessThanOrEqual(104)
})

test('those that are waited for are not asked for what else keeps them, since that is slow', async () => {
  const host = prepared()
  await runAt(host, 0)
  mark(host, 0)
  for (const hour of [1, 2, 3]) await runAt(host, hour)
  const asked: (readonly string[])[] = []
  const query: typeof host.query = (command, options) => {
    if (command.includes('name,userrefs,clones,creation')) asked.push(command)
    return host.query(command, options)
  }
  const { blocked } = await reported({ ...host, query }, at(4))
  expect(Object.keys(blocked)).toEqual([0, 1, 2].map(nameAt))
  expect(asked).toEqual([])
})
