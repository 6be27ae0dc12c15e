/** Which policy a dataset has. */
import { describe, expect, test } from 'vitest'
import { readOptions } from '../../modules/core/options.ts'
import { attach } from '../../modules/rules/snapshot/attach.ts'
import { SETTINGS } from '../../modules/rules/snapshot/options.ts'
import { policyFile, readPolicyFile, settingsOf } from '../../modules/rules/snapshot/settings.ts'

function wantedOf(given: object) {
  const read = readOptions(SETTINGS, given)
  if ('problems' in read) throw new Error(read.problems.join('; '))
  return read.values
}
const settings = (given: object) => settingsOf(wantedOf(given))

const policies = [
  { name: 'default', hourly: 24, daily: 7 },
  { name: 'often', frequent: 8, hourly: 24 },
]
const rows = (given: Record<string, Record<string, string>>) =>
  new Map(Object.entries(given).map(([name, properties]) => [name, new Map(Object.entries(properties))]))
const attached = (datasets: Record<string, Record<string, string>>, more: object) =>
  Object.fromEntries(
    attach(rows(datasets), settings({ policies, ...more })).attached.map(({ name, policy }) => [name, policy.name]),
  )

test('the nearest of the list counts, and `off` ends it', () => {
  const datasets = { 'z/i': {}, 'z/i/a': {}, 'z/i/a/var': {}, 'z/i/a/tmp': {}, 'z/i/a/tmp/x': {}, 'z/ib': {} }
  const list = [
    { name: 'z/i', policy: 'default' },
    { name: 'z/i/a', policy: 'often', recursive: false },
    { name: 'z/i/a/tmp', policy: 'off' },
  ]
  expect(attached(datasets, { datasets: list })).toEqual({ 'z/i': 'default', 'z/i/a': 'often', 'z/i/a/var': 'default' })
})

test('a star stands for any one component, and a name goes before it', () => {
  const datasets = {
    'z/i/a': {},
    'z/i/a/tmp': {},
    'z/i/b/tmp': {},
    'z/i/b/tmp/x': {},
    'z/i/b/x/tmp': {},
    'z/i/tmp': {},
  }
  const list = [
    { name: 'z/i', policy: 'default' },
    { name: 'z/i/*/tmp', policy: 'off' },
    { name: 'z/i/a/tmp', policy: 'often' },
  ]
  expect(attached(datasets, { datasets: list })).toEqual({
    'z/i/a': 'default',
    'z/i/a/tmp': 'often',
    'z/i/b/x/tmp': 'default',
    'z/i/tmp': 'default',
  })
})

test('the property goes before the list', () => {
  const datasets = { 'z/a': { 'bluejail:autosnap': 'often' }, 'z/b': { 'bluejail:autosnap': 'off' }, 'z/c': {} }
  expect(attached(datasets, { datasets: [{ name: 'z', policy: 'default' }] })).toEqual({
    'z/a': 'often',
    'z/c': 'default',
  })
})

test('a property may have another name', () =>
  expect(attached({ 'z/a': { 'site:snap': 'often' } }, { property: 'site:snap' })).toEqual({ 'z/a': 'often' }))

test('a policy that nobody knows is told once, with the first dataset', () => {
  const odd = { 'bluejail:autosnap': 'dayly' }
  const { attached, problems } = attach(rows({ 'z/a': odd, 'z/b': odd }), settings({ policies }))
  expect([attached, problems]).toEqual([
    [],
    ['z/a and 1 more: bluejail:autosnap=dayly names no policy. Known are: default, often, off.'],
  ])
})

