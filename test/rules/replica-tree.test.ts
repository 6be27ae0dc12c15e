/** What is next for a whole tree and its copy. */
import { describe, expect, test } from 'vitest'
import type { DatasetSeen } from '../../modules/rules/replica/side.ts'
import { planTree } from '../../modules/rules/replica/tree.ts'
import { brief, NOTHING_LEARNED, REFUSING, seen } from './replica-words.ts'

describe('a tree', () => {
  const tree = (...datasets: [string, readonly string[]][]) =>
    new Map(datasets.map(([path, words]) => [path, seen(`zroot/i${path}`, words)]))
  const wishes = { ...REFUSING, exclude: ['*/tmp'] }
  const learned = { ...NOTHING_LEARNED, switching: new Set<string>() }
  const plan = (source: ReturnType<typeof tree>, target: ReturnType<typeof tree>, more: object = {}) =>
    planTree(source, target, 'backup/i', { ...wishes, ...more }, learned).map(
      ({ path, decision }) => `${path} ${brief(decision)}`,
    )

  test('begins at the top, and what is without a snapshot holds what is below', () => {
    const source = tree(['', []], ['/web1', ['a:1']], ['/web1/etc', ['a:2']], ['/web1/tmp', ['a:3']])
    expect(plan(source, tree())).toEqual([
      ' placeholder',
      '/web1 waits: the copy of the dataset above it is not there',
      '/web1/etc waits: the copy of the dataset above it is not there',
    ])
    expect(plan(source, tree(['', []]))).toEqual([
      ' skipped: zroot/i has no snapshot',
      '/web1 full a',
      '/web1/etc waits: the copy of the dataset above it is not there',
    ])
  })

  test('has nothing of what this program or a restore put aside, nor of what is below that', () => {
    const aside = ['-diverged-20261122T120000Z', '-placeholder-20261122T120000Z', '-bluejail-filling']
    const restored = ['-before-20261122T120000Z', '-restored-20261122T120000Z', '-restoring', '-reading']
    const names = [...aside, ...restored].flatMap(suffix => [`/web1${suffix}`, `/web1${suffix}/etc`])
    const source = tree(['', ['r:1']], ['/web1', ['a:2']], ...names.map(name => [name, ['a:3']] as [string, string[]]))
    expect(plan(source, tree(['', ['r:1']]))).toEqual([' nothing', '/web1 full a'])
    const alike = tree(['', ['r:1']], ['/before-20261122T120000Z', ['a:2']], ['/web1-restoring2', ['a:3']])
    expect(plan(alike, tree(['', ['r:1']]))).toHaveLength(3)
  })

  test('fills a placeholder beside it, and what is below goes on meanwhile', () => {
    const source = tree(['', ['r:1', 'r2:2']], ['/web1', ['a:2', 'b:3']])
    const [[, placeholder] = []] = tree(['', []])
    if (placeholder === undefined) throw new Error('there is none')
    const target = new Map([...tree(['/web1', ['a:2']]), ['', { ...placeholder, isNeverMounted: true }] as const])
    expect(plan(source, target)).toEqual([' full r', '/web1 incremental a.b'])
    expect(plan(source, new Map([...target, ...tree(['-bluejail-filling', ['r:1']])]))).toEqual([
      ' exchange',
      '/web1 waits: the dataset above it is replaced',
    ])
  })

  test('takes along what is below when it is begun anew', () => {
    const source = tree(['', ['r:1']], ['/web1', ['a:2']], ['/web1/etc', ['a:3', 'b:4']], ['/web2', ['a:5']])
    const below = tree(['/web1/etc', ['a:3']], ['/web2', ['a:5']])
    const rotated = (path: string, is: Partial<DatasetSeen> = {}) => {
      const one: DatasetSeen = { ...seen(`zroot/i${path}`, ['x:9']), ...is }
      return plan(source, new Map([...tree(['', ['r:1']], ['/web1', ['a:2']]), ...below, [path, one]]), {
        diverged: 'rotate',
      })
    }
    expect(rotated('')).toEqual([
      " rotate: zroot/i and zroot/i have no snapshot in common (the copy's last is @x)",
      '/web1 waits: the dataset above it is begun anew',
      '/web1/etc waits: the dataset above it is begun anew',
      '/web2 waits: the dataset above it is begun anew',
    ])
    for (const otherwise of [{ isEncrypted: true }, { type: 'volume' as const }])
      expect(rotated('/web1', otherwise).slice(1)).toEqual([
        expect.stringMatching(/^\/web1 rotate: zroot\/i\/web1 /),
        '/web1/etc waits: the dataset above it is begun anew',
        '/web2 nothing',
      ])
    expect(rotated('/web1', { isReadOnly: false }).slice(1)).toEqual([
      expect.stringMatching(/^\/web1 diverged: .*; it stays, since zroot\/i\/web1 is not read-only, and so in use$/),
      '/web1/etc incremental a.b',
      '/web2 nothing',
    ])
    // What is half received for the first time is nobody's.
    const half = tree(['', ['x:9']])
    half.set('/web1', { ...seen('zroot/i/web1', []), isReadOnly: false, token: '1-half' })
    expect(plan(source, half, { diverged: 'rotate' })[0]).toMatch(/^ rotate: /)
    // All else goes over to what it is replaced by.
    expect(rotated('/web1').slice(1)).toEqual(['/web1 full a', '/web1/etc incremental a.b', '/web2 nothing'])
  })

  test('leaves out an instance that is being switched, and none whose name merely begins like it', () => {
    const source = tree(['', ['r:1']], ['/web1', ['a:2']], ['/web1/etc', ['a:3']], ['/web10', ['a:5']])
    const items = planTree(source, tree(['', ['r:1']]), 'backup/i', wishes, {
      ...learned,
      switching: new Set(['zroot/i/web1']),
    })
    expect(items.map(({ path, decision }) => [path, decision.kind])).toEqual([
      ['', 'nothing'],
      ['/web1', 'skipped'],
      ['/web1/etc', 'skipped'],
      ['/web10', 'full'],
    ])
  })

  test('what was set aside on either side is nobody’s source', () => {
    const source = tree(['', ['r:1']], ['/web1-diverged-20261122T120000Z', ['a:2']])
    expect(plan(source, tree(['', ['r:1']]))).toEqual([' nothing'])
  })
})
