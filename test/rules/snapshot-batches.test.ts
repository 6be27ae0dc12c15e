/** Commands that destroy exactly what is to go. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isAtOrBelow } from '../../modules/freebsd/zfs-names.ts'
import { type Batch, destroyBatches, type NamesByDataset, withoutAbove } from '../../modules/rules/snapshot/batches.ts'

const sets = (given: Record<string, string[]>): NamesByDataset =>
  new Map(Object.entries(given).map(([dataset, names]) => [dataset, new Set(names)]))
const words = (batches: readonly Batch[]) =>
  batches.map(({ dataset, recursive, names }) => `${recursive ? '-r ' : ''}${dataset}@${names.join(',')}`)

const CAPS = { usual: 100, wide: 0 }

test('a name that goes everywhere below a dataset goes in one command', () => {
  const all = sets({ 'p/a': ['1', '2', '3'], 'p/a/x': ['1', '2', '3'], 'p/a/y': ['1', '3'] })
  const doomed = sets({ 'p/a': ['1', '2'], 'p/a/x': ['1', '2'], 'p/a/y': ['1'] })
  expect(words(destroyBatches(doomed, all, new Set(all.keys()), CAPS))).toEqual(['-r p/a@1,2'])
})

test('one that stays somewhere below goes from each dataset by itself', () => {
  const all = sets({ 'p/a': ['1'], 'p/a/x': ['1'], 'p/a/x/deep': ['1'], 'p/a/y': ['1'] })
  const doomed = sets({ 'p/a': ['1'], 'p/a/x': ['1'], 'p/a/x/deep': ['1'] })
  expect(words(destroyBatches(doomed, all, new Set(all.keys()), CAPS))).toEqual(['-r p/a/x@1', 'p/a@1'])
})

test('what is not ours is no root of a command', () => {
  const all = sets({ 'p/a/x': ['1'], 'p/a/y': ['1'] })
  expect(words(destroyBatches(all, all, new Set(['p/a/x', 'p/a/y']), CAPS))).toEqual(['p/a/x@1', 'p/a/y@1'])
  expect(words(destroyBatches(all, all, new Set(['p/a', 'p/a/x', 'p/a/y']), CAPS))).toEqual(['-r p/a@1'])
})

test('one name of many children goes at once, but not of children that make commands of some size', () => {
  const flat = sets(
    Object.fromEntries(['p', ...Array.from({ length: 12 }, (_, at) => `p/${at}`)].map(each => [each, ['1']])),
  )
  const deep = sets(
    Object.fromEntries(['x', 'y', 'z'].flatMap(each => [1, 2, 3, 4].map(at => [`p/${each}/${at}`, ['1']]))),
  )
  const ours = new Set([...flat.keys(), ...deep.keys(), 'p/x', 'p/y', 'p/z'])
  expect(words(destroyBatches(flat, flat, ours, { usual: 5, wide: 20 }))).toEqual(['-r p@1'])
  expect(destroyBatches(flat, flat, ours, { usual: 5, wide: 10 })).toHaveLength(13)
  expect(words(destroyBatches(deep, deep, ours, { usual: 5, wide: 20 }))).toEqual(['-r p/x@1', '-r p/y@1', '-r p/z@1'])
})

test('p/ab is not below p/a', () => {
  const all = sets({ 'p/a': ['1'], 'p/ab': ['1'] })
  expect(words(destroyBatches(all, all, new Set(all.keys()), CAPS))).toEqual(['p/a@1', 'p/ab@1'])
})

test('nothing goes at once above a dataset whose snapshots nobody has judged', () => {
  const roots = withoutAbove(['p', 'p/a', 'p/a/x', 'p/ab', 'p/b'], ['p/a/x/late', 'p/b'])
  expect([...roots]).toEqual(['p/ab'])
})

const NAMES = ['1', '2', '3', '4']
const DATASETS = ['p', 'p/a', 'p/a/x', 'p/a/x/1', 'p/a/y', 'p/ab', 'p/b', 'p/b/x', 'q', 'q/a']
const stocks = fc
  .array(
    fc.record({
      exists: fc.subarray(NAMES),
      doomed: fc.subarray(NAMES),
      isOurs: fc.boolean(),
      isJudged: fc.oneof({ arbitrary: fc.constant(true), weight: 4 }, fc.constant(false)),
    }),
    { minLength: DATASETS.length, maxLength: DATASETS.length },
  )
  .map(rows =>
    DATASETS.map((dataset, at) => ({
      dataset,
      ...(rows[at] ?? { exists: [], doomed: [], isOurs: false, isJudged: true }),
    })),
  )

test('whatever is to go goes once, and nothing else with it', () => {
  fc.assert(
    fc.property(stocks, fc.integer({ min: 1, max: 12 }), fc.nat(12), (rows, usual, wide) => {
      const existing = sets(Object.fromEntries(rows.map(({ dataset, exists }) => [dataset, exists])))
      const doomed = sets(
        Object.fromEntries(
          rows.map(({ dataset, exists, doomed, isOurs, isJudged }) => [
            dataset,
            isOurs && isJudged ? doomed.filter(name => exists.includes(name)) : [],
          ]),
        ),
      )
      const known = sets(
        Object.fromEntries(rows.flatMap(({ dataset, exists, isJudged }) => (isJudged ? [[dataset, exists]] : []))),
      )
      const roots = withoutAbove(
        rows.filter(({ isOurs }) => isOurs).map(({ dataset }) => dataset),
        rows.filter(({ isJudged }) => !isJudged).map(({ dataset }) => dataset),
      )
      const gone = destroyBatches(doomed, known, roots, { usual, wide }).flatMap(batch => {
        expect(batch.snapshots.length).toBeLessThanOrEqual(batch.names.length === 1 ? Math.max(usual, wide) : usual)
        const hit = DATASETS.filter(each =>
          batch.recursive ? isAtOrBelow(each, batch.dataset) : each === batch.dataset,
        )
        const destroyed = hit.flatMap(each =>
          batch.names.filter(name => existing.get(each)?.has(name)).map(name => `${each}@${name}`),
        )
        expect([...batch.snapshots].sort()).toEqual(destroyed.sort())
        return destroyed
      })
      expect(gone.sort()).toEqual(
        [...doomed].flatMap(([each, names]) => [...names].map(name => `${each}@${name}`)).sort(),
      )
    }),
    { numRuns: 2000 },
  )
})
