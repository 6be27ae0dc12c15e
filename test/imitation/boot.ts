/** The machine is switched on: after a loss of power, or for the first time. */
import type { Machine } from './machine.ts'
import { Screen } from './screen.ts'
import { mountAll } from './zfs/mount.ts'

/** Mounts are gone, keys are not loaded; rc.d/zfs then mounts what is to be mounted (`zfs mount -a`). */
export function boot(machine: Machine): void {
  machine.tree.unbindAll()
  machine.state.mounts = machine.state.mounts.filter(mount => mount.fixed === true)
  for (const dataset of machine.state.datasets) if (dataset.key !== undefined) dataset.key.loaded = false
  machine.changed()
  mountAll(machine, new Screen())
}
