/**
 * Snapshots that another program took and that are now pruned here, each label by itself. zfstools keeps the newest N by
 * count (lib/zfstools.rb, `destroy_zero_sized_snapshots` apart, which is unsafe and left out); sanoid destroys what is over
 * count and too old (sanoid, `prune_snapshots`).
 */
import { labelOf } from './names.ts'
import type { Adoption, Policy } from './policy.ts'

const HOUR = 3600
const DAY = 24 * HOUR

/** Seconds of sanoid's periods; a year has 365.25 days, and `frequently` is a quarter of an hour unless told otherwise. */
const PERIODS: Readonly<Record<string, number>> = {
  frequently: HOUR / 4,
  hourly: HOUR,
  daily: DAY,
  weekly: 7 * DAY,
  monthly: 31 * DAY,
  yearly: 365.25 * DAY,
}

/** What may go by count alone, by label; whether sanoid's are old enough, `creation` tells. From the oldest to the newest. */
export function surplusOf(names: readonly string[], adoption: Adoption): { name: string; minimumAge: number }[] {
  const labels = new Map<string, string[]>()
  for (const name of names) {
    const label = labelOf(name, adoption)
    if (label !== undefined && adoption.keep.has(label)) labels.set(label, [...(labels.get(label) ?? []), name])
  }
  return [...labels].flatMap(([label, own]) => {
    const keep = adoption.keep.get(label) ?? 0
    const minimumAge = adoption.scheme === 'sanoid' ? keep * (PERIODS[label] ?? 0) : 0
    return own.slice(0, Math.max(0, own.length - keep)).map(name => ({ name, minimumAge }))
  })
}

/** Whose names an adopting policy understands and yet leaves alone, for want of a count. */
export function withoutCount(names: readonly string[], policy: Policy): string[] {
  return names.filter(name =>
    policy.adopt.some(adoption => {
      const label = labelOf(name, adoption)
      return label !== undefined && !adoption.keep.has(label)
    }),
  )
}
