/** Two pools in memory, by the rules of zfs-send(8) and zfs-receive(8), for what is decided about replicas. */
import type { Resumable } from '../../modules/rules/replica/decide.ts'
import { exchanging } from '../../modules/rules/replica/filling.ts'
import { marksOf } from '../../modules/rules/replica/marks.ts'
import { bookmarkOf, fillingOf } from '../../modules/rules/replica/names.ts'
import { baseOf, type DatasetSeen, type Point, type Side, snapshotsOf } from '../../modules/rules/replica/side.ts'
import { type Item, isWork, planTree, type TreeWishes } from '../../modules/rules/replica/tree.ts'

/** `content` stands for every byte of it: two with the same are equal. */
interface Snapshot extends Point {
  readonly content: number
}

export interface ModelDataset {
  content: number
  readOnly: boolean
  neverMounted: boolean
  partial: Resumable | undefined
  points: Snapshot[]
}

export type Pool = Map<string, ModelDataset>

let counter = 1
export const fresh = () => counter++

export const made = (): ModelDataset => ({
  content: fresh(),
  readOnly: false,
  neverMounted: false,
  partial: undefined,
  points: [],
})

export function snapshot(dataset: ModelDataset, name = `s${fresh()}`): void {
  const [guid, createtxg] = [String(fresh()), fresh()]
  dataset.points.push({ kind: 'snapshot', name, guid, createtxg, content: dataset.content })
}

export const sideOf = (pool: Pool, root: string, isEncrypted = false): Side =>
  new Map(
    [...pool]
      .filter(([name]) => [root, fillingOf(root)].some(top => name === top || name.startsWith(`${top}/`)))
      .map(([name, dataset]): [string, DatasetSeen] => [
        name.slice(root.length),
        {
          name,
          type: 'filesystem',
          isEncrypted,
          isReadOnly: dataset.readOnly,
          isNeverMounted: dataset.neverMounted,
          points: [...dataset.points].sort((a, b) => a.createtxg - b.createtxg),
          ...(dataset.partial && { token: `token of ${name}` }),
        },
      ]),
  )

export interface Model {
  readonly source: Pool
  readonly target: Pool
  /** How many of the coming sends are cut off halfway. */
  cuts: number
  /** After so many renames of the next exchange, the power goes. */
  lasts?: number | undefined
  /** Default: `copy`. */
  readonly name?: string
  /** Default: SOURCE and TARGET. */
  readonly roots?: readonly [source: string, target: string]
  readonly isEncrypted?: boolean
}

export const SOURCE = 'zroot/data'
export const TARGET = 'backup/data'
export const WISHES: TreeWishes = { diverged: 'refuse', history: true, exclude: [] }

/** One run of the program: rounds until nothing is to be done that has not just failed. Returns what it last decided. */
export function replicate(model: Model, wishes = WISHES, switching: readonly string[] = []): Item[] {
  const [from, to] = model.roots ?? [SOURCE, TARGET]
  const name = model.name ?? 'copy'
  const failed = new Set<string>()
  for (let round = 0; ; round++) {
    if (round > 60) throw new Error('there is no end to it')
    const source = sideOf(model.source, from, model.isEncrypted)
    const target = seenWithChanges(source, sideOf(model.target, to, model.isEncrypted), model)
    const tokens = new Map(
      [...target.values()].map(({ token, name }) => [token ?? '', model.target.get(name)?.partial]),
    )
    const learned = { tokens, refused: new Map(), switching: new Set(switching) }
    const items = planTree(source, target, to, wishes, learned)
    const work = items.filter(item => isWork(item) && !failed.has(item.path))
    for (const item of items) {
      const dataset = model.source.get(item.source.name) as ModelDataset
      const { make, drop } = marksOf(name, item)
      for (const point of make) {
        dataset.points.push({ ...(point as Snapshot), kind: 'bookmark', name: bookmarkOf(name, point) })
      }
      dataset.points = dataset.points.filter(point => !drop.some(each => each.name === point.name))
    }
    if (work.length === 0) return items
    for (const item of work) {
      const outcome = perform(model, item)
      if (outcome === 'short') return items
      if (outcome !== 'done') failed.add(item.path)
    }
  }
}

