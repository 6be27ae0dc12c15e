/** How things are with each policy: what it covers, how old, when the next snapshot is due, and who gets none. */

import { isStale, nextDue } from './due.ts'
import type { Look } from './look.ts'
import { labelOf } from './names.ts'
import { bucketsOfPolicy, isForgotten, ownOf } from './plan.ts'
import type { Settings } from './settings.ts'

export interface PolicyStatus {
  readonly datasets: number
  /** Ours. */
  readonly snapshots: number
  /** Of other programs, which it prunes. */
  readonly adopted: number
  /** Seconds since 1970: the newest snapshot of the dataset whose newest is the oldest. */
  readonly oldestNewest: number | undefined
  /** Seconds since 1970; the present where a snapshot is due. */
  readonly nextDue: number | undefined
  /** Datasets that have got none for two of its shortest times. */
  readonly stale: readonly string[]
}

export function statusOf(look: Look, settings: Settings, now: number): Map<string, PolicyStatus> {
  const status = new Map<string, PolicyStatus>()
  for (const [name, { keep: _, takes: __, ...policy }] of settings.policies) {
    const own = look.attached.filter(each => each.policy.name === name)
    const newest: number[] = []
    const due: number[] = []
    const stale: string[] = []
    let snapshots = 0
    let adopted = 0
    for (const attached of own) {
      const { name: dataset, policy: variant } = attached
      const all = look.snapshots.get(dataset) ?? []
      const ours = ownOf(all)
      snapshots += ours.length
      adopted += all.filter(each => policy.adopt.some(adoption => labelOf(each.name, adoption) !== undefined)).length
      const last = ours.at(-1)
      if (last !== undefined) newest.push(last.time)
      const isEmpty = policy.skipEmpty && look.untouched.has(dataset) && last !== undefined
      if (look.skipped.has(dataset)) {
        if (isForgotten(look, attached, now)) stale.push(dataset)
      } else if (!isEmpty) {
        const next = nextDue(ours, variant, bucketsOfPolicy(variant), now)
        if (next !== undefined) due.push(next)
        if (isStale(ours, variant, now)) stale.push(dataset)
      }
    }
    status.set(name, {
      datasets: own.length,
      snapshots,
      adopted,
      oldestNewest: newest.length === 0 ? undefined : newest.reduce((a, b) => Math.min(a, b)),
      nextDue: due.length === 0 ? undefined : due.reduce((a, b) => Math.min(a, b)),
      stale,
    })
  }
  return status
}

/** `2026-11-22T12:00:00Z` */
export const moment = (seconds: number) => new Date(seconds * 1000).toISOString().replace(/\.\d+/, '')
