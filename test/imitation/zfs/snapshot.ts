/** zfs-snapshot(8), zfs-bookmark(8), zfs-hold(8), zfs-rollback(8). */
import type { Machine } from '../machine.ts'
import { Exit, getopt, type Program, type Screen, Unknown } from '../screen.ts'
import { readAssignments } from './assignments.ts'
import { attempt, failure, WHY, ZfsFailure } from './errors.ts'
import { checkName, clonesOf, type Entry, find, open, tree } from './names.ts'
import { removeDataset } from './remove.ts'
import { destroySnapshots, sweepDeferred, takeSnapshot } from './snapshots.ts'
import { SNAPSHOT_USAGE } from './usage.ts'
import { validate } from './validate.ts'
import { niceDate } from './values.ts'

export const snapshot: Program = (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'ro:')
  if (operands.length === 0) throw new Unknown('number of operands')
  const wanted = readAssignments(screen, values.get('o') ?? [])
  const names = operands.flatMap(word => {
    const [owner = '', tag] = word.split(/@(.*)/s)
    if (tag === undefined) usage(screen)
    if (attempt(screen, () => void open(machine, owner, 'fv')) !== 0) usage(screen)
    const datasets = set.has('r')
      ? tree(machine, owner).filter(each => each.resumeToken === undefined)
      : [{ name: owner }]
    return datasets.map(dataset => `${dataset.name}@${tag}`)
  })
  const status = attempt(screen, () => takeAll(machine, [...new Set(names)], wanted))
  if (status !== 0 && (operands.length > 1 || set.has('r'))) screen.err('no snapshots were created\n')
  return status
}

function usage(screen: Screen): never {
  screen.err(SNAPSHOT_USAGE)
  throw new Exit(2)
}

/** zfs_snapshot_nvl and zfs_ioc_snapshot: all in one transaction, or none. */
function takeAll(machine: Machine, names: readonly string[], wanted: ReadonlyMap<string, string>): void {
  for (const name of names) checkName(name, 's', `cannot create snapshot '${name}'`)
  const all = 'cannot create snapshots '
  const properties = Object.fromEntries(validate(machine, wanted, { kind: 's' }, all))
  const owners = names.map(name => name.split('@')[0] ?? '')
  if (new Set(owners).size < owners.length) throw failure(all, 'multiple snapshots of same fs not allowed')
  const refusals = names.flatMap((name, at) => {
    const failing = `cannot create snapshot '${name}'`
    if (find(machine, name) !== undefined) return [failure(failing, WHY.exists).message]
    return machine.dataset(owners[at] ?? '')?.resumeToken === undefined ? [] : [failure(failing, WHY.busy).message]
  })
  if (refusals.length > 0) throw new ZfsFailure(refusals.join('\n'))
  const createtxg = machine.changed()
  for (const name of names) {
    const dataset = machine.dataset(name.split('@')[0] ?? '')
    if (dataset !== undefined) takeSnapshot(machine, dataset, name.split('@')[1] ?? '', createtxg, { properties })
  }
}

export const bookmark: Program = (machine, call, screen) => {
  const [source = '', name = '', ...more] = getopt(call.args, '').operands
  if (name === '' || more.length > 0) throw new Unknown('number of operands')
  const owner = source.split(/[@#]/)[0] ?? ''
  const full = name.startsWith('#') ? owner + name : name
  return attempt(screen, () => {
    const failing = `cannot create bookmark '${full}'`
    checkName(full, 'b', failing)
    const entry = find(machine, source)
    const from = entry?.snapshot ?? entry?.bookmark
    if (entry === undefined || from === undefined) throw failure(failing, WHY.missing)
    if (find(machine, full) !== undefined) throw failure(failing, 'bookmark exists')
    const { guid, createtxg, creation } = from
    entry.dataset.bookmarks.push({ name: full.split('#')[1] ?? '', guid, createtxg, creation })
    machine.changed()
  })
}

export const hold: Program = (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'r')
  const [tag = '', ...names] = operands
  return eachHeld(machine, screen, names, set.has('r'), 'hold', entries => {
    const refusals = entries
      .filter(({ snapshot }) => snapshot?.holds[tag] !== undefined)
      .map(({ name }) => failure(`cannot hold snapshot '${name}'`, 'tag already exists on this dataset').message)
    if (refusals.length > 0) throw new ZfsFailure(refusals.join('\n'))
    for (const { snapshot } of entries) if (snapshot !== undefined) snapshot.holds[tag] = machine.seconds
  })
}

export const release: Program = (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'r')
  const [tag = '', ...names] = operands
  return eachHeld(machine, screen, names, set.has('r'), 'release hold from', (entries, name) => {
    const held = entries.filter(({ snapshot }) => snapshot?.holds[tag] !== undefined)
    if (held.length === 0) throw failure(`cannot release hold from snapshot '${name}'`, 'no such tag on this dataset')
    for (const { snapshot } of held) delete snapshot?.holds[tag]
    machine.changed()
    sweepDeferred(machine)
  })
}

