/** instance_mounts, after a jail that left things mounted. */
import { beforeEach, expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { BLUEPRINT, instanceHost, mountedIn, startJail } from '../support/instance-host.ts'
import { applied, foretold, stateOf } from './runs.ts'

const ROOT = '/hosting/instances/web1/root'
const web1 = { id: 'web1', blueprint: BLUEPRINT }
let host: FakeHost
beforeEach(async () => {
  host = instanceHost()
  await applied(host, web1)
})

const start = () => expect(startJail(host, 'web1')).toMatchObject({ exit: 0 })

test('live-1: what a vanished jail has left is unmounted, innermost first', async () => {
  start()
  host.outside('jail', '-R', 'web1')
  const left = mountedIn(host, 'web1')
  expect(left).toHaveLength(14)
  expect(stateOf(await foretold(host, web1)).leaks).toEqual([])
  const report = await applied(host, web1)
  expect(report.steps).toEqual([...left].reverse().map(path => `umount ${path === '' ? ROOT : `${ROOT}/${path}`}`))
  expect(mountedIn(host, 'web1')).toEqual([])
  start()
})

test('live-14: what umount -aF cannot, since devfs is mounted below', async () => {
  start()
  host.outside('jail', '-R', 'web1')
  expect(host.outside('umount', '-aF', '/hosting/instances/web1/fstab').exit).toBe(1)
  expect(mountedIn(host, 'web1')).toEqual(['', 'dev'])
  expect((await applied(host, web1)).steps).toEqual([`umount ${ROOT}/dev`, `umount ${ROOT}`])
})

test('mount-2: what a mount -aF by hand has left halfway', async () => {
  host.outside('mount', '-t', 'zfs', 'zroot/hosting/instances/web1/var-db', '/mnt')
  expect(host.outside('mount', '-aF', '/hosting/instances/web1/fstab').exit).toBe(1)
  host.outside('umount', '/mnt')
  expect(mountedIn(host, 'web1').length).toBeGreaterThan(5)
  await applied(host, web1)
  expect(mountedIn(host, 'web1')).toEqual([])
  start()
})

test('mount-6: mounts that no path leads to any more, since one above was taken away by force', async () => {
  start()
  host.outside('jail', '-R', 'web1')
  host.outside('umount', '-f', `${ROOT}/etc`)
  expect(mountedIn(host, 'web1')).toContain('etc/rc.d')
  await applied(host, web1)
  expect(mountedIn(host, 'web1')).toEqual([])
})

test('live-5: a directory renamed above a mount changes nothing, since the table has its name', async () => {
  start()
  host.outside('jail', '-R', 'web1')
  host.outside('umount', `${ROOT}/etc/defaults`)
  host.tree.rename(`${ROOT}/etc/defaults`, `${ROOT}/etc/moved`)
  await applied(host, web1)
  expect(mountedIn(host, 'web1')).toEqual([])
})

test('a mount over others, and one twice at a place, go from the top', async () => {
  for (const source of ['/hosting/shared', '/etc']) host.outside('mount', '-t', 'nullfs', '-o', 'ro', source, ROOT)
  expect(mountedIn(host, 'web1')).toEqual(['', ''])
  await applied(host, web1)
  expect(mountedIn(host, 'web1')).toEqual([])
})

test('jail-4: one that is in use fails, names it, and is not forced', async () => {
  start()
  host.outside('jail', '-R', 'web1')
  const leave = host.tree.occupy(`${ROOT}/home`)
  await expect(applied(host, web1)).rejects.toThrow(/umount.*web1\/root\/home.*Device busy/)
  leave()
  await applied(host, web1)
  expect(mountedIn(host, 'web1')).toEqual([])
})

test('while it runs nothing is unmounted, and what does not belong is told', async () => {
  start()
  host.tree.mkdir('/media')
  host.outside('mount', '-t', 'nullfs', '/media', `${ROOT}/mnt`)
  host.outside('mount', '-t', 'nullfs', '/media', `${ROOT}/tmp`)
  const report = await applied(host, web1)
  expect(report.steps).toEqual([])
  expect(stateOf(report).pending.join('\n')).toMatch(/\/media is mounted at .*root\/tmp, where it does not belong/)
  expect(stateOf(report).pending.join('\n')).toMatch(/root\/tmp is mounted more than once/)
})
