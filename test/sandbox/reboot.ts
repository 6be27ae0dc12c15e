/**
 * A sandbox host that shutdown(8) sends down, and that comes up again by itself: its scripts are stopped, nobody gets in,
 * its processes end, its mounts and networks go, and it boots with what its disk has.
 */
import { setTimeout as after } from 'node:timers/promises'
import { kernelOf } from '../imitation/kernel.ts'
import type { Machine } from '../imitation/machine.ts'
import type { Power } from '../imitation/processes.ts'
import { shutDown } from '../imitation/shutdown.ts'
import { drive } from '../imitation/starting.ts'
import { mountAgain } from './power.ts'

/** Long enough to be noticed. */
const DOWN_MILLISECONDS = 1500

export interface Host {
  readonly machine: Machine
  save(): void
  /** Nobody gets in any more. */
  close(): void
  /** What follows the mounts of a boot. */
  comeUp(): Promise<unknown>
}

export class RealPower implements Power {
  readonly #host: Host
  #isLeaving = false
  isDown = false

  constructor(host: Host) {
    this.#host = host
  }

  goDown(how: 'off' | 'reboot', seconds: number): void {
    if (this.#isLeaving) return
    this.#isLeaving = true
    this.#leave(how, seconds).catch(problem => {
      console.error(problem)
      process.exit(1)
    })
  }

  async #leave(how: 'off' | 'reboot', seconds: number): Promise<void> {
    const { machine, save, close, comeUp } = this.#host
    await after(seconds * 1000)
    await drive(shutDown(machine))
    save()
    this.isDown = true
    close()
    endAll()
    // init ends with this one.
    if (how === 'off') process.exit(0)
    for (const jail of [...kernelOf(machine).jails]) await machine.processes.close(machine, jail)
    await after(DOWN_MILLISECONDS)
    await mountAgain(machine)
    save()
    this.isDown = false
    this.#isLeaving = false
    await comeUp()
  }
}

/** All processes of the host but this one and init. */
export function endAll(): void {
  try {
    process.kill(-1, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
