/**
 * Processes on the machine and in its jails. In memory they are played (memory-processes.ts), in the sandbox they are
 * real (sandbox/jail-processes.ts).
 */
import type { Jail } from './kernel.ts'
import type { Machine } from './machine.ts'

export interface Start {
  readonly argv: readonly string[]
  /** Inside this jail: its root directory, its network stack, its processes. Default: on the host. */
  readonly jail?: Jail
  readonly stdin?: Buffer
  /** What it may take before it is given up; it is not ended by that. */
  readonly timeoutSeconds?: number
}

export interface End {
  readonly exit: number
  /** Number of the signal that ended it. */
  readonly signal?: number
  readonly timedOut?: true
  /** The program was not there to be started. */
  readonly missing?: true
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly pid: number
  readonly command: string
}

export interface Processes {
  start(machine: Machine, start: Start): End | Promise<End>
  /** What runs in a jail. */
  list(machine: Machine, jail: Jail): readonly Running[]
  /** SIGTERM to all, and waits until they are gone or so many seconds have passed. */
  terminate(machine: Machine, jail: Jail, seconds: number): void | Promise<void>
  /** The jail was made: there is a place for processes. */
  open(machine: Machine, jail: Jail): void | Promise<void>
  /** The jail is being removed: no process is left when this returns. */
  close(machine: Machine, jail: Jail): void | Promise<void>
  /** What a program turns itself into that has nothing else to do than to run this; where processes are real. */
  become?(machine: Machine, start: Start): readonly string[] | undefined
  underLock?(wish: LockWish): readonly string[]
}

/** As lockf(1) is told. */
export interface LockWish {
  readonly file: string
  readonly argv: readonly string[]
  readonly keeps: boolean
  readonly isSilent: boolean
  readonly seconds?: number
}

/** What the kernel's network stacks are made of, where they are more than what the state says. */
export interface Network {
  /** Makes real what the state says now. */
  follow(machine: Machine): void
}

/** What a machine is switched off and on with, where it goes on without its caller. */
export interface Power {
  /** After these seconds, with all that rc.shutdown(8) does before. */
  goDown(how: 'off' | 'reboot', seconds: number): void
}
