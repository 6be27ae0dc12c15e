import { expect, test } from 'vitest'
import { describeStep } from '../../modules/core/step.ts'
import { isReadOnly, isWithin, mountLegacy, parseMounts, unmount } from '../../modules/freebsd/mount.ts'
import { linesOf, printed } from './transcript.ts'

test('mount-1: the JSON form is read as it is, a space in a name too', () => {
  const lines = printed('02-mounts', /^\{"mount"/)
  expect(lines.length).toBeGreaterThan(1)
  expect(lines.flatMap(parseMounts).map(({ node }) => node)).toContain('/tmp/with space')
  expect(parseMounts(lines[0] ?? '')[0]).toEqual({
    special: '/blueprints/2026Q4-a',
    node: '/jails/web1/root',
    fstype: 'nullfs',
    options: ['local', 'noatime', 'read-only', 'nfsv4acls'],
  })
})

test('the pretty form is the same table', () => {
  const text = linesOf('02-mounts').find(({ cmd }) => cmd?.includes('json,pretty'))?.stdout ?? ''
  expect(parseMounts(text).map(mount => [mount.special, isReadOnly(mount)])).toContainEqual([
    'zroot/blueprints/2026Q4-a',
    true,
  ])
})

test.each(['', 'zroot on / (zfs)', '{}', '{"mount": {"mounted": [{"node": "/"}]}}'])('%j is no table', text => {
  expect(() => parseMounts(text)).toThrow(/cannot read/)
})

test('what is within what', () => {
  expect(isWithin('/a/b', '/a')).toBe(true)
  expect(isWithin('/a', '/a')).toBe(true)
  expect(isWithin('/ab', '/a')).toBe(false)
  expect(isWithin('/ab', '/')).toBe(true)
})

test('live-5: unmounted by the name that the table has, and never by force', () => {
  expect(describeStep(unmount({ node: '/hosting/instances/web1/root/var/db' }))).toBe(
    'umount /hosting/instances/web1/root/var/db',
  )
  expect(describeStep(mountLegacy('zroot/a', '/b'))).toBe('mount -t zfs zroot/a /b')
})