/** What `written` tells of each copy, and of snapshots of its own. */
const seenWithChanges = (source: Side, target: Side, model: Model): Side =>
  new Map(
    [...target].map(([path, copy]) => {
      const { content, points: all } = model.target.get(copy.name) as ModelDataset
      const points = all.filter(({ kind }) => kind === 'snapshot')
      const original = source.get(path)
      const base = original === undefined ? undefined : baseOf(original, copy)
      const since =
        base === undefined ? points.slice(-1) : points.slice(points.findIndex(({ guid }) => guid === base.guid))
      const isChanged = since.length > 0 && [...since, { content }].some(each => each.content !== since[0]?.content)
      return [path, isChanged ? { ...copy, isChanged } : copy]
    }),
  )

function perform(model: Model, { decision, source, target: seen, targetName }: Item) {
  const { target } = model
  const from = model.source.get(source.name) as ModelDataset
  const copy = target.get(targetName)
  switch (decision.kind) {
    case 'placeholder':
      target.set(targetName, { ...made(), readOnly: true, neverMounted: true })
      return 'done'
    case 'abandon':
      if (copy === undefined) throw new Error(`nothing to abandon of ${targetName}`)
      if (copy.points.length === 0) target.delete(targetName)
      copy.partial = undefined
      return 'done'
    case 'rotate':
      rename(
        target,
        targetName,
        `${targetName}-diverged-${new Date(fresh() * 1000).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`,
      )
      return 'done'
    case 'exchange': {
      const steps = exchanging(decision, seen, targetName, new Date(fresh() * 1000))
      const lasts = model.lasts ?? steps.length
      model.lasts = undefined
      for (const { command } of steps.slice(0, lasts)) {
        const [from = '', to = ''] = command.slice(-2)
        rename(target, from, to)
      }
      return lasts < steps.length ? 'short' : 'done'
    }
    case 'full':
      if (copy !== undefined) throw new Error(`${targetName} exists`)
      target.set(targetName, { ...made(), readOnly: true })
      return receive(model, from, target.get(targetName) as ModelDataset, [decision.to], source.name)
    case 'resume':
      if (copy?.partial === undefined) throw new Error(`${targetName} is not half received`)
      return receive(model, from, copy, [decision.to], source.name)
    case 'incremental': {
      if (copy === undefined || copy.partial !== undefined) throw new Error(`${targetName} cannot take an increment`)
      if (decision.through && decision.from.kind === 'bookmark') throw new Error('-I from a bookmark')
      const base = copy.points.find(({ kind, guid }) => kind === 'snapshot' && guid === decision.from.guid)
      if (base === undefined) throw new Error(`${targetName} has not got the base`)
      if (copy.content !== base.content) throw new Error(`${targetName} has been modified`)
      if (model.isEncrypted && copy.points.findLast(({ kind }) => kind === 'snapshot') !== base)
        throw new Error(`${targetName} has been modified`)
      const all = snapshotsOf({ points: from.points } as never as DatasetSeen)
      const between = all.filter(
        one => one.createtxg > decision.from.createtxg && one.createtxg <= decision.to.createtxg,
      )
      return receive(model, from, copy, decision.through ? between : [decision.to], source.name)
    }
    default:
      throw new Error(`${decision.kind} is not work`)
  }
}

function rename(pool: Pool, from: string, to: string) {
  if (!pool.has(from)) throw new Error(`there is no ${from}`)
  if (pool.has(to)) throw new Error(`there is a ${to}`)
  for (const [name, dataset] of [...pool])
    if (name === from || name.startsWith(`${from}/`)) {
      pool.delete(name)
      pool.set(`${to}${name.slice(from.length)}`, dataset)
    }
}

function receive(model: Model, from: ModelDataset, copy: ModelDataset, what: readonly Point[], name: string) {
  for (const { guid } of what) {
    const sent = from.points.find(point => point.guid === guid && point.kind === 'snapshot')
    if (sent === undefined) throw new Error(`${name} has no such snapshot`)
    if (model.cuts > 0) {
      model.cuts--
      copy.partial = { guid, name: `${name}@${sent.name}` }
      return 'cut'
    }
    if (copy.points.some(point => point.name === sent.name)) throw new Error(`${sent.name} is there already`)
    copy.partial = undefined
    copy.content = sent.content
    copy.points.push({ ...sent, createtxg: fresh() })
  }
  return 'done'
}
