/** The instances of all hosts, as an update of the fleet sees them. */
import type { Window } from './windows.ts'

export interface Member {
  readonly host: string
  readonly id: string
  /** Whose it is. Those of one customer stand in for each other, and are not taken down together. */
  readonly customer?: string
  /** What it runs on, and what it shall run on. */
  readonly blueprint: string
  readonly target: string
  /** How long its last switch kept it from its visitors. */
  readonly outageSeconds?: number
  readonly isCanary: boolean
  readonly window?: Window
}

export const isThere = ({ blueprint, target }: Member) => blueprint === target

/** Ids are unique on their host only. */
export const nameOf = ({ host, id }: { readonly host: string; readonly id: string }) => `${id} on ${host}`
