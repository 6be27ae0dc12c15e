import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Mount } from '../../modules/freebsd/mount.ts'
import { compareMounts, describeComparison, unmountOrder } from '../../modules/rules/instance/compare.ts'
import { type PlannedMount, plannedMounts } from '../../modules/rules/instance/mounts.ts'
import { requestsOf } from '../../modules/rules/instance/requests.ts'

const ROOT = '/hosting/instances/web1/root'
const planned = requestsOf({ id: 'web1', blueprint: 'b' }).flatMap(plannedMounts)

/** As the table shows them once jail(8) has mounted them. */
const mounted = (mounts: readonly PlannedMount[]): Mount[] =>
  mounts.map(({ special, node, fstype, options }) => ({
    special,
    node,
    fstype,
    options: ['local', 'noatime', ...(options.includes('ro') ? ['read-only'] : []), 'nfsv4acls'],
  }))
const table = mounted(planned)
const at = (path: string) => table.find(({ node }) => node === `${ROOT}/${path}`) as Mount
const foreign = (path: string): Mount => ({ special: '/media', node: `${ROOT}/${path}`, fstype: 'nullfs', options: [] })
const jails: Mount[] = [
  { special: 'devfs', node: `${ROOT}/dev`, fstype: 'devfs', options: [] },
  { special: 'fdescfs', node: `${ROOT}/dev/fd`, fstype: 'fdescfs', options: [] },
]
const words = (mounts: readonly Mount[]) => describeComparison(compareMounts(mounts, planned, ROOT))

test('a table that is as planned differs in nothing, with what jail(8) mounts itself and what is elsewhere', () => {
  const elsewhere: Mount[] = [
    { special: 'zroot', node: '/zroot', fstype: 'zfs', options: [] },
    { special: '/media', node: '/hosting/instances/web10/root', fstype: 'nullfs', options: [] },
  ]
  expect(words([...elsewhere, ...table, ...jails])).toEqual([])
})

test('any plan agrees with itself', () => {
  const path = fc.constantFrom('srv', 'srv/a', 'srv/a/b', 'opt', 'opt/x', 'media')
  fc.assert(
    fc.property(fc.uniqueArray(path), paths => {
      const all = [
        ...new Set(paths.flatMap(one => one.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/')))),
      ]
      const mounts = requestsOf({
        id: 'web1',
        blueprint: 'b',
        additional_writable: all.map(one => ({ path: one })),
      }).flatMap(plannedMounts)
      expect(describeComparison(compareMounts(mounted(mounts), mounts, ROOT))).toEqual([])
    }),
  )
})

test('nothing mounted: all is missing', () => {
  expect(compareMounts([], planned, ROOT).missing).toEqual(planned)
})

describe('what a table can have wrong', () => {
  test.each<[string, Mount[], string[]]>([
    [
      'missing',
      table.filter(mount => mount !== at('var/db/pkg')),
      ['./var/db/pkg is not mounted (/hosting/blueprints/b/var/db/pkg)'],
    ],
    ['leaked', [...table, foreign('mnt')], ['/media is mounted at ./mnt, where it does not belong']],
    [
      'doubled',
      [...table, foreign('tmp')],
      [
        '/media is mounted at ./tmp, where it does not belong',
        './tmp is mounted more than once (/media lies over another)',
      ],
    ],
    [
      'doubled by itself',
      [...table, at('var/db/pkg')],
      ['./var/db/pkg is mounted more than once (/hosting/blueprints/b/var/db/pkg lies over another)'],
    ],
    [
      'another thing in its place',
      table.map(mount => (mount === at('etc') ? { ...mount, special: 'zroot/other' } : mount)),
      [
        './etc is not mounted (zroot/hosting/instances/web1/etc)',
        'zroot/other is mounted at ./etc, where it does not belong',
      ],
    ],
    [
      'writable',
      table.map(mount => (mount === at('etc/rc.d') ? { ...mount, options: ['local'] } : mount)),
      ['./etc/rc.d is writable and shall be read-only'],
    ],
    [
      'read-only',
      table.map(mount => (mount === at('etc') ? { ...mount, options: ['read-only'] } : mount)),
      ['./etc is read-only and shall be writable'],
    ],
    [
      'shadowed',
      [...table, foreign('usr')],
      [
        '/media is mounted at ./usr, where it does not belong',
        './usr/local/etc is hidden by /media at ./usr',
        './usr/local/www is hidden by /media at ./usr',
        './usr/local/etc/rc.d is hidden by /media at ./usr',
      ],
    ],
    [
      'misordered',
      [...table.filter(mount => mount !== at('var/db')), at('var/db')],
      ['./var/db/pkg is hidden: ./var/db was mounted after it'],
    ],
  ])('%s', (_what, mounts, sentences) => {
    expect(words(mounts).map(sentence => sentence.replaceAll(ROOT, '.'))).toEqual(sentences)
  })
})

test('innermost first is what was mounted last, whatever its name', () => {
  const mounts = [...table, foreign('etc'), ...jails]
  const order = unmountOrder(mounts)
  expect(order[0]).toBe(jails[1])
  expect(order.indexOf(mounts[table.length] as Mount)).toBeLessThan(order.indexOf(at('etc')))
  expect(order.at(-1)?.node).toBe(ROOT)
})
