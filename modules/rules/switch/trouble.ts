/** What went wrong in a phase, other than on the way down, which deals with its own setbacks. */
import type { Done } from '../../core/perform.ts'
import { describeStep, type Step } from '../../core/step.ts'
import { removeJail } from '../../freebsd/jail.ts'
import { complaint } from '../jail/history.ts'
import { type Jail, stopStep } from './down.ts'

/** Why the last step failed, in a sentence without its full stop. */
export function troubleIn(done: readonly Done[], jail: Jail): string | undefined {
  const last = done.at(-1)
  if (last === undefined || isOfWayDown(last.step, jail)) return undefined
  return reasonOf(last)
}

function isOfWayDown(step: Step, jail: Jail): boolean {
  const words = describeStep(step)
  if ([stopStep(jail), removeJail(jail.id)].some(one => describeStep(one) === words)) return true
  if (step.kind !== 'run') return false
  // Only what is below its root is cleared with a setback; a seed that stays busy is trouble.
  return step.setbacks !== undefined && /^(umount|ifconfig)$/.test(step.command[0])
}

function reasonOf({ step, setback, failure }: Done): string | undefined {
  if (failure !== undefined) return failure.replace(/\.$/, '')
  return setback === undefined ? undefined : `'${describeStep(step)}' failed: ${complaint(setback)}`
}

/** What came of the last try of a step. */
export const lastFailure =
  (done: readonly Done[]) =>
  (step: Step): string | undefined => {
    const last = done.findLast(one => describeStep(one.step) === describeStep(step))
    if (last?.failure !== undefined) return last.failure.replace(/\.$/, '')
    return last?.setback === undefined ? undefined : complaint(last.setback)
  }
