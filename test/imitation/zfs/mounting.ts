/** Mounting datasets where their properties say (lib/libzfs/libzfs_mount.c), and remounting them when those change. */
import type { Machine } from '../machine.ts'
import { addMount, flagsOf, mountOf, removeMount } from '../mounts.ts'
import type { Dataset } from '../state.ts'
import { failure, WHY } from './errors.ts'
import { tree } from './names.ts'
import { above, effective } from './read.ts'
import { isLocked } from './status.ts'

/** zfs_is_mountable: has a path, may be mounted, and belongs to no jail. */
export function isMountable(machine: Machine, dataset: Dataset): boolean {
  if (dataset.type !== 'filesystem' || !effective(machine, dataset, 'mountpoint').startsWith('/')) return false
  return effective(machine, dataset, 'canmount') !== 'off' && effective(machine, dataset, 'jailed') !== 'on'
}

/** zfs_mount: what cannot be mounted is passed over silently. */
export function mountDataset(machine: Machine, dataset: Dataset, options: readonly string[] = []): void {
  if (!isMountable(machine, dataset)) return
  const failing = `cannot mount '${dataset.name}'`
  if (isLocked(machine, dataset)) throw failure(failing, 'encryption key not loaded')
  const path = effective(machine, dataset, 'mountpoint')
  if (mountOf(machine, dataset.name) !== undefined) throw failure(failing, 'mountpoint or dataset is busy')
  try {
    machine.tree.mkdir(path)
  } catch {
    throw failure(`cannot mount '${path}'`, 'failed to create mountpoint: Not a directory')
  }
  const node = machine.tree.realpath(path)
  if (node === undefined)
    throw failure(`cannot mount '${path}'`, 'failed to create mountpoint: No such file or directory')
  addDatasetMount(machine, dataset, node, options)
}

/** At the link-free path `node`, as nmount(2) does it for zfs(8) and mount(8). */
export function addDatasetMount(machine: Machine, dataset: Dataset, node: string, options: readonly string[]): void {
  const readonly = options.includes('ro') || effective(machine, dataset, 'readonly') === 'on'
  const mount = { special: dataset.name, node, fstype: 'zfs', options: [...options] }
  addMount(machine, mount, { storage: dataset.storage }, readonly)
}

export function unmountDataset(machine: Machine, dataset: Dataset, force: boolean): void {
  const mount = mountOf(machine, dataset.name)
  if (mount === undefined) return
  if (removeMount(machine, mount, force) === 'EBUSY') throw failure(`cannot unmount '${mount.node}'`, WHY.poolBusy)
}

/** Whom a change of `mountpoint` moves: the dataset and those that inherit it from there. */
export function inheritors(machine: Machine, dataset: Dataset, property = 'mountpoint'): Dataset[] {
  return tree(machine, dataset.name).filter(each => {
    for (let at: Dataset | undefined = each; at !== undefined && at !== dataset; at = above(machine, at))
      if (at.local[property] !== undefined || (at.received[property] !== undefined && !at.hidden.includes(property)))
        return false
    return true
  })
}

/**
 * changelist_prefix, the change, changelist_postfix: unmounts from the deepest up, and mounts again what was mounted or,
 * where `alsoIdle`, whatever may be. When one cannot be unmounted, the others are put back and nothing changes.
 */
export function remounting(
  machine: Machine,
  datasets: readonly Dataset[],
  { force = false, alsoIdle = false }: { force?: boolean; alsoIdle?: boolean },
  change: () => void,
): void {
  const mounted = datasets.filter(each => mountOf(machine, each.name) !== undefined)
  const deepestFirst = [...mounted].sort((a, b) => path(machine, b).localeCompare(path(machine, a), 'en'))
  const gone: Dataset[] = []
  try {
    for (const dataset of deepestFirst) {
      unmountDataset(machine, dataset, force)
      gone.push(dataset)
    }
  } catch (problem) {
    for (const dataset of gone.reverse()) mountDataset(machine, dataset)
    throw problem
  }
  try {
    change()
  } finally {
    const back = datasets.filter(
      each =>
        gone.includes(each) ||
        (alsoIdle && each.type === 'filesystem' && effective(machine, each, 'canmount') === 'on'),
    )
    for (const dataset of back.sort((a, b) => path(machine, a).localeCompare(path(machine, b), 'en')))
      if (mountOf(machine, dataset.name) === undefined && !isLocked(machine, dataset)) mountDataset(machine, dataset)
  }
}

const path = (machine: Machine, dataset: Dataset) =>
  mountOf(machine, dataset.name)?.node ?? effective(machine, dataset, 'mountpoint')

/** `readonly` acts at once on what is mounted, and on nullfs mounts of it, which show their lower flags. */
export function refreshReadonly(machine: Machine): void {
  for (const mount of machine.state.mounts) {
    if (mount.fixed === true || (mount.fstype !== 'zfs' && mount.fstype !== 'nullfs')) continue
    const isReadonly = flagsOf(machine, mount).includes('read-only')
    if (isReadonly === mount.isReadonly) continue
    machine.tree.remount(mount.id, mount.node, isReadonly)
    mount.isReadonly = isReadonly
  }
}

/** remove_mountpoint: the directory made for an inherited or default path goes with the dataset. */
export function removeMountpoint(machine: Machine, dataset: Dataset): void {
  const inherited = dataset.local.mountpoint === undefined && dataset.received.mountpoint === undefined
  if (inherited && isMountable(machine, dataset)) machine.tree.rmdir(effective(machine, dataset, 'mountpoint'))
}
