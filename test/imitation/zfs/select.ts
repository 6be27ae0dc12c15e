/** Which things a command is about: its operands, `-r`, `-d`, `-t` (cmd/zfs/zfs_iter.c, zfs_for_each). */
import type { Machine } from '../machine.ts'
import { type Flags, type Screen, Unknown } from '../screen.ts'
import { attempt } from './errors.ts'
import { bookmarkEntries, children, type Entry, entryOf, open, snapshotEntries } from './names.ts'
import { cell } from './print.ts'

export interface Selection {
  readonly kinds: string
  /** How far below each operand: 0 for itself alone. */
  readonly depth: number
}

/** The operands' things, sorted by name, and the exit status that operands which are not there leave behind. */
export function select(
  machine: Machine,
  screen: Screen,
  names: readonly string[],
  { kinds, depth }: Selection,
): { readonly entries: Entry[]; readonly status: number } {
  const found = new Map<string, Entry>()
  let status = 0
  const add = (entry: Entry, left: number) => {
    if (kinds.includes(entry.kind)) found.set(entry.name, entry)
    if (left === 0 || 'sb'.includes(entry.kind)) return
    const lookDeeper = left > 1 || kinds.includes('f') || kinds.includes('v')
    if (lookDeeper) for (const child of children(machine, entry.name)) add(entryOf(child), left - 1)
    if (kinds.includes('s')) for (const snapshot of snapshotEntries(entry.dataset)) add(snapshot, left - 1)
    if (kinds.includes('b')) for (const bookmark of bookmarkEntries(entry.dataset)) add(bookmark, left - 1)
  }
  if (names.length === 0) {
    for (const pool of machine.state.pools) {
      const root = machine.dataset(pool.name)
      if (root !== undefined) add(entryOf(root), Number.POSITIVE_INFINITY)
    }
  }
  for (const name of names) {
    if (name.startsWith('/') || name.startsWith('./')) throw new Unknown(`operand ${name} (a path)`)
    status |= attempt(screen, () => add(open(machine, name, depth > 0 ? `${kinds}fv` : kinds), depth))
  }
  return { entries: [...found.values()].sort(byName), status }
}

/** zfs_sort: by name, but a dataset before its snapshots, and those by age. */
function byName(a: Entry, b: Entry): number {
  const [left, right] = [a, b].map(({ name, kind }) => (kind === 's' ? (name.split('@')[0] ?? '') : name)) as [
    string,
    string,
  ]
  if (left !== right) return left < right ? -1 : 1
  return (a.snapshot?.createtxg ?? 0) - (b.snapshot?.createtxg ?? 0)
}

export interface SortKey {
  readonly property: string
  readonly descending: boolean
}

/** zfs_compare: by each key in turn, what has no value last, and by name at the end. */
export function sort(machine: Machine, entries: Entry[], keys: readonly SortKey[]): Entry[] {
  const value = (entry: Entry, { property }: SortKey) => cell(machine, entry, property, true)?.value
  return entries.sort((a, b) => {
    for (const key of keys) {
      const [left, right] = [value(a, key), value(b, key)]
      if (left === right) continue
      if (left === undefined || right === undefined) return left === undefined ? 1 : -1
      const numbers = /^\d+$/.test(left) && /^\d+$/.test(right)
      const less = numbers ? BigInt(left) < BigInt(right) : left < right
      return less === key.descending ? 1 : -1
    }
    return byName(a, b)
  })
}

const KINDS: Readonly<Record<string, string>> = {
  filesystem: 'f',
  fs: 'f',
  volume: 'v',
  vol: 'v',
  snapshot: 's',
  snap: 's',
  bookmark: 'b',
  all: 'fvsb',
}

/** `-t`, `-r` and `-d`; a list of snapshots or bookmarks alone goes one level down from its operands. */
export function selection({ set, values }: Flags, operands: readonly string[], usual: string): Selection {
  const kinds = values
    .get('t')
    ?.flatMap(list => list.split(','))
    .map(type => KINDS[type] ?? unknownType(type))
    .join('')
  const depth = values.get('d')?.at(-1)
  if (depth !== undefined) return { kinds: kinds ?? usual, depth: Number(depth) }
  if (set.has('r')) return { kinds: kinds ?? usual, depth: Number.POSITIVE_INFINITY }
  return { kinds: kinds ?? usual, depth: (kinds === 's' || kinds === 'b') && operands.length > 0 ? 1 : 0 }
}

function unknownType(type: string): never {
  throw new Unknown(`type ${type}`)
}
