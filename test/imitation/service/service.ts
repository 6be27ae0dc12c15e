/** What a script of rc.d can be told, and what it knows. */
import type { Machine } from '../machine.ts'
import type { Screen } from '../screen.ts'
import type { Steps } from '../starting.ts'

export type Verb =
  | 'start'
  | 'stop'
  | 'restart'
  | 'reload'
  | 'status'
  | 'config'
  | 'resync'
  | 'check'
  | 'enabled'
  | 'rcvar'

export interface Asked {
  readonly machine: Machine
  readonly screen: Screen
  /** rc.conf(5) */
  readonly settings: Readonly<Record<string, string>>
  readonly names: readonly string[]
}

export interface Service {
  readonly description: string
  /** Of NAME_enable where rc.conf says nothing (etc/defaults/rc.conf). */
  readonly usually?: string
  readonly verbs: Readonly<Partial<Record<Verb, (asked: Asked) => number | Steps<number>>>>
}
