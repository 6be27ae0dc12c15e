/** The moment that somebody wants back, and the snapshot that comes nearest to it without being later. */
import { InvalidOptions } from '../../core/errors.ts'
import { clocksOf, isTimeZone } from '../snapshot/buckets.ts'
import { stamp } from '../stamp.ts'

const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/

/** Seconds since 1970. A day alone is its beginning. Without an offset it is a time of `timezone`. */
export function momentOf(given: string, timezone: string): number {
  if (!isTimeZone(timezone)) throw new InvalidOptions(`'${timezone}' is no time zone, like Europe/Berlin`)
  const [, day, minute = '00:00', second = ':00', offset] = MOMENT.exec(given.trim()) ?? []
  const zone = offset === undefined || offset === 'Z' ? 'Z' : offset.replace(/^(...)(\d\d)$/, '$1:$2')
  const read = Date.parse(`${day}T${minute}${second}${zone}`) / 1000
  if (day === undefined || Number.isNaN(read))
    throw new InvalidOptions(`as_of '${given}' is no time. Write it like '2026-11-20 14:00' or '2026-11-20T14:00:00Z'`)
  if (offset !== undefined) return read
  const clocks = clocksOf(timezone)
  const guess = read - clocks(read)
  return read - clocks(guess)
}

export interface Taken {
  /** With the dataset that has it. */
  readonly full: string
  /** Without the dataset's. */
  readonly name: string
  readonly guid: string
  /** Seconds since 1970. */
  readonly creation: number
  readonly createtxg: number
  /** The blueprint that a switch left, on the snapshot that it took before. */
  readonly blueprint?: string
}

export interface Wish {
  readonly snapshot?: string
  readonly moment?: number
}

/** Those of a dataset's snapshots that the wish allows, from the oldest to the newest as they came. */
export const within = (snapshots: readonly Taken[], { snapshot, moment = Number.POSITIVE_INFINITY }: Wish) =>
  snapshots.filter(({ name, creation }) => (snapshot === undefined ? creation <= moment : name === snapshot))

/** The newest that all of these have: one `zfs snapshot -r` gives every dataset the same name. */
export function newestInCommon([first = [], ...others]: readonly (readonly Taken[])[]): string | undefined {
  return first.findLast(({ name }) => others.every(list => list.some(one => one.name === name)))?.name
}

/** As people read it: 2026-11-20 13:00:00 UTC. */
export const inWords = (seconds: number) =>
  `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`

/** As names have it: 20261120T130000Z. */
export const stampOf = (seconds: number) => stamp(new Date(seconds * 1000))
