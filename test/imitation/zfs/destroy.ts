/** zfs-destroy(8), as cmd/zfs/zfs_main.c, zfs_do_destroy and what it calls. */
import type { Machine } from '../machine.ts'
import { getopt, type Program, type Screen, Unknown } from '../screen.ts'
import type { Dataset } from '../state.ts'
import { attempt, fail } from './errors.ts'
import { children, clonesOf, type Entry, entryOf, find, isBelow, open, snapshotEntries, tree } from './names.ts'
import { removeDataset } from './remove.ts'
import { destroySnapshots } from './snapshots.ts'
import { niceBytes } from './values.ts'

interface Wish {
  readonly machine: Machine
  readonly screen: Screen
  readonly recurse: boolean
  readonly clones: boolean
  readonly defer: boolean
  readonly force: boolean
  readonly dry: boolean
  readonly verbose: boolean
  readonly exact: boolean
}

export const destroy: Program = (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'vpndfrR')
  const [name, ...more] = operands
  if (name === undefined || more.length > 0) throw new Unknown('number of operands')
  const wish: Wish = {
    machine,
    screen,
    recurse: set.has('r') || set.has('R'),
    clones: set.has('R'),
    defer: set.has('d'),
    force: set.has('f'),
    dry: set.has('n'),
    verbose: set.has('v') || set.has('p'),
    exact: set.has('p'),
  }
  if (name.includes('@')) return destroySpec(wish, name)
  if (name.includes('#')) return destroyBookmark(wish, name)
  return destroyDataset(wish, name)
}

/** `ds@a,b%c`: what is not there is passed over, but something must be (01-zfs.jsonl, `@nosuch` and `@nosuch,a`). */
function destroySpec(wish: Wish, name: string): number {
  const { machine, screen } = wish
  const [owner = '', spec = ''] = name.split(/@(.*)/s)
  let entries: Entry[] = []
  const opened = attempt(screen, () => {
    const { dataset } = open(machine, owner, 'fv')
    const datasets = wish.recurse ? tree(machine, dataset.name) : [dataset]
    entries = datasets.flatMap(each => inSpec(each, spec))
  })
  if (opened !== 0) return 1
  if (!wish.clones && !wish.defer) {
    const refused = entries.filter(entry => reportDependents(wish, entry))
    if (refused.length > 0) return 1
  }
  if (entries.length === 0) fail(screen, 'could not find any snapshots to destroy; check snapshot names.')
  if (wish.verbose) {
    for (const entry of entries) announce(wish, entry.name)
    screen.out(wish.exact ? 'reclaim\t0\n' : `${wish.dry ? 'would' : 'will'} reclaim ${niceBytes(0n)}\n`)
  }
  if (wish.dry) return 0
  return attempt(screen, () => {
    for (const clone of wish.clones ? entries.flatMap(entry => clonesOf(machine, entry)) : []) destroyTree(wish, clone)
    destroySnapshots(machine, entries, wish.defer)
  })
}

function inSpec(dataset: Dataset, spec: string): Entry[] {
  const entries = snapshotEntries(dataset)
  const at = (tag: string) => dataset.snapshots.findIndex(each => each.name === tag)
  return spec.split(',').flatMap(part => {
    const [first = '', last] = part.split('%')
    if (last === undefined) return entries.filter(({ snapshot }) => snapshot?.name === part)
    const from = first === '' ? 0 : at(first)
    const to = last === '' ? entries.length - 1 : at(last)
    return from < 0 || to < 0 ? [] : entries.slice(from, to + 1)
  })
}

function destroyBookmark({ machine, screen, dry, defer, recurse }: Wish, name: string): number {
  if (dry) fail(screen, 'dryrun is not supported with bookmark', 255)
  if (defer) fail(screen, 'defer destroy is not supported with bookmark', 255)
  if (recurse) fail(screen, 'recursive is not supported with bookmark', 255)
  const entry = find(machine, name)
  if (entry?.bookmark === undefined) fail(screen, `bookmark '${name}' does not exist.`)
  entry.dataset.bookmarks.splice(entry.dataset.bookmarks.indexOf(entry.bookmark), 1)
  machine.changed()
  return 0
}

function destroyDataset(wish: Wish, name: string): number {
  const { machine, screen } = wish
  let entry: Entry | undefined
  const opened = attempt(screen, () => {
    entry = open(machine, name, wish.defer ? 's' : 'fvs')
  })
  if (opened !== 0 || entry === undefined) return 1
  if (!name.includes('/') && entry.kind === 'f' && !wish.recurse)
    fail(
      screen,
      `cannot destroy '${name}': operation does not apply to pools\nuse 'zfs destroy -r ${name}' to destroy all datasets in the pool\nuse 'zpool destroy ${name}' to destroy the pool itself`,
    )
  if (!wish.clones && reportDependents(wish, entry)) return 1
  return destroyTree(wish, entry.dataset)
}

/** zfs_iter_dependents: below a dataset its children and then its snapshots, each snapshot's clones before it. */
function dependents(machine: Machine, entry: Entry): Entry[] {
  if (entry.kind === 's')
    return clonesOf(machine, entry).flatMap(clone => [...dependents(machine, entryOf(clone)), entryOf(clone)])
  return [
    ...children(machine, entry.name).flatMap(child => [...dependents(machine, entryOf(child)), entryOf(child)]),
    ...snapshotEntries(entry.dataset).flatMap(each => [...dependents(machine, each), each]),
  ]
}

/** destroy_check_dependent: whether something stands in the way; says what, and which flag would take it too. */
function reportDependents({ machine, screen, recurse }: Wish, target: Entry): boolean {
  const type = target.kind === 's' ? 'snapshot' : target.dataset.type
  const all = dependents(machine, target)
  const own = (name: string) => isBelow(name, target.name) || name.startsWith(`${target.name}@`)
  const clones = recurse || target.kind === 's' ? all.filter(({ name }) => !own(name)) : []
  const below = recurse ? [] : all.filter(({ name }) => own(name))
  const inTheWay = clones.length > 0 ? clones : below
  if (inTheWay.length === 0) return false
  const [what, flag] = clones.length > 0 ? ['dependent clones', '-R'] : ['children', '-r']
  screen.err(`cannot destroy '${target.name}': ${type} has ${what}\nuse '${flag}' to destroy the following datasets:\n`)
  screen.err(inTheWay.map(({ name }) => `${name}\n`).join(''))
  return true
}

/** destroy_callback: snapshots in one go before each dataset; with -r or -R it goes on past what cannot be destroyed. */
function destroyTree(wish: Wish, dataset: Dataset): number {
  const { machine, screen } = wish
  const seen = new Set<string>()
  const order = [...dependents(machine, entryOf(dataset)), entryOf(dataset)].filter(({ name }) => {
    const first = !seen.has(name)
    seen.add(name)
    return first
  })
  let batch: Entry[] = []
  let status = 0
  for (const entry of order) {
    if (wish.verbose) announce(wish, entry.name)
    if (wish.dry || !entry.name.includes('/')) continue
    if (entry.kind === 's') {
      batch.push(entry)
      continue
    }
    status |= attempt(screen, () => {
      const snapshots = batch
      batch = []
      destroySnapshots(machine, snapshots, false)
      removeDataset(machine, entry.dataset, wish.force)
    })
  }
  if (!wish.dry) status |= attempt(screen, () => destroySnapshots(machine, batch, false))
  return status
}

function announce({ screen, exact, dry }: Wish, name: string): void {
  screen.out(exact ? `destroy\t${name}\n` : `${dry ? 'would' : 'will'} destroy ${name}\n`)
}
