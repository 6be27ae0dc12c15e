/** Policies that are in force on a host, as zfs_autosnap tells of them. */
import type { Look } from './look.ts'
import { type Policy, TIERS } from './policy.ts'
import type { Settings } from './settings.ts'
import { moment, statusOf } from './status.ts'

export interface PolicyState {
  readonly keeps: string
  readonly datasets: number
  readonly snapshots: number
  readonly adopted?: number
  readonly next_due?: string
}

/** What a policy file and the datasets come to. */
export interface InForce {
  readonly settings: Settings
  readonly look: Look
}

export function policiesState({ settings, look }: InForce, now: number): Record<string, PolicyState> {
  const status = statusOf(look, settings, now)
  return Object.fromEntries(
    [...settings.policies].map(([name, policy]) => {
      const { datasets = 0, snapshots = 0, adopted = 0, nextDue } = status.get(name) ?? {}
      return [
        name,
        {
          keeps: keepWords(policy),
          datasets,
          snapshots,
          ...(policy.adopt.length > 0 ? { adopted } : {}),
          ...(nextDue === undefined ? {} : { next_due: nextDue <= now ? 'now' : moment(nextDue) }),
        },
      ]
    }),
  )
}

/** `24 hourly, 7 daily, 30 days at most (Europe/Amsterdam)` */
function keepWords({ keep, keepLast, maxAgeDays, timezone, take }: Policy): string {
  const tiers = TIERS.filter(tier => keep[tier] > 0).map(tier => `${keep[tier]} ${tier}`)
  const all = [
    ...tiers,
    ...(keepLast > 0 ? [`${keepLast} last`] : []),
    ...(maxAgeDays === undefined ? [] : [`${maxAgeDays} days at most`]),
    ...(take ? [] : ['takes none']),
  ]
  return `${all.join(', ') || 'the newest'}${timezone === 'UTC' ? '' : ` (${timezone})`}`
}
