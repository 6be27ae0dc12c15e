/** What may be a name (module/zcommon/zfs_namecheck.c; libzfs_dataset.c: zfs_validate_name), and finding what it names. */
import type { Machine } from '../machine.ts'
import type { Bookmark, Dataset, Snapshot } from '../state.ts'
import { type Failing, failure, WHY } from './errors.ts'
import type { Kind } from './table.ts'

export interface Entry {
  readonly name: string
  readonly kind: Kind
  readonly dataset: Dataset
  readonly snapshot?: Snapshot
  readonly bookmark?: Bookmark
}

/** Throws where the name could not be one of the given kinds. */
export function checkName(name: string, kinds: string, failing: Failing, modifying = true): void {
  const why = nameProblem(name, kinds, modifying)
  if (why !== undefined) throw failure(failing, why)
}

function nameProblem(name: string, kinds: string, modifying: boolean): string | undefined {
  if (!kinds.includes('s') && name.includes('@')) return "snapshot delimiter '@' is not expected here"
  if (kinds === 's' && !name.includes('@')) return "missing '@' delimiter in snapshot name"
  if (!kinds.includes('b') && name.includes('#')) return "bookmark delimiter '#' is not expected here"
  if (kinds === 'b' && !name.includes('#')) return "missing '#' delimiter in bookmark name"
  if (modifying && name.includes('%')) return 'invalid character % in name'
  if (name.length >= 256) return 'name is too long'
  if (name.startsWith('/')) return 'leading slash in name'
  if (name.endsWith('/')) return 'trailing slash in name'
  if (/[@#].*[@#]/.test(name)) return "multiple '@' and/or '#' delimiters in name"
  const components = name.split(/[/@#]/)
  if (components.includes('')) return "empty component or misplaced '@' or '#' delimiter in name"
  const strange = /[^\w\-:. %]/.exec(components.join(''))
  if (strange !== null) return `invalid character '${strange[0]}' in name`
  if (/[@#].*\//.test(name)) return "invalid character '/' in name"
  if (components.includes('.')) return "self reference, '.' is found in name"
  if (components.includes('..')) return "parent reference, '..' is found in name"
  return undefined
}

const datasetEntry = (dataset: Dataset): Entry => ({
  name: dataset.name,
  kind: dataset.type === 'volume' ? 'v' : 'f',
  dataset,
})
export const snapshotEntry = (dataset: Dataset, snapshot: Snapshot): Entry => ({
  name: `${dataset.name}@${snapshot.name}`,
  kind: 's',
  dataset,
  snapshot,
})
const bookmarkEntry = (dataset: Dataset, bookmark: Bookmark): Entry => ({
  name: `${dataset.name}#${bookmark.name}`,
  kind: 'b',
  dataset,
  bookmark,
})

export function find(machine: Machine, name: string): Entry | undefined {
  const [owner = '', tag] = name.split(/[@#]/)
  const dataset = machine.dataset(owner)
  if (dataset === undefined) return undefined
  if (tag === undefined) return datasetEntry(dataset)
  const snapshot = name.includes('@') ? dataset.snapshots.find(each => each.name === tag) : undefined
  if (snapshot !== undefined) return snapshotEntry(dataset, snapshot)
  const bookmark = name.includes('#') ? dataset.bookmarks.find(each => each.name === tag) : undefined
  return bookmark && bookmarkEntry(dataset, bookmark)
}

/** zfs_open. */
export function open(machine: Machine, name: string, kinds: string): Entry {
  const failing = `cannot open '${name}'`
  checkName(name, kinds, failing, false)
  const entry = find(machine, name)
  if (entry === undefined) throw failure(failing, WHY.missing)
  if (!kinds.includes(entry.kind)) throw failure(failing, WHY.badType)
  return entry
}

export const parentName = (name: string): string | undefined =>
  name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : undefined
export const poolName = (name: string) => name.split(/[/@#]/)[0] ?? ''
export const isBelow = (name: string, top: string) => name.startsWith(`${top}/`)

export const children = (machine: Machine, name: string): readonly Dataset[] =>
  machine.once('children', () => byParent(machine.state.datasets), 'names').get(name) ?? []

function byParent(datasets: readonly Dataset[]): Map<string, Dataset[]> {
  const groups = new Map<string, Dataset[]>()
  for (const dataset of [...datasets].sort(byName)) {
    const parent = parentName(dataset.name)
    if (parent === undefined) continue
    const group = groups.get(parent)
    if (group === undefined) groups.set(parent, [dataset])
    else group.push(dataset)
  }
  return groups
}

/** The dataset itself and all below it, parents first. */
export const tree = (machine: Machine, name: string): Dataset[] =>
  machine.state.datasets.filter(dataset => dataset.name === name || isBelow(dataset.name, name)).sort(byName)

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)

export const snapshotEntries = (dataset: Dataset) => dataset.snapshots.map(each => snapshotEntry(dataset, each))
export const bookmarkEntries = (dataset: Dataset) => dataset.bookmarks.map(each => bookmarkEntry(dataset, each))
export const entryOf = datasetEntry

/** The snapshot with this guid, wherever a rename or a promotion has taken it. */
export function snapshotByGuid(machine: Machine, pool: string, guid: string): Entry | undefined {
  for (const dataset of machine.state.datasets) {
    if (poolName(dataset.name) !== pool) continue
    const snapshot = dataset.snapshots.find(each => each.guid === guid)
    if (snapshot !== undefined) return snapshotEntry(dataset, snapshot)
  }
  return undefined
}

/** The snapshot that a dataset is a clone of. */
export function originOf(machine: Machine, { origin }: Dataset): Entry | undefined {
  if (origin === undefined) return undefined
  for (const dataset of machine.state.datasets) {
    const snapshot = dataset.snapshots.find(each => each.storage === origin)
    if (snapshot !== undefined) return snapshotEntry(dataset, snapshot)
  }
  return undefined
}

export const clonesOf = (machine: Machine, { snapshot }: Entry): Dataset[] =>
  snapshot === undefined ? [] : machine.state.datasets.filter(({ origin }) => origin === snapshot.storage)

/** check_parents (libzfs_dataset.c). */
export function checkParent(machine: Machine, name: string): Dataset {
  const failing = `cannot create '${name}'`
  const parent = parentName(name)
  if (parent === undefined) throw failure(failing, 'missing dataset name')
  const pool = poolName(name)
  if (!machine.state.pools.some(each => each.name === pool)) throw failure(failing, `no such pool '${pool}'`)
  const dataset = machine.dataset(parent)
  if (dataset === undefined) throw failure(failing, 'parent does not exist')
  if (dataset.type !== 'filesystem') throw failure(failing, 'parent is not a filesystem')
  return dataset
}
