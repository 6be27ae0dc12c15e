import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseFstab } from '../../modules/freebsd/fstab.ts'
import { isWithin } from '../../modules/freebsd/mount.ts'
import { formatOf, plannedMounts, renderInstanceFstab } from '../../modules/rules/instance/mounts.ts'
import { requestsOf, type TaskOptions } from '../../modules/rules/instance/requests.ts'

const mountsOf = (options: TaskOptions) =>
  requestsOf({ id: 'web1', blueprint: '2026Q4-php83', ...options }).flatMap(plannedMounts)
const pathsOf = (options: TaskOptions) => mountsOf(options).map(({ path }) => path)

test('the blueprint, then writable datasets, then overlays, then the rest', () => {
  expect(pathsOf({ mounts: [{ path: '/home/files', shared: 'customer1' }] })).toEqual([
    '',
    ...['etc', 'usr/local/etc', 'usr/local/www', 'var', 'var/db', 'home', 'root', 'tmp'],
    ...['etc/rc.d', 'etc/defaults', 'usr/local/etc/rc.d', 'var/db/pkg'],
    'home/files',
  ])
})

test('what each is mounted from, and how', () => {
  const lines = renderInstanceFstab(
    mountsOf({
      writable: ['etc', 'home', { path: 'var/db/mysql', dataset: 'mysql', options: ['nosuid'] }].map(one =>
        typeof one === 'string' ? { path: one } : one,
      ),
      overlays: ['etc/rc.d'],
      mounts: [
        { path: 'home/files', shared: 'customer1' },
        { path: 'home/read', shared: 'customer2', readonly: true },
        { path: 'etc/resolv.conf', host: '/etc/resolv.conf' },
        { path: 'media', tmpfs: '64m', options: ['noexec', 'mode=755'] },
      ],
    }),
  ).split('\n')
  const root = '/hosting/instances/web1/root'
  expect(lines.slice(1, -1)).toEqual([
    `/hosting/blueprints/2026Q4-php83 ${root} nullfs ro 0 0`,
    `zroot/hosting/instances/web1/etc ${root}/etc zfs rw 0 0`,
    `zroot/hosting/instances/web1/home ${root}/home zfs rw 0 0`,
    `zroot/hosting/instances/web1/mysql ${root}/var/db/mysql zfs rw,nosuid 0 0`,
    `/hosting/blueprints/2026Q4-php83/etc/rc.d ${root}/etc/rc.d nullfs ro 0 0`,
    `/hosting/shared/customer1 ${root}/home/files nullfs rw 0 0`,
    `/hosting/shared/customer2 ${root}/home/read nullfs ro 0 0`,
    `/etc/resolv.conf ${root}/etc/resolv.conf nullfs ro 0 0`,
    `tmpfs ${root}/media tmpfs rw,noexec,mode=755,size=64m 0 0`,
  ])
  expect(formatOf(lines.join('\n'))).toBe(1)
  expect(parseFstab(lines.join('\n'))).toHaveLength(9)
})

test('another site', () => {
  expect(
    mountsOf({ hosting_dataset: 'tank/h', hosting_path: '/srv/h/', writable: [{ path: 'etc' }], overlays: [] }),
  ).toMatchObject([
    { special: '/srv/h/blueprints/2026Q4-php83', node: '/srv/h/instances/web1/root' },
    { special: 'tank/h/instances/web1/etc', node: '/srv/h/instances/web1/root/etc' },
  ])
})

test('parents come before children, in whatever order they are asked for', () => {
  const names = fc.constantFrom('a', 'b', 'c', 'd e')
  const path = fc.array(names, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/'))
  const writable = fc.uniqueArray(path, { maxLength: 12 })
  fc.assert(
    fc.property(writable, paths => {
      // Every directory above is writable too, so that nothing is refused.
      const all = [
        ...new Set(
          paths.flatMap(one =>
            one
              .split('/')
              .map((_, index, parts) => parts.slice(0, index + 1).join('/'))
              .reverse(),
          ),
        ),
      ]
      const nodes = mountsOf({
        writable: all.map(one => ({ path: one, dataset: one.replaceAll('/', ':') })),
        overlays: [],
      }).map(({ node }) => node)
      expect(nodes).toHaveLength(all.length + 1)
      nodes.forEach((node, index) => {
        expect(nodes.slice(0, index).filter(earlier => isWithin(earlier, node))).toEqual([])
      })
    }),
  )
})

describe('live-5: nothing is mounted where a customer can rename a directory above it away', () => {
  test.each<[string, TaskOptions]>([
    ['an overlay', { overlays: ['var/log/nginx'] }],
    ['a dataset', { additional_writable: [{ path: 'var/spool/mail' }] }],
    ['shared data', { mounts: [{ path: 'home/customer/files', shared: 'files' }] }],
  ])('%s', (_what, options) => {
    expect(() => mountsOf(options)).toThrow(/could rename (var\/log|var\/spool|home\/customer) away under it/)
  })

  test('directly in a dataset, or in what is read-only, is safe', () => {
    expect(
      pathsOf({ additional_writable: [{ path: 'var/log' }], overlays: ['var/log/nginx', 'usr/share/man'] }),
    ).toContain('var/log/nginx')
  })
})

test.each<[string, TaskOptions, RegExp]>([
  [
    'inside a tmpfs',
    {
      mounts: [
        { path: 'media', tmpfs: '1m' },
        { path: 'media/x', shared: 'x' },
      ],
    },
    /media\/x would lie inside the mount at media/,
  ],
  ['twice at one place', { mounts: [{ path: 'etc/rc.d', shared: 'x' }] }, /etc\/rc\.d is to be mounted twice/],
  [
    'one dataset in two places',
    { additional_writable: [{ path: 'srv', dataset: 'etc' }] },
    /instances\/web1\/etc is to be mounted in two places/,
  ],
  ['two paths of one name', { additional_writable: [{ path: 'var-db' }] }, /var-db is to be mounted in two places/],
  ['a line no fstab holds', { mounts: [{ path: `media/${' '.repeat(250)}x`, shared: 'x' }] }, /too long for an fstab/],
])('refused: %s', (_what, options, message) => {
  expect(() => mountsOf(options)).toThrow(message)
})
