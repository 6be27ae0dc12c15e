/** What happens to snapshots in the kernel, whichever command asks for it. */
import type { Machine } from '../machine.ts'
import type { Dataset, Snapshot } from '../state.ts'
import { failure, WHY, ZfsFailure } from './errors.ts'
import { clonesOf, type Entry, snapshotEntry } from './names.ts'
import { fingerprint, referenced } from './space.ts'

/** `.zfs/snapshot` follows. */
export function showSnapshots(machine: Machine, dataset: Dataset): void {
  const shown = dataset.snapshots.map(({ name, storage }): [string, string] => [name, storage])
  if (dataset.type === 'filesystem') machine.tree.showSnapshots(dataset.storage, Object.fromEntries(shown))
}

export function takeSnapshot(
  machine: Machine,
  dataset: Dataset,
  name: string,
  createtxg: number,
  given: {
    readonly guid?: string
    readonly creation?: number
    readonly properties?: Readonly<Record<string, string>>
  } = {},
): Snapshot {
  const storage = machine.id('storage')
  machine.tree.copyStorage(dataset.storage, storage)
  const snapshot: Snapshot = {
    name,
    guid: given.guid ?? machine.guid(),
    createtxg,
    creation: given.creation ?? machine.seconds,
    storage,
    referenced: referenced(machine, dataset),
    fingerprint: fingerprint(machine, dataset),
    holds: {},
    properties: { ...given.properties },
  }
  dataset.snapshots.push(snapshot)
  dataset.snapshotsChanged = machine.seconds
  showSnapshots(machine, dataset)
  return snapshot
}

const needed = (machine: Machine, entry: Entry) =>
  Object.keys(entry.snapshot?.holds ?? {}).length > 0 || clonesOf(machine, entry).length > 0

/** dsl_destroy.c, 2.2: one that cannot go keeps all of them; with `defer` it goes with its last hold or clone. */
export function destroySnapshots(machine: Machine, entries: readonly Entry[], defer: boolean): void {
  const refusals = entries.flatMap(entry => {
    if (defer) return []
    const failing = `cannot destroy snapshot ${entry.name}`
    if (Object.keys(entry.snapshot?.holds ?? {}).length > 0) return [failure(failing, WHY.busy).message]
    return clonesOf(machine, entry).length > 0 ? [failure(failing, 'snapshot is cloned').message] : []
  })
  if (refusals.length > 0) throw new ZfsFailure(refusals.join('\n'))
  for (const entry of entries) {
    if (entry.snapshot === undefined) continue
    if (needed(machine, entry)) entry.snapshot.deferred = true
    else removeSnapshot(machine, entry.dataset, entry.snapshot)
  }
  if (entries.length > 0) machine.changed()
}

export function removeSnapshot(machine: Machine, dataset: Dataset, snapshot: Snapshot): void {
  dataset.snapshots.splice(dataset.snapshots.indexOf(snapshot), 1)
  dataset.snapshotsChanged = machine.seconds
  machine.tree.removeStorage(snapshot.storage)
  showSnapshots(machine, dataset)
  machine.changed()
}

/** Snapshots that were to go with their last hold or clone do so now. */
export function sweepDeferred(machine: Machine): void {
  for (const dataset of machine.state.datasets)
    for (const snapshot of [...dataset.snapshots])
      if (snapshot.deferred && !needed(machine, snapshotEntry(dataset, snapshot)))
        removeSnapshot(machine, dataset, snapshot)
}
