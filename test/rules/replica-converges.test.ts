/** Whatever happened on both sides, a run ends with a copy of the newest snapshot, or says of each dataset why not. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sparedFor } from '../../modules/rules/replica/marks.ts'
import { isWork } from '../../modules/rules/replica/tree.ts'
import {
  fresh,
  type Model,
  type ModelDataset,
  made,
  replicate,
  SOURCE,
  snapshot,
  TARGET,
  WISHES,
} from './replica-sides.ts'

const PATHS = ['', '/web1', '/web1/etc', '/db1']

type Deed = (model: Model, path: string, pick: number) => void
const at = <T>(list: readonly T[], pick: number) => list[pick % Math.max(1, list.length)]

const onSource: Record<string, Deed> = {
  write: ({ source }, path) => {
    const dataset = source.get(SOURCE + path)
    if (dataset !== undefined) dataset.content = fresh()
  },
  snapshot: ({ source }, path) => {
    const dataset = source.get(SOURCE + path)
    if (dataset !== undefined) snapshot(dataset)
  },
  create: ({ source }, path) => {
    if (!source.has(SOURCE + path)) source.set(SOURCE + path, made())
  },
  prune: ({ source }, path, pick) => {
    const dataset = source.get(SOURCE + path)
    const gone = at(dataset?.points.filter(({ kind }) => kind === 'snapshot') ?? [], pick)
    if (dataset !== undefined) dataset.points = dataset.points.filter(point => point !== gone)
  },
  rename: ({ source }, path, pick) => {
    const dataset = source.get(SOURCE + path)
    const renamed = at(dataset?.points.filter(({ kind }) => kind === 'snapshot') ?? [], pick)
    if (dataset !== undefined)
      dataset.points = dataset.points.map(point => (point === renamed ? { ...point, name: `n${fresh()}` } : point))
  },
}

const amongOthers: Record<string, Deed> = {
  replicate: model => void replicate(model),
  cut: model => {
    model.cuts++
  },
  'power that goes in an exchange': (model, _path, pick) => {
    model.lasts = pick % 4
  },
  'a snapshot of the copy': ({ target }, path) => {
    const copy = target.get(TARGET + path)
    if (copy !== undefined && copy.partial === undefined && copy.points.length > 0) snapshot(copy)
  },
}

const hostile: Record<string, Deed> = {
  'a change of the copy': ({ target }, path) => {
    const copy = target.get(TARGET + path)
    if (copy !== undefined) copy.content = fresh()
  },
  'pruning of the copy': ({ target }, path, pick) => {
    const copy = target.get(TARGET + path)
    const gone = at(copy?.points ?? [], pick)
    if (copy !== undefined) copy.points = copy.points.filter(point => point !== gone)
  },
  'a copy made live': ({ target }, path) => {
    const copy = target.get(TARGET + path)
    if (copy !== undefined) copy.readOnly = false
  },
  'marks that go': ({ source }, path) => {
    const dataset = source.get(SOURCE + path)
    if (dataset !== undefined) dataset.points = dataset.points.filter(({ kind }) => kind === 'snapshot')
  },
}

const histories = (deeds: Record<string, Deed>) =>
  fc.array(fc.tuple(fc.constantFrom(...Object.keys(deeds)), fc.constantFrom(...PATHS), fc.nat(9)), { maxLength: 40 })

function lived(
  deeds: Record<string, Deed>,
  history: readonly (readonly [string, string, number])[],
  isEncrypted = false,
): Model {
  const model: Model = {
    isEncrypted,
    source: new Map(PATHS.slice(0, 3).map(path => [SOURCE + path, made()])),
    target: new Map(),
    cuts: 0,
  }
  for (const [deed, path, pick] of history) deeds[deed]?.(model, path, pick)
  model.cuts = 0
  model.lasts = undefined
  return model
}

const newest = (dataset: ModelDataset | undefined) =>
  dataset?.points
    .filter(({ kind }) => kind === 'snapshot')
    .sort((a, b) => a.createtxg - b.createtxg)
    .at(-1)

/** The newest, or a later one of which the source has no more than a bookmark. */
const hasNewest = (model: Model, path: string) => {
  const { points } = model.source.get(SOURCE + path) as ModelDataset
  const last = newest(model.source.get(SOURCE + path))?.createtxg ?? 0
  const there = new Set(model.target.get(TARGET + path)?.points.map(({ guid }) => guid))
  return points.some(({ guid, createtxg }) => createtxg >= last && there.has(guid))
}

