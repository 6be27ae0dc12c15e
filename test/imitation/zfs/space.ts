/**
 * How much space things take. What files hold is real; the rest is a model, exact in its sums and made up in its
 * constants: an empty file system references 96 KiB, an empty volume 56 KiB (01-zfs.jsonl, `get all`; zvol: 14 blocks).
 */
import type { Machine } from '../machine.ts'
import type { Dataset, Snapshot } from '../state.ts'
import { children, parentName, poolName } from './names.ts'

const EMPTY_FILESYSTEM = 98_304
const EMPTY_VOLUME = 57_344

export function referenced(machine: Machine, dataset: Dataset): number {
  if (dataset.type === 'volume') return EMPTY_VOLUME
  const { storage } = dataset
  return EMPTY_FILESYSTEM + machine.once(`bytes ${storage}`, () => machine.tree.usedBytes(storage))
}

/** Tells whether anything was written; after a rollback it is the snapshot's, although the files are newly made ones. */
export function fingerprint(machine: Machine, { storage, restored }: Dataset): string {
  const found = machine.once(`fingerprint ${storage}`, () => machine.tree.fingerprint(storage))
  return restored?.fingerprint === found ? restored.as : found
}

/** What only this snapshot holds: what vanished from the next one, or from the dataset. */
export function usedBySnapshot(machine: Machine, dataset: Dataset, snapshot: Snapshot): number {
  const next = dataset.snapshots[dataset.snapshots.indexOf(snapshot) + 1]
  const after = next?.referenced ?? referenced(machine, dataset)
  const content = next?.fingerprint ?? fingerprint(machine, dataset)
  return content === snapshot.fingerprint ? 0 : Math.max(0, snapshot.referenced - after)
}

export const usedBySnapshots = (machine: Machine, dataset: Dataset) =>
  dataset.snapshots.reduce((sum, snapshot) => sum + usedBySnapshot(machine, dataset, snapshot), 0)

export const usedByRefreservation = (machine: Machine, dataset: Dataset) =>
  Math.max(0, Number(dataset.local.refreservation ?? 0) - referenced(machine, dataset))

export const usedByChildren = (machine: Machine, dataset: Dataset): number =>
  children(machine, dataset.name).reduce(
    (sum, child) => sum + Math.max(used(machine, child), Number(child.local.reservation ?? 0)),
    0,
  )

export const used = (machine: Machine, dataset: Dataset): number =>
  machine.once(
    `used ${dataset.guid}`,
    () =>
      referenced(machine, dataset) +
      usedBySnapshots(machine, dataset) +
      usedByRefreservation(machine, dataset) +
      usedByChildren(machine, dataset),
  )

/** A pool keeps 1/32 of itself back (spa_misc.c, spa_slop_shift), which no dataset can use. */
export const poolCapacity = (size: number) => Math.floor(size - size / 32)

export function available(machine: Machine, dataset: Dataset): number {
  const parent = parentName(dataset.name)
  const above = parent === undefined ? undefined : machine.dataset(parent)
  const pool = machine.state.pools.find(each => each.name === poolName(dataset.name))
  const room = above === undefined ? poolCapacity(pool?.size ?? 0) - used(machine, dataset) : available(machine, above)
  const quota = Number(dataset.local.quota ?? 0)
  return Math.max(0, quota === 0 ? room : Math.min(room, quota - used(machine, dataset)))
}

/** Written since the last snapshot; all of it where there is none. */
export function written(machine: Machine, dataset: Dataset, since = dataset.snapshots.at(-1)): number {
  const now = referenced(machine, dataset)
  if (since === undefined) return now
  if (fingerprint(machine, dataset) === since.fingerprint) return 0
  return Math.max(Math.abs(now - since.referenced), 512)
}
