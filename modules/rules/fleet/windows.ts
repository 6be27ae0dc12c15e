/** Maintenance windows: when a customer allows his instance to be away, in his own time zone. */

export const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
export type Day = (typeof DAYS)[number]

export interface Window {
  /** The days on which it opens; none is every day. */
  readonly days: readonly Day[]
  /** Minutes since midnight. A window that closes before it opens closes on the next day. */
  readonly from: number
  readonly to: number
  readonly timezone: string
}

/** Moments in milliseconds. */
export interface Opening {
  readonly from: number
  readonly until: number
}

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** `02:30` as minutes; undefined where it is no time of day. `24:00` is the end of a day. */
export function minutesOf(time: string): number | undefined {
  const [, hours, minutes] = /^(\d{1,2}):(\d\d)$/.exec(time) ?? []
  const total = Number(hours) * 60 + Number(minutes)
  return Number(minutes) < 60 && total <= 24 * 60 ? total : undefined
}

export function isTimezone(name: string): boolean {
  try {
    clockOf(name)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** When it is open, from what is open at `moment` on, for the week that follows. */
export function openings(window: Window, moment: number): Opening[] {
  const { days, from, to, timezone } = window
  const today = Math.floor((moment + offsetOf(timezone, moment)) / DAY)
  const found: Opening[] = []
  for (let day = today - 1; day <= today + 7; day += 1) {
    // 1 January 1970, day 0, was a Thursday.
    const name = DAYS[(day + 4) % 7] as Day
    if (days.length > 0 && !days.includes(name)) continue
    const opens = inUtc(timezone, day * DAY + from * MINUTE)
    const until = inUtc(timezone, day * DAY + (to > from ? to : to + 24 * 60) * MINUTE)
    if (until > moment && until > opens) found.push({ from: opens, until })
  }
  return joined(found)
}

/** A window from 00:00 to 24:00 is one opening over days. */
function joined(found: readonly Opening[]): Opening[] {
  const all: Opening[] = []
  for (const opening of found) {
    const last = all.at(-1)
    if (last !== undefined && opening.from <= last.until)
      all[all.length - 1] = { from: last.from, until: opening.until }
    else all.push(opening)
  }
  return all
}

/** `Sat 02:00 Europe/Berlin` */
export function describeMoment(moment: number, timezone: string): string {
  const local = new Date(moment + offsetOf(timezone, moment))
  const day = DAYS[local.getUTCDay()] as Day
  return `${day[0]?.toUpperCase()}${day.slice(1)} ${local.toISOString().slice(11, 16)} ${timezone}`
}

/** The moment that local clocks show so. One that a change of clocks skips is the moment of the change or after. */
function inUtc(timezone: string, local: number): number {
  const guess = local - offsetOf(timezone, local)
  return local - offsetOf(timezone, guess)
}

const clocks = new Map<string, Intl.DateTimeFormat>()

function clockOf(timezone: string): Intl.DateTimeFormat {
  let clock = clocks.get(timezone)
  if (clock === undefined) {
    const fields = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const
    clock = new Intl.DateTimeFormat('en-US', { timeZone: timezone, hourCycle: 'h23', ...fields })
    clocks.set(timezone, clock)
  }
  return clock
}

const offsets = new Map<string, number>()

/** Local time less UTC. Time zones change it at quarters of an hour, and asking Intl is slow. */
function offsetOf(timezone: string, moment: number): number {
  const quarter = Math.floor(moment / (15 * MINUTE)) * 15 * MINUTE
  const key = `${timezone} ${quarter}`
  let offset = offsets.get(key)
  if (offset === undefined) {
    const parts = clockOf(timezone).formatToParts(quarter)
    const field = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find(part => part.type === type)?.value)
    offset = Date.UTC(field('year'), field('month') - 1, field('day'), field('hour'), field('minute')) - quarter
    offsets.set(key, offset)
  }
  return offset
}
