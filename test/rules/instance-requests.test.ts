import { describe, expect, test } from 'vitest'
import { requestsOf, type TaskOptions } from '../../modules/rules/instance/requests.ts'

const one = (options: TaskOptions) => requestsOf({ id: 'web1', blueprint: '2026Q4-php83', ...options })

test('what stands beside the list holds for each that does not say otherwise', () => {
  const requests = requestsOf({
    blueprint: '2026Q4-php83',
    overlays: [],
    instances: [
      { id: 'web1' },
      { id: 'web2', blueprint: '2027Q1-php84', overlays: ['etc/rc.d'] },
      { id: 'web3', state: 'absent' },
    ],
  })
  expect(requests.map(({ id, blueprint, overlays, state }) => [id, blueprint, overlays, state])).toEqual([
    ['web1', '2026Q4-php83', [], 'present'],
    ['web2', '2027Q1-php84', ['etc/rc.d'], 'present'],
    ['web3', '2026Q4-php83', [], 'absent'],
  ])
})

test('paths may begin with a slash', () => {
  expect(one({ mounts: [{ path: '/home/x/', shared: 'x' }] })[0]?.extras[0]?.path).toBe('home/x')
})

describe('refused before anything is looked at', () => {
  test.each<[string, TaskOptions, RegExp]>([
    ['neither one nor a list', { id: undefined }, /give either `id`/],
    ['one and a list', { instances: [{ id: 'web2' }] }, /give either `id`/],
    ['an id that is no name of a jail', { id: 'web.1' }, /cannot be an instance's id/],
    ['no blueprint', { blueprint: undefined }, /web1: `blueprint` is required/],
    ['a blueprint that is a path', { blueprint: '../x' }, /cannot be a blueprint's name/],
    ['a list with an instance twice', { id: undefined, instances: [{ id: 'a' }, { id: 'a' }] }, /a is listed twice/],
    ['a path that leads out', { overlays: ['etc/../../x'] }, /it contains '\.\.'/],
    ['a path that is the root', { additional_writable: [{ path: '/' }] }, /it is the root/],
    ['a path with a line break', { overlays: ['etc/a\nb'] }, /control character/],
    ['what jail(8) mounts itself', { mounts: [{ path: 'dev', tmpfs: '1m' }] }, /mounted by jail\(8\) itself/],
    [
      'a dataset outside the instance',
      { additional_writable: [{ path: 'srv', dataset: '../x' }] },
      /cannot be called '\.\.\/x'/,
    ],
    ['a mount from nowhere', { mounts: [{ path: 'srv' }] }, /needs one of/],
    ['a mount from two things', { mounts: [{ path: 'srv', shared: 'x', tmpfs: '1m' }] }, /needs one of/],
    [
      'shared data of another name',
      { mounts: [{ path: 'srv', shared: '../instances/web2' }] },
      /cannot be the name of shared data/,
    ],
    [
      'what belongs to an instance',
      { mounts: [{ path: 'srv', host: '/hosting/instances/web2/root/home' }] },
      /belongs to hosting itself/,
    ],
    ['what contains an instance', { mounts: [{ path: 'srv', host: '/hosting' }] }, /belongs to hosting itself/],
    ['shared data as if it were the host', { mounts: [{ path: 'srv', host: '/hosting/shared/x' }] }, /use `shared`/],
    ['a relative path of the host', { mounts: [{ path: 'srv', host: 'etc' }] }, /does not begin with a slash/],
    [
      'writing to the host',
      { mounts: [{ path: 'srv', host: '/usr/share', readonly: false }] },
      /read-only in an instance/,
    ],
    ['a size that is none', { mounts: [{ path: 'srv', tmpfs: 'much' }] }, /no size for a tmpfs/],
    [
      'an option that gives more',
      { additional_writable: [{ path: 'srv', options: ['suid'] }] },
      /'suid' cannot be used/,
    ],
    ['an option that is two', { mounts: [{ path: 'srv', shared: 'x', options: ['noexec,suid'] }] }, /cannot be used/],
    ['a dataset that is none', { hosting_dataset: '/zroot' }, /hosting_dataset '\/zroot' cannot be used/],
  ])('%s', (_what, options, message) => {
    expect(() => one(options)).toThrow(message)
  })
})
