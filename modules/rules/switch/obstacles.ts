/** Why an instance of a task is not begun any more when its turn comes: it is as it was, and nobody has touched it. */
import { hasFailed, type LaneEnd } from '../../core/lanes.ts'
import type { Standing } from './standing.ts'

/** Its last switch was cut off, or nobody can tell. */
export const mayBeDown = ({ journal, unreadable }: Standing): boolean =>
  journal !== undefined || unreadable !== undefined

export function obstacleFor(
  standing: Standing,
  errorBudget: number | undefined,
  ended: readonly LaneEnd[],
  now: Date,
): string | undefined {
  if (mayBeDown(standing)) return undefined
  const { notAfter } = standing.request
  if (notAfter !== undefined && now.getTime() > notAfter * 1000)
    return `it is too late for it: it was to begin by ${new Date(notAfter * 1000).toISOString()}`
  const bad = ended.filter(hasFailed)
  if (errorBudget === undefined || bad.length <= errorBudget) return undefined
  const names = bad.map(({ name }) => name).join(', ')
  return `${bad.length} of those before it are not as asked for (${names}), and the error budget is ${errorBudget}`
}
