/**
 * Snapshots by policy as research for it wrote it down, in the plainest way, to hold the program against: a snapshot is
 * taken where a tier's present bucket has none; of each tier the oldest in each of the newest N buckets stays, and the
 * newest always.
 */
export interface Kept {
  readonly hourly: number
  readonly daily: number
  readonly weekly: number
  readonly monthly: number
  readonly yearly: number
}

export interface Model {
  /** Seconds since 1970 of what is there, from the oldest to the newest. */
  readonly times: readonly number[]
  /** One run of the program. */
  run(seconds: number): void
}

export function modelOf(keep: Kept, timezone: string): Model {
  let times: number[] = []
  const calendar = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' })
  const buckets: Record<keyof Kept, (seconds: number) => string | number> = {
    hourly: seconds => Math.floor(seconds / 3600),
    daily: dayOf,
    weekly: seconds => mondayOf(dayOf(seconds)),
    monthly: seconds => dayOf(seconds).slice(0, 7),
    yearly: seconds => dayOf(seconds).slice(0, 4),
  }
  const tiers = Object.entries(buckets) as [keyof Kept, (seconds: number) => string | number][]

  const known = new Map<number, string>()
  function dayOf(seconds: number): string {
    const day = known.get(seconds) ?? calendar.format(seconds * 1000)
    known.set(seconds, day)
    return day
  }
  return {
    get times() {
      return times
    },
    run(seconds) {
      if (tiers.some(([, bucket]) => !times.some(time => bucket(time) === bucket(seconds)))) times = [...times, seconds]
      const stays = new Set(times.slice(-1))
      for (const [tier, bucket] of tiers) {
        const oldest = new Map<string | number, number>()
        for (const time of times) if (!oldest.has(bucket(time))) oldest.set(bucket(time), time)
        for (const time of [...oldest.values()].slice(-keep[tier])) stays.add(time)
      }
      times = times.filter(time => stays.has(time))
    },
  }
}

function mondayOf(day: string): string {
  const date = new Date(`${day}T00:00:00Z`)
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7))
  return date.toISOString().slice(0, 10)
}
