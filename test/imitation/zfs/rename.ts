/** zfs-rename(8). */
import type { Machine } from '../machine.ts'
import { getopt, type Program, Unknown } from '../screen.ts'
import { createAncestors } from './create.ts'
import { attempt, failure, WHY } from './errors.ts'
import { remounting } from './mounting.ts'
import { checkName, checkParent, type Entry, find, isBelow, open, poolName, tree } from './names.ts'
import { effective } from './read.ts'
import { showSnapshots } from './snapshots.ts'
import { encryptionRoot } from './status.ts'

export const rename: Program = (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'pruf')
  const [from, to, ...more] = operands
  if (from === undefined || to === undefined || more.length > 0) throw new Unknown('number of operands')
  return attempt(screen, () => {
    const entry = open(machine, from, set.has('u') ? 'f' : set.has('p') ? 'fv' : 'fvs')
    if (entry.kind === 's') return renameSnapshot(machine, entry, to, set.has('r'))
    if (set.has('r')) throw new Unknown('way to rename a dataset')
    if (set.has('p')) createAncestors(machine, screen, to)
    renameDataset(machine, entry, to, set.has('u'), set.has('f'))
  })
}

function renameSnapshot(machine: Machine, { dataset, name, snapshot }: Entry, to: string, deep: boolean): void {
  const [owner, tag = ''] = to.includes('@') ? to.split('@') : [dataset.name, to]
  const target = `${dataset.name}@${tag}`
  if (owner !== '' && owner !== dataset.name)
    throw failure(`cannot rename to '${to}'`, 'snapshots must be part of same dataset')
  if (target === name) return
  checkName(target, 's', `cannot rename to '${target}'`)
  const datasets = deep ? tree(machine, dataset.name) : [dataset]
  for (const each of datasets)
    if (find(machine, `${each.name}@${tag}`) !== undefined)
      throw deep
        ? failure(`cannot rename '${each.name}'`, 'a child dataset already has a snapshot with the new name')
        : failure(`cannot rename '${name}'`, WHY.exists)
  const before = snapshot?.name
  for (const each of datasets) {
    const found = each.snapshots.find(other => other.name === before)
    if (found !== undefined) {
      found.name = tag
      each.snapshotsChanged = machine.seconds
    }
    showSnapshots(machine, each)
  }
  machine.changed()
}

/** zfs_rename: what is mounted moves with its path, unless -u, `legacy` or `none` let it stay where it is. */
function renameDataset(machine: Machine, { dataset, name }: Entry, to: string, stay: boolean, force: boolean): void {
  if (name === to) return
  checkName(to, 'fv', `cannot rename to '${to}'`)
  checkParent(machine, to)
  if (poolName(name) !== poolName(to)) throw failure(`cannot rename to '${to}'`, 'datasets must be within same pool')
  if (isBelow(to, name))
    throw failure(`cannot rename to '${to}'`, 'New dataset name cannot be a descendant of current dataset name')
  const failing = `cannot rename '${name}'`
  if (effective(machine, dataset, 'jailed') === 'on') throw failure(failing, 'dataset is used in a non-global zone')
  const below = tree(machine, name)
  const rooted = dataset.type === 'filesystem' && effective(machine, dataset, 'mountpoint').startsWith('/')
  remounting(machine, stay || !rooted ? [] : below, { force }, () => {
    if (machine.dataset(to) !== undefined) throw failure(failing, WHY.exists)
    const root = encryptionRoot(machine, dataset)
    if (root !== undefined && root !== dataset && !isBelow(to, root.name))
      throw failure(failing, 'cannot move encrypted child outside of its encryption root')
    const moved = (old: string) => to + old.slice(name.length)
    const names = new Set(below.map(each => each.name))
    machine.state.mounts = machine.state.mounts.map(mount =>
      mount.fstype === 'zfs' && names.has(mount.special) ? { ...mount, special: moved(mount.special) } : mount,
    )
    machine.rename(below, each => moved(each.name))
  })
}