describe('a copy', () => {
  test('that nobody touches always gets the newest snapshot, whatever is cut off, pruned or renamed on the source', () => {
    const deeds = { ...onSource, ...amongOthers }
    fc.assert(
      fc.property(histories(deeds), history => {
        const model = lived(deeds, history)
        const items = replicate(model)
        expect(items.filter(isWork)).toEqual([])
        for (const { path, source, decision } of items) {
          if (!source.points.some(({ kind }) => kind === 'snapshot')) continue
          expect(decision.kind).toBe('nothing')
          expect(hasNewest(model, path)).toBe(true)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('that was changed, pruned or made live gets the newest snapshot, or it is said why not; nothing of it is lost', () => {
    const deeds = { ...onSource, ...amongOthers, ...hostile }
    fc.assert(
      fc.property(histories(deeds), fc.boolean(), (history, isEncrypted) => {
        const model = lived(deeds, history, isEncrypted)
        const guidsOf = () => [...model.target.values()].flatMap(({ points }) => points.map(({ guid }) => guid))
        const before = guidsOf()
        const items = replicate(model)
        expect(items.filter(isWork)).toEqual([])
        for (const { path, source, decision } of items) {
          if (!source.points.some(({ kind }) => kind === 'snapshot')) continue
          if (decision.kind === 'nothing') expect(hasNewest(model, path)).toBe(true)
          else expect('why' in decision && decision.why).toMatch(/\w/)
        }
        expect(guidsOf()).toEqual(expect.arrayContaining(before))
      }),
      { numRuns: 1_000 },
    )
  })

  test('is begun anew where that is wished, and what was there is kept beside it', () => {
    const deeds = { ...onSource, ...amongOthers, ...hostile }
    const wishes = { ...WISHES, diverged: 'rotate' } as const
    fc.assert(
      fc.property(histories(deeds), fc.boolean(), (history, isEncrypted) => {
        const model = lived(deeds, history, isEncrypted)
        const before = [...model.target.values()].flatMap(({ points }) => points.map(({ guid }) => guid))
        for (const copy of model.target.values()) copy.readOnly = true
        const items = replicate(model, wishes)
        for (const { path, source, decision } of items)
          if (source.points.some(({ kind }) => kind === 'snapshot')) {
            expect(decision).toMatchObject({ kind: 'nothing' })
            expect(hasNewest(model, path)).toBe(true)
          }
        const after = new Set([...model.target.values()].flatMap(({ points }) => points.map(({ guid }) => guid)))
        expect(before.filter(guid => !after.has(guid))).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('with the newest alone has that one', () => {
    fc.assert(
      fc.property(histories({ ...onSource, ...amongOthers }), history => {
        const model = lived(onSource, history)
        replicate(model, { ...WISHES, history: false })
        for (const [name, dataset] of model.target)
          if (dataset.points.length > 0) {
            expect(dataset.points).toHaveLength(1)
            expect(hasNewest(model, name.slice(TARGET.length))).toBe(true)
          }
      }),
    )
  })
})

test('a copy that was changed is known for one before anything is sent, and begun anew once', () => {
  const model: Model = { source: new Map([[SOURCE, made()]]), target: new Map(), cuts: 0 }
  const [source] = model.source.values()
  snapshot(source as ModelDataset)
  replicate(model)
  const copy = model.target.get(TARGET) as ModelDataset
  copy.content = fresh()
  snapshot(source as ModelDataset)
  const why = expect.stringMatching(/was changed after what it received last/)
  expect(replicate(model)).toMatchObject([{ decision: { kind: 'diverged', why } }])
  expect(replicate(model, { ...WISHES, diverged: 'rotate' })).toMatchObject([{ decision: { kind: 'nothing' } }])
  expect([...model.target.values()]).toContain(copy)
  expect(model.target.size).toBe(2)
})

test('what pruning is to spare holds the base, and no more than so many of those that wait', () => {
  fc.assert(
    fc.property(histories({ ...onSource, ...amongOthers }), fc.integer({ min: 1, max: 5 }), (history, most) => {
      const model = lived({ ...onSource, ...amongOthers }, history)
      const [top] = replicate(model)
      fc.pre(top?.decision.kind === 'nothing')
      const waiting = model.source.get(SOURCE) as ModelDataset
      const base = newest(waiting)
      snapshot(waiting)
      const dated = (kind: string) =>
        waiting.points.filter(point => point.kind === kind).map(point => ({ ...point, moment: point.createtxg }))
      const spared = sparedFor(dated('snapshot'), dated('bookmark'), most)
      expect(spared.size).toBeLessThanOrEqual(most)
      if (most >= 2) expect([...spared.keys()]).toContain(base?.name)
      expect(new Set(spared.values())).toEqual(new Set(['copy']))
    }),
  )
})