/** zfs_do_hold_rele_impl: each operand by itself; with -r the same snapshot of everything below. */
function eachHeld(
  machine: Machine,
  screen: Screen,
  names: readonly string[],
  deep: boolean,
  verb: string,
  action: (entries: readonly Entry[], name: string) => void,
): number {
  if (names.length === 0) throw new Unknown('number of operands')
  return names.reduce((status, name) => {
    const [owner = '', tag] = name.split('@')
    if (tag === undefined) throw new Unknown(`operand ${name}`)
    const done = attempt(screen, () => {
      open(machine, owner, 'fv')
      const datasets = deep ? tree(machine, owner) : [machine.dataset(owner)]
      const entries = datasets.flatMap(dataset => find(machine, `${dataset?.name}@${tag}`) ?? [])
      if (entries.length === 0) throw failure(`cannot ${verb} snapshot '${name}'`, WHY.missing)
      action(entries, name)
      machine.changed()
    })
    return status | done
  }, 0)
}

export const holds: Program = (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'rHp')
  const rows: string[][] = []
  const status = operands.reduce((sum, name) => {
    const [owner = '', tag] = name.split('@')
    return (
      sum |
      attempt(screen, () => {
        open(machine, owner, 'fv')
        if (find(machine, name) === undefined && !set.has('r')) throw failure(`cannot open '${name}'`, WHY.missing)
        for (const dataset of set.has('r') ? tree(machine, owner) : [machine.dataset(owner)]) {
          const entry = find(machine, `${dataset?.name}@${tag}`)
          for (const [held, at] of Object.entries(entry?.snapshot?.holds ?? {}))
            rows.push([entry?.name ?? '', held, set.has('p') ? String(at) : niceDate(at)])
        }
      })
    )
  }, 0)
  const table = [['NAME', 'TAG', 'TIMESTAMP'], ...rows]
  const width = (column: number) => Math.max(...table.map(row => row[column]?.length ?? 0))
  const aligned = (row: readonly string[]) => `${row[0]?.padEnd(width(0))}  ${row[1]?.padEnd(width(1))}  ${row[2]}\n`
  screen.out(set.has('H') ? rows.map(row => `${row.join('\t')}\n`).join('') : table.map(aligned).join(''))
  return status
}

/** zfs_do_rollback: refused while anything is younger, unless -r (snapshots, bookmarks) or -R (their clones too). */
export const rollback: Program = (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'rRf')
  const [name, ...more] = operands
  if (name === undefined || more.length > 0) throw new Unknown('number of operands')
  return attempt(screen, () => {
    const { dataset, snapshot: to } = open(machine, name, 's')
    if (to === undefined) return
    const younger = dataset.snapshots.filter(each => each.createtxg > to.createtxg)
    const marks = dataset.bookmarks.filter(each => each.createtxg > to.createtxg)
    const labels = [
      ...younger.map(each => `${dataset.name}@${each.name}`),
      ...marks.map(each => `${dataset.name}#${each.name}`),
    ]
    const failing = `cannot rollback to '${name}'`
    if (labels.length > 0 && !set.has('r') && !set.has('R'))
      throw failure(
        failing,
        `more recent snapshots or bookmarks exist\nuse '-r' to force deletion of the following snapshots and bookmarks:\n${labels.join('\n')}`,
      )
    const entries = younger.flatMap(each => find(machine, `${dataset.name}@${each.name}`) ?? [])
    const clones = entries.flatMap(entry => clonesOf(machine, entry))
    if (clones.length > 0 && !set.has('R'))
      throw failure(
        failing,
        `clones of previous snapshots exist\nuse '-R' to force deletion of the following clones and dependents:\n${clones.map(each => each.name).join('\n')}`,
      )
    for (const each of clones) removeDataset(machine, each, set.has('f'))
    destroySnapshots(machine, entries, false)
    for (const mark of marks) dataset.bookmarks.splice(dataset.bookmarks.indexOf(mark), 1)
    machine.tree.replaceStorage(dataset.storage, to.storage)
    dataset.restored = { fingerprint: machine.tree.fingerprint(dataset.storage), as: to.fingerprint }
    machine.changed()
  })
}