describe("zfstools' property", () => {
  const COM_SUN = 'com.sun:auto-snapshot'

  test('means nothing unless a policy is named for it', () =>
    expect(attached({ z: { [COM_SUN]: 'true' } }, {})).toEqual({}))

  test('true, mysql and postgresql have that policy, any other value none, even where the list has one', () => {
    const datasets = {
      'z/a': { [COM_SUN]: 'true' },
      'z/b': { [COM_SUN]: 'mysql' },
      'z/c': { [COM_SUN]: 'false' },
      'z/d': {},
      'y/e': {},
    }
    expect(attached(datasets, { zfstools_policy: 'often', datasets: [{ name: 'z/c', policy: 'default' }] })).toEqual({
      'z/a': 'often',
      'z/b': 'often',
    })
  })

  test('goes for a tier by its own label first; what is neither of the three is a no', () => {
    const label = (tier: string, value: string) => ({ [`${COM_SUN}:${tier}`]: value })
    const tiers = (row: Record<string, string>) =>
      attach(rows({ z: row }), settings({ policies, zfstools_policy: 'often' })).attached.map(
        ({ policy }) => policy.takes,
      )
    expect(tiers({ [COM_SUN]: 'false', ...label('hourly', 'true') })).toEqual([['hourly']])
    expect(tiers(label('hourly', 'mysql'))).toEqual([['hourly']])
    expect(tiers({ [COM_SUN]: 'true', ...label('hourly', 'no') })).toEqual([['frequent']])
    expect(tiers({ [COM_SUN]: 'true', ...label('hourly', 'no'), ...label('frequent', 'no') })).toEqual([])
    expect(tiers(label('daily', 'true'))).toEqual([])
    expect(tiers(label('hourly', 'false'))).toEqual([])
  })

  test('a label leaves a tier out', () => {
    const row = { [COM_SUN]: 'true', [`${COM_SUN}:frequent`]: 'false' }
    const found = attach(rows({ 'z/a': row, 'z/b': row }), settings({ policies, zfstools_policy: 'often' })).attached
    expect(found.map(({ policy }) => policy.takes)).toEqual([['hourly'], ['hourly']])
    expect(found[0]?.policy).toBe(found[1]?.policy)
  })

  test('narrows what is taken and not what is kept, of the policy that the list gives too', () => {
    const row = { [`${COM_SUN}:hourly`]: 'false' }
    const given = { policies, zfstools_policy: 'often', datasets: [{ name: 'z/a', policy: 'default' }] }
    const [found] = attach(rows({ 'z/a': row }), settings(given)).attached
    expect(found?.policy.takes).toEqual(['daily'])
    expect(found?.policy.keep).toMatchObject({ hourly: 24, daily: 7 })
    const none = { ...row, [`${COM_SUN}:daily`]: 'false' }
    expect(attached({ 'z/a': none }, given)).toEqual({})
  })

  test('says nothing of pruning only, unless it forbids all', () => {
    const given = {
      policies: [...policies, { name: 'copies', daily: 30, take: false }],
      zfstools_policy: 'often',
      datasets: [{ name: 'z', policy: 'copies' }],
    }
    expect(attached({ z: { [`${COM_SUN}:daily`]: 'false' } }, given)).toEqual({ z: 'copies' })
    expect(attached({ z: { [COM_SUN]: 'false' } }, given)).toEqual({})
  })
})

test('what was set aside by a restore or by replication has no policy, whatever it inherits', () => {
  const own = { 'bluejail:autosnap': 'often' }
  const names = ['z/var-before-20261122T120000Z', 'z/var-before-20261122T120000Z/db', 'z/c-diverged-20261122T120000Z']
  const datasets = Object.fromEntries([...names, 'z/go-before-lunch'].map(name => [name, own]))
  expect(attached(datasets, { datasets: [{ name: 'z', policy: 'default' }] })).toEqual({ 'z/go-before-lunch': 'often' })
})

test('the policy file says what the task said', () => {
  const given = {
    policies: [
      {
        name: 'p',
        hourly: 2,
        timezone: 'Europe/Amsterdam',
        hooks: ['mariadb'],
        adopt: [{ names: 'sanoid', keep: { daily: 3 } }],
      },
    ],
    datasets: [{ name: 'z', policy: 'p' }],
  }
  expect(readPolicyFile(policyFile(wantedOf(given)))).toEqual(settings(given))
})

test.each([
  [{ policies: [{ name: 'p' }] }, /would never take a snapshot/],
  [{ policies: [{ name: 'off', daily: 1 }] }, /cannot be a policy's name/],
  [
    {
      policies: [
        { name: 'p', daily: 1 },
        { name: 'p', daily: 2 },
      ],
    },
    /two policies named 'p'/,
  ],
  [{ policies: [{ name: 'p', daily: 1, timezone: 'Europe/Atlantis' }] }, /no time zone/],
  [{ policies: [{ name: 'p', daily: 1, hooks: [{ kind: 'command' }] }] }, /needs 'before' or 'after'/],
  [{ policies: [{ name: 'p', daily: 1, hooks: [{ kind: 'mariadb', before: ['x'] }] }] }, /not 'mariadb'/],
  [{ policies: [{ name: 'p', daily: 1, hooks: [{ kind: 'command', before: ['x'] }] }] }, /by its whole path/],
  [{ policies, datasets: [{ name: 'z', policy: 'dayly' }] }, /'dayly', which is not among 'policies': default, often/],
  [{ policies, datasets: [{ name: '/z', policy: 'often' }] }, /cannot be a dataset's name/],
  [
    {
      policies,
      datasets: [
        { name: 'z', policy: 'often' },
        { name: 'z', policy: 'off' },
      ],
    },
    /'z' is there twice/,
  ],
  [{ policies, datasets: [{ name: 'z/a*', policy: 'often' }] }, /cannot be a dataset's name/],
  [{ policies: [{ name: 'p', daily: 1, group: 'policy', hooks: ['mariadb'] }] }, /in an instance, and the group/],
  [
    { policies: [{ name: 'p', daily: 1, group: 'policy', hooks: [{ kind: 'command', inside: true, before: ['x'] }] }] },
    /in an instance, and the group/,
  ],
  [
    { policies: [{ name: 'p', daily: 1, group: 'dataset', hooks: ['postgresql'] }] },
    /one after the other. Leave 'group'/,
  ],
  [{ policies: [{ name: 'p', daily: 1, take: false, hooks: ['mariadb'] }] }, /takes none, so 'hooks' would never/],
  [{ policies: [{ name: 'p', daily: 1, take: false, skip_empty: true }] }, /takes none, so 'skip_empty' would never/],
  [{ policies, property: 'compression' }, /is not a user property's name/],
])('%j is refused', (given, why) => expect(() => settings(given)).toThrow(why))
