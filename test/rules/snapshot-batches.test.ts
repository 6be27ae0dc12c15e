/** Commands that destroy exactly what is to go. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isAtOrBelow } from '../../modules/freebsd/zfs-names.ts'
import { type Batch, destroyBatches, type NamesByDataset } from '../../modules/rules/snapshot/batches.ts'

const sets = (given: Record<string, string[]>): NamesByDataset =>
  new Map(Object.entries(given).map(([dataset, names]) => [dataset, new Set(names)]))
const words = (batches: readonly Batch[]) =>
  batches.map(({ dataset, recursive, names }) => `${recursive ? '-r ' : ''}${dataset}@${names.join(',')}`)

test('a name that goes everywhere below a dataset goes in one command', () => {
  const all = sets({ 'p/a': ['1', '2', '3'], 'p/a/x': ['1', '2', '3'], 'p/a/y': ['1', '3'] })
  const doomed = sets({ 'p/a': ['1', '2'], 'p/a/x': ['1', '2'], 'p/a/y': ['1'] })
  expect(words(destroyBatches(doomed, all, new Set(all.keys()), 100))).toEqual(['-r p/a@1,2'])
})

test('one that stays somewhere below goes from each dataset by itself', () => {
  const all = sets({ 'p/a': ['1'], 'p/a/x': ['1'], 'p/a/x/deep': ['1'], 'p/a/y': ['1'] })
  const doomed = sets({ 'p/a': ['1'], 'p/a/x': ['1'], 'p/a/x/deep': ['1'] })
  expect(words(destroyBatches(doomed, all, new Set(all.keys()), 100))).toEqual(['-r p/a/x@1', 'p/a@1'])
})

test('what is not ours is no root of a command', () => {
  const all = sets({ 'p/a/x': ['1'], 'p/a/y': ['1'] })
  expect(words(destroyBatches(all, all, new Set(['p/a/x', 'p/a/y']), 100))).toEqual(['p/a/x@1', 'p/a/y@1'])
  expect(words(destroyBatches(all, all, new Set(['p/a', 'p/a/x', 'p/a/y']), 100))).toEqual(['-r p/a@1'])
})

test('p/ab is not below p/a', () => {
  const all = sets({ 'p/a': ['1'], 'p/ab': ['1'] })
  expect(words(destroyBatches(all, all, new Set(all.keys()), 100))).toEqual(['p/a@1', 'p/ab@1'])
})

const NAMES = ['1', '2', '3', '4']
const DATASETS = ['p', 'p/a', 'p/a/x', 'p/a/x/1', 'p/a/y', 'p/ab', 'p/b', 'p/b/x', 'q', 'q/a']
const stocks = fc
  .array(fc.record({ exists: fc.subarray(NAMES), doomed: fc.subarray(NAMES), isOurs: fc.boolean() }), {
    minLength: DATASETS.length,
    maxLength: DATASETS.length,
  })
  .map(rows => DATASETS.map((dataset, at) => ({ dataset, ...(rows[at] ?? { exists: [], doomed: [], isOurs: false }) })))

test('whatever is to go goes once, and nothing else with it', () => {
  fc.assert(
    fc.property(stocks, fc.integer({ min: 1, max: 12 }), (rows, cap) => {
      const existing = sets(Object.fromEntries(rows.map(({ dataset, exists }) => [dataset, exists])))
      const doomed = sets(
        Object.fromEntries(
          rows.map(({ dataset, exists, doomed, isOurs }) => [
            dataset,
            isOurs ? doomed.filter(name => exists.includes(name)) : [],
          ]),
        ),
      )
      const ours = new Set(rows.filter(({ isOurs }) => isOurs).map(({ dataset }) => dataset))
      const gone = destroyBatches(doomed, existing, ours, cap).flatMap(batch => {
        expect(batch.snapshots.length).toBeLessThanOrEqual(cap)
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
