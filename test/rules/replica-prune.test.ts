/** Snapshots that replication itself takes go again, and never the last that a replica can go on from. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sparedFor } from '../../modules/rules/replica/marks.ts'
import { isOwnSnapshot, isSetAside, ownSnapshot } from '../../modules/rules/replica/names.ts'
import { outlivedBy } from '../../modules/rules/replica/prune.ts'
import { baseOf } from '../../modules/rules/replica/side.ts'
import { fresh, type Model, type ModelDataset, made, replicate, SOURCE, sideOf, snapshot } from './replica-sides.ts'

const PATHS = ['', '/web1', '/web1/etc']
const NEAR = 'backup/near'

/** One source with two copies, and a copy of the first of these. */
interface World {
  readonly models: readonly Model[]
}

function world(): World {
  const [source, near, far, third] = [
    new Map(PATHS.map(path => [SOURCE + path, made()])),
    new Map(),
    new Map(),
    new Map(),
  ]
  return {
    models: [
      { source, target: near, cuts: 0, name: 'near', roots: [SOURCE, NEAR] },
      { source, target: far, cuts: 0, name: 'far', roots: [SOURCE, 'far/copy'] },
      { source: near, target: third, cuts: 0, name: 'third', roots: [NEAR, 'third/copy'] },
    ],
  }
}

const lose = (pool: Model['source'], name: string, gone: readonly { readonly name: string }[]) => {
  const dataset = pool.get(name)
  if (dataset !== undefined)
    dataset.points = dataset.points.filter(point => !gone.some(each => each.name === point.name))
}

/** As `run --snapshot` does; what it prunes is as if nobody held it. */
function run(model: Model, isOwn: boolean): void {
  if (model.source.size === 0) return
  if (isOwn)
    for (const dataset of model.source.values())
      if (!dataset.readOnly || isChained(model)) snapshot(dataset, ownSnapshot(new Date(fresh() * 1000)))
  for (const item of replicate(model)) {
    const { source, target } = outlivedBy(model.name ?? '', item)
    lose(model.source, item.source.name, source)
    if (item.target !== undefined) lose(model.target, item.target.name, target)
  }
}

const isChained = ({ name }: Model) => name === 'third'

/** As `autosnap` does on the source, with everything expired. */
function expire({ points }: ModelDataset): readonly { readonly name: string }[] {
  const dated = (kind: string) =>
    points.filter(point => point.kind === kind).map(point => ({ ...point, moment: point.createtxg }))
  const spared = sparedFor(dated('snapshot'), dated('bookmark'), 3)
  return dated('snapshot').filter(({ name }) => !spared.has(name))
}

const bases = ({ models }: World) =>
  models.flatMap(({ source, target, name, roots: [from, to] = ['', ''] }) => {
    const [there, copies] = [sideOf(source, from), sideOf(target, to)]
    return PATHS.flatMap(path => {
      const [one, copy] = [there.get(path), copies.get(path)]
      return one !== undefined && copy !== undefined && baseOf(one, copy) !== undefined ? [`${name} ${path}`] : []
    })
  })

type Deed = (world: World, model: Model, path: string) => void
const deeds: Record<string, Deed> = {
  write: ({ models: [first] }, _model, path) => {
    const dataset = first?.source.get(SOURCE + path)
    if (dataset !== undefined) dataset.content = fresh()
  },
  snapshot: ({ models: [first] }, _model, path) => {
    const dataset = first?.source.get(SOURCE + path)
    if (dataset !== undefined) snapshot(dataset)
  },
  cut: (_world, model) => {
    model.cuts++
  },
  run: (_world, model) => run(model, false),
  'run with a snapshot': (_world, model) => run(model, !isChained(model)),
  prune: ({ models: [first] }, _model, path) => {
    const dataset = first?.source.get(SOURCE + path)
    if (first !== undefined && dataset !== undefined) lose(first.source, SOURCE + path, expire(dataset))
  },
}

const histories = fc.array(fc.tuple(fc.constantFrom(...Object.keys(deeds)), fc.nat(2), fc.constantFrom(...PATHS)), {
  maxLength: 60,
})

test('in any history, no prune takes the last common base of any replica', () => {
  fc.assert(
    fc.property(histories, history => {
      const lived = world()
      for (const [deed, which, path] of history) {
        const before = bases(lived)
        deeds[deed]?.(lived, lived.models[which] as Model, path)
        expect(bases(lived)).toEqual(expect.arrayContaining(before))
      }
      for (const model of lived.models) {
        model.cuts = 0
        for (const { decision } of replicate(model)) expect(['nothing', 'skipped', 'waits']).toContain(decision.kind)
      }
    }),
    { numRuns: 1_000 },
  )
})

/** Some rounds of runs with a snapshot, each replica in turn; what is left of theirs, by dataset. */
function leftAfter({ models }: World, rounds: number): number[] {
  for (const model of models) model.cuts = 0
  for (let round = 0; round < rounds; round++) for (const model of models) run(model, !isChained(model))
  const pools = new Set(models.flatMap(({ source, target }) => [source, target]))
  return [...pools].flatMap(pool =>
    [...pool].flatMap(([name, { points }]) => (isSetAside(name) ? [] : [points.filter(isOwnSnapshot).length])),
  )
}

test('one of them is left on each side', () => {
  fc.assert(
    fc.property(histories, history => {
      const [model] = world().models
      const lived = { models: model === undefined ? [] : [model] }
      for (const [deed, , path] of history) deeds[deed]?.(lived, lived.models[0] as Model, path)
      expect(new Set(leftAfter(lived, 1))).toEqual(new Set([1]))
    }),
  )
})

test('of several replicas, for each its last two at most, however often they run', () => {
  fc.assert(
    fc.property(histories, fc.integer({ min: 3, max: 9 }), (history, rounds) => {
      const lived = world()
      for (const [deed, which, path] of history) deeds[deed]?.(lived, lived.models[which] as Model, path)
      expect(Math.max(...leftAfter(lived, rounds))).toBeLessThanOrEqual(4)
    }),
  )
})
