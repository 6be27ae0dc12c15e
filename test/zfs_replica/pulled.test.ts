/** Fetched by a login that may not look into instances: whether one is being switched, it cannot see. */
import { expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { snapshotsAt, twoHosts } from './two-hosts.ts'

const pulled = () => {
  const pull = { name: 'in', dataset: 'backup/here', target: 'zroot/copy', from: 'there' }
  const hosts = twoHosts([pull], { grant: { dataset: 'backup/here', role: 'source' }, datasets: { zroot: {} } })
  hosts.there.outside('zfs', 'create', '-o', 'bluejail:instance=web1', 'backup/here/web1')
  hosts.there.outside('zfs', 'create', 'backup/here/web1/etc')
  return hosts
}

/** As usr.bin/find/find.c says it of a directory that cannot be read. */
const withhold = (host: FakeHost) => {
  const { query } = host
  host.query = async (command, options) =>
    command[0] === 'find'
      ? { exit: 1, stdout: '', stderr: 'find: /hosting/instances: Permission denied\n' }
      : query(command, options)
}

test('what is there is copied, and nothing is said', async () => {
  const hosts = pulled()
  withhold(hosts.there)
  hosts.there.outside('zfs', 'snapshot', '-r', 'backup/here@a')
  expect(await hosts.run('run')).toMatchObject({ exit: 0 })
  expect(snapshotsAt(hosts.here, 'zroot/copy')).toEqual(['/web1/etc@a', '/web1@a', '@a'])
})

test('a line that breaks while journals are looked for is no sign that there are none', async () => {
  const hosts = pulled()
  const { query } = hosts.there
  hosts.there.query = async (command, options) =>
    command[0] === 'find'
      ? { exit: 255, stdout: '', stderr: 'kex_exchange_identification: read: Connection reset by peer\n' }
      : query(command, options)
  const { replicas } = await hosts.run('run', '--snapshot', '--json')
  expect(replicas[0]?.warnings).toEqual([expect.stringMatching(/^no snapshot was taken of backup\/here\/web1: /)])
})

test('no snapshot is taken of what may be half changed, and that is said', async () => {
  const hosts = pulled()
  withhold(hosts.there)
  hosts.there.outside('zfs', 'snapshot', '-r', 'backup/here@a')
  const { exit, replicas } = await hosts.run('run', '--snapshot', '--json')
  expect(exit).toBe(1)
  expect(replicas[0]?.warnings).toEqual([
    'no snapshot was taken of backup/here/web1: replica cannot see on there whether they are being switched to another blueprint. Have snapshots taken there (zfs_autosnap), or replicate from there with `to`.',
  ])
  expect(snapshotsAt(hosts.here, 'zroot/copy')).toEqual(['/web1/etc@a', '/web1@a', '@a', '@replica-20261122T120000Z'])
})

test('where it may look, a snapshot is taken of all', async () => {
  const hosts = pulled()
  expect((await hosts.run('run', '--snapshot')).exit).toBe(0)
  expect(snapshotsAt(hosts.here, 'zroot/copy')).toHaveLength(3)
})
