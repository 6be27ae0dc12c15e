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
  /** Its last switch was cut off: it may be down. */
  readonly isCutOff?: boolean
  /** An amendment of its target has changed files since it was switched there. */
  readonly isOutdated?: boolean
  readonly window?: Window
}

export const isThere = ({ blueprint, target, isOutdated }: Member) => blueprint === target && !isOutdated

/** Ids are unique on their host only. */
export const nameOf = ({ host, id }: { readonly host: string; readonly id: string }) => `${id} on ${host}`
