/** The machine is switched on: after a loss of power, or for the first time. */
import { ctime } from './ctime.ts'
import { forgetKernel } from './kernel.ts'
import type { Machine } from './machine.ts'
import { Screen } from './screen.ts'
import { drive } from './starting.ts'
import { loadKernel, startUp } from './startup.ts'
import { mountAll } from './zfs/mount.ts'

/** Mounts, jails, interfaces and rules are gone, keys are not loaded; rc.d/zfs then mounts what is to be mounted. */
export function powerUp(machine: Machine): void {
  machine.tree.unbindAll()
  machine.state.mounts = machine.state.mounts.filter(mount => mount.fixed === true)
  for (const dataset of machine.state.datasets) if (dataset.key !== undefined) dataset.key.loaded = false
  forgetKernel(machine)
  loadKernel(machine)
  noteTime(machine)
  mountAll(machine, new Screen())
}

/** kern.boottime, as sysctl(8) prints it (08-host.jsonl). */
export function noteTime(machine: Machine): void {
  const now = machine.clock()
  machine.state.sysctls['kern.boottime'] =
    `{ sec = ${machine.seconds}, usec = ${now.getUTCMilliseconds() * 1000} } ${ctime(now)}`
}

/** All of a boot: also what rc.conf(5) names is started, jails last. A promise only where processes are real. */
export function boot(machine: Machine): void | Promise<void> {
  powerUp(machine)
  return drive(startUp(machine))
}
