/** A dataset ceases to be: unmounted, with its snapshots already gone. */
import type { Machine } from '../machine.ts'
import type { Dataset } from '../state.ts'
import { failure, WHY } from './errors.ts'
import { removeMountpoint, unmountDataset } from './mounting.ts'
import { children } from './names.ts'
import { sweepDeferred } from './snapshots.ts'

export function removeDataset(machine: Machine, dataset: Dataset, force: boolean): void {
  unmountDataset(machine, dataset, force)
  if (children(machine, dataset.name).length > 0 || dataset.snapshots.length > 0)
    throw failure(`cannot destroy '${dataset.name}'`, WHY.busy)
  removeMountpoint(machine, dataset)
  machine.remove(dataset)
  machine.tree.removeStorage(dataset.storage)
  sweepDeferred(machine)
}
