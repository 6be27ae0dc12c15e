/** What one run of jail(8) has in hand for one jail, and how it says things. */
import type { Jail } from '../kernel.ts'
import type { Machine } from '../machine.ts'
import type { Screen } from '../screen.ts'
import type { Settings } from './settings.ts'

export interface Job {
  readonly machine: Machine
  readonly screen: Screen
  /** Undefined for one described on the command line. */
  readonly name: string | undefined
  readonly settings: Settings
  /** -1: quiet, 1: `-v`. */
  readonly verbosity: number
  /** `-r` says what it removed where there is a file, or more than one jail. */
  readonly noteRemoval: boolean
  /** `-i` */
  readonly printsJid: boolean
  jail: Jail | undefined
  failed: boolean
  /** It has `persist` only until its commands are done. */
  persistsForNow: boolean
}

export function note({ screen, name }: Job, text: string): void {
  screen.out(`${name === undefined ? '' : `${name}: `}${text}\n`)
}

export function warn({ screen, name }: Job, text: string): void {
  screen.err(`jail: ${name === undefined ? '' : `${name}: `}${text}\n`)
}
