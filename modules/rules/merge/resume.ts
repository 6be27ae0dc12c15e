/**
 * A merge that was cut off is finished by its own plan, made of what the instance had before (the switch's snapshot): what
 * was copied halfway looks like a customer's change and must not be taken for one.
 */
import { isSame, type Side } from './entry.ts'
import type { MergePlan } from './plan-shape.ts'

/** What of a plan is to be performed again, harmlessly. `was`: what it was made of; `is`: what is there now. */
export function stillToDo(plan: MergePlan, was: Side, is: Side): MergePlan {
  // What is there now may be the new blueprint's: it is not the customer's that is to be kept under another name.
  const setAside = plan.setAside.filter(({ path }) => is.has(path) && isSame(is.get(path), was.get(path)))
  return {
    ...plan,
    removes: plan.removes.filter(({ path }) => is.has(path)),
    setAside,
    takes: plan.takes.map(({ replaces: _, ...take }) => {
      const there = setAside.some(({ path }) => path === take.path) ? undefined : is.get(take.path)?.kind
      const isInTheWay = there !== undefined && (there !== take.kind || there === 'link')
      return { ...take, ...(isInTheWay ? { replaces: there } : {}) }
    }),
    databases: plan.databases.map(({ clear, ...rest }) => ({ ...rest, clear: clear.filter(path => is.has(path)) })),
  }
}
