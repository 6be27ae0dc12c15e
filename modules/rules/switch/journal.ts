/**
 * The journal of a switch: a file beside the instance, there exactly while a switch is under way. Each phase is written
 * down before it begins, so that after a crash at any point it is known what may have been done, and what has to be.
 */
import { Refused } from '../../core/errors.ts'
import type { WriteStep } from '../../core/step.ts'
import { FORMAT, type InstancePlaces } from '../layout.ts'
import type { Health } from './requests.ts'

/**
 * Until `merged`, a switch that was cut off goes back; from there on it goes forward.
 *
 * `stopping`: nothing of the instance's files has been changed. `merging`: they are being changed, and the snapshot has what
 * was. `merged`: they are as the new blueprint wants them; its fstab is put in place, and it starts. `returning`: they are
 * being put back. `returned`: they are as they were, fstab too, and it starts. `finishing`: it was well; what is left is to
 * write that down.
 */
export const PHASES = ['stopping', 'merging', 'merged', 'returning', 'returned', 'finishing'] as const
export type Phase = (typeof PHASES)[number]

export interface Version {
  readonly blueprint: string
  readonly revision: number
}

export type Parts = 'stop' | 'clear' | 'snapshot' | 'merge' | 'start' | 'health' | 'back'

export interface Packages {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly upgraded: readonly string[]
  readonly downgraded: readonly string[]
  readonly major: readonly string[]
}

export interface Merge {
  readonly taken: readonly string[]
  readonly merged: readonly string[]
  readonly kept: readonly string[]
  readonly removed: readonly string[]
  readonly conflicts: readonly string[]
  readonly barred: readonly string[]
}

/** A path, and what was there; nothing where it came with the switch. */
export interface Written {
  readonly path: string
  readonly was?: 'file' | 'directory' | 'link' | 'other'
  /** Of a file that was there: what putting it back takes. */
  readonly bytes?: number
}

export interface Journal {
  readonly format: number
  readonly phase: Phase
  /** ISO 8601: just before the instance was stopped. */
  readonly begun: string
  /** It is started again only if it ran. */
  readonly ran: boolean
  readonly from: Version
  readonly to: Version
  /** What each writable dataset had received before, by the dataset. */
  readonly bases: Readonly<Record<string, Version>>
  readonly snapshot: string
  /** Before an operator's rollback another one is taken, of how it is now. */
  readonly guard?: string
  /** The fstab that it ran by, and what was waiting beside it for the next start. */
  readonly fstab: string
  readonly waiting?: string
  readonly nextFstab: string
  /** What the switch writes, relative to the root: what the way back puts back. */
  readonly written: readonly Written[]
  readonly rollsBackData: boolean
  /** When it is well: whoever brings this to its end asks the same. */
  readonly health: Health
  readonly packages?: Packages
  /** Of FreeBSD, in both blueprints. */
  readonly releases?: { readonly from: string; readonly to: string }
  readonly merge?: Merge
  readonly vanishing?: readonly string[]
  /** Why it goes back. */
  readonly reason?: string
  /** Somebody wants it back. */
  readonly isAsked?: boolean
  /** It may have been started on the new blueprint, whose services then had its data: only the snapshot has those of before. */
  readonly mayHaveRun?: true
  /** `failed`: it is back, and was not well at its deadline. */
  readonly outcome?: 'switched' | 'rolled_back' | 'failed'
  /** ISO 8601 */
  readonly ended?: string
  /** Milliseconds from the stop until it was well. */
  readonly outage?: number
  readonly parts?: Readonly<Partial<Record<Parts, number>>>
}

/** Its role tells the phase that begins with it. */
export const writeJournal = ({ journal: path }: InstancePlaces, journal: Journal): WriteStep => ({
  kind: 'write',
  role: `journal: ${journal.phase}`,
  path,
  content: `${JSON.stringify(journal, null, 1)}\n`,
  mode: 0o600,
})

export function parseJournal(text: string | undefined, path: string): Journal | undefined {
  if (text === undefined) return undefined
  const journal = asJournal(text)
  if (journal === undefined)
    throw new Refused(
      `${path} is no journal of a switch that can be read. Look at it, and at the instance's fstab and configuration; when they are right, remove it.`,
    )
  if (journal.format > FORMAT)
    throw new Refused(
      `${path} has format ${journal.format}, and this collection knows ${FORMAT}. Use the release that began this switch.`,
    )
  return journal
}

function asJournal(text: string): Journal | undefined {
  try {
    const journal = JSON.parse(text)
    if (typeof journal?.format !== 'number') return undefined
    return journal.format > FORMAT || isWhole(journal) ? journal : undefined
  } catch {
    return undefined
  }
}

const isVersion = (given: Partial<Version> | undefined) =>
  typeof given?.blueprint === 'string' && typeof given.revision === 'number'

const isWhole = ({ phase, from, to, bases }: Partial<Journal>) =>
  phase !== undefined &&
  PHASES.includes(phase) &&
  typeof bases === 'object' &&
  [from, to, ...Object.values(bases)].every(isVersion)

export const describeVersion = ({ blueprint, revision }: Version) => `${blueprint}@${revision}`

export const sameVersion = (one: Version | undefined, other: Version | undefined) =>
  one?.blueprint === other?.blueprint && one?.revision === other?.revision

/** The first of these moments, a second apart, whose name no snapshot has. */
export function freeName(name: (now: Date) => string, now: Date, taken: readonly { readonly name: string }[]): string {
  const wished = name(now)
  return taken.some(one => one.name === wished) ? freeName(name, new Date(now.getTime() + 1000), taken) : wished
}
