/** Which rules a jail shall have, given those it has, and the way from these to those without a gap. */
import type { RunStep } from '../../core/step.ts'
import { addRules, type Rule, removeRules } from '../../freebsd/rctl.ts'
import type { Request } from './requests.ts'

export type { Request }

/** Rules of one kind differ in their amount alone. */
export const kindOf = ({ jail, resource, action, per }: Rule) => `${jail}:${resource}:${action}/${per}`
export const sameRule = (one: Rule, other: Rule) => kindOf(one) === kindOf(other) && one.amount === other.amount

export function wantedOf({ limits, keepsOthers }: Request, present: readonly Rule[]): readonly Rule[] {
  if (limits === undefined) return present
  const others = keepsOthers ? present.filter(({ resource, action }) => !limits.has(`${resource}:${action}`)) : []
  return [...others, ...[...limits.values()].flat()]
}

/** First what comes, then what goes: in between both hold, and never none. */
export function changeRules(present: readonly Rule[], wanted: readonly Rule[]): RunStep[] {
  const coming = wanted.filter(rule => !present.some(each => sameRule(each, rule)))
  const replaced = new Set(coming.filter(({ action }) => action === 'deny').map(kindOf))
  const going = present.filter(rule => !wanted.some(each => sameRule(each, rule)) && !replaced.has(kindOf(rule)))
  return [...addRules(coming), ...removeRules(going)]
}
