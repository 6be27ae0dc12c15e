/**
 * What a run has done of an instance's switch so far. A step is found again by its role, which it was given when it was
 * planned; whether what was tried succeeded cannot always be read from the host.
 */
import type { Done } from '../../core/perform.ts'
import { describeStep, type Step } from '../../core/step.ts'
import { complaint } from '../jail/history.ts'
import type { Journal, Phase } from './journal.ts'
import type { Part } from './standing.ts'

export type Role =
  | `journal: ${Phase}`
  | 'stop'
  | 'kill'
  | 'clear'
  | 'pause'
  | 'snapshot'
  | 'open'
  | 'start'
  | 'wait'
  | 'mark'
  | 'measure'
  | 'prune'
  | 'conclude'

export const cast = <S extends Step>(role: Role, step: S): S => ({ ...step, role })

const has = (roles: readonly Role[], { step }: Done) => roles.some(role => role === step.role)
export const isJournal = (one: Done | undefined) => one?.step.role?.startsWith('journal: ') === true

const hasFailed = ({ setback, failure }: Done) => setback !== undefined || failure !== undefined

/** A phase begins with the journal's being written. Where that fails, the one before it goes on. */
export const sincePhase = (done: readonly Done[]): readonly Done[] =>
  done.slice(done.findLastIndex(one => isJournal(one) && !hasFailed(one)) + 1)

/** Since it set out anew, where it did. */
export const ofThisLeg = (done: readonly Done[]): readonly Done[] =>
  done.slice(done.findLastIndex(one => has(['conclude'], one) && !hasFailed(one)) + 1)

export const tries = (done: readonly Done[], ...roles: Role[]) => done.filter(one => has(roles, one)).length
export const succeeded = (done: readonly Done[], ...roles: Role[]) =>
  done.some(one => has(roles, one) && !hasFailed(one))

/** All of these were mounted at their seeds. */
export const areOpen = (parts: readonly Part[], done: readonly Done[]) =>
  parts.every(({ seed }) =>
    done.some(
      one => has(['open'], one) && !hasFailed(one) && one.step.kind === 'run' && one.step.command.at(-1) === seed,
    ),
  )

/** How the last try of one of these failed, in a sentence without its full stop. */
export const failureOf = (done: readonly Done[], ...roles: Role[]): string | undefined => {
  const last = done.findLast(one => has(roles, one))
  return last === undefined ? undefined : reasonOf(last)
}

/** The way down deals with its own setbacks. */
const OF_WAY_DOWN: readonly Role[] = ['stop', 'kill', 'clear', 'pause']

/** Why the last step failed, other than on the way down. */
export function troubleIn(done: readonly Done[]): string | undefined {
  const last = done.at(-1)
  return last === undefined || has(OF_WAY_DOWN, last) ? undefined : reasonOf(last)
}

/** The next phase cannot begin, since its journal could not be written. */
export const isUnwritten = (phase: readonly Done[]) => phase.some(one => isJournal(one) && hasFailed(one))

/** That journal, and why, in a sentence without its full stop. */
export function unwrittenIn(phase: readonly Done[]): { readonly journal: Journal; readonly why: string } {
  const failed = phase.find(one => isJournal(one) && hasFailed(one))
  if (failed?.step.kind !== 'write') throw new TypeError('every journal could be written')
  return { journal: JSON.parse(failed.step.content), why: reasonOf(failed) ?? '' }
}

function reasonOf({ step, setback, failure }: Done): string | undefined {
  const words = setback === undefined ? failure?.replace(/\.$/, '') : complaint(setback)
  // Commands that fail are named by what they fail with.
  const isNamed = setback === undefined && (step.kind === 'run' || step.kind === 'pipe')
  return words === undefined || isNamed ? words : `'${describeStep(step)}' failed: ${words}`
}

/** What a command itself said where the last try of these failed. */
export function saidBy(done: readonly Done[], ...roles: Role[]): string | undefined {
  const last = done.findLast(one => has(roles, one))
  if (last?.failure !== undefined) return last.failure.replace(/\.$/, '')
  return last?.setback === undefined ? undefined : complaint(last.setback)
}
