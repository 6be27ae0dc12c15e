/** Pools as a person wants to know of them: how full, how healthy, and when they were last read through. */
import type { Pool, Scan } from '../../freebsd/zpool.ts'
import { age, ageInSeconds, days } from './words.ts'

export interface PoolState {
  readonly health: string
  readonly size_bytes?: number
  readonly free_bytes?: number
  readonly used_percent?: number
  readonly fragmentation_percent?: number
  readonly errors?: string
  readonly scan?: string
  readonly scrub_age_seconds?: number
}

const scrubEnd = ({ scan }: Pool) => (scan?.kind === 'scrub' ? scan.finished : undefined)

export function stateOfPool(pool: Pool, now: Date): PoolState {
  const { health, sizeBytes, freeBytes, usedPercent, fragmentationPercent, errors, scan } = pool
  const scrubbed = scrubEnd(pool)
  return {
    health,
    ...(sizeBytes === undefined ? {} : { size_bytes: sizeBytes }),
    ...(freeBytes === undefined ? {} : { free_bytes: freeBytes }),
    ...(usedPercent === undefined ? {} : { used_percent: usedPercent }),
    ...(fragmentationPercent === undefined ? {} : { fragmentation_percent: fragmentationPercent }),
    ...(errors === undefined ? {} : { errors }),
    ...(scan === undefined ? {} : { scan: scan.words }),
    ...(scrubbed === undefined ? {} : { scrub_age_seconds: ageInSeconds(scrubbed, now) }),
  }
}

/** `The pool zroot is ONLINE, 3% full, scrubbed 2 days ago.` */
export function describePool({ name, health, usedPercent, errors, scan }: Pool, now: Date): string {
  const words = [
    `${name} is ${health}`,
    ...(usedPercent === undefined ? [] : [`${usedPercent}% full`]),
    ...(scan === undefined ? [] : [describeScan(scan, now)]),
    // Of one that could not be opened, nobody knows.
    ...(scan === undefined && errors !== undefined ? ['not scrubbed yet'] : []),
  ]
  return `The pool ${words.join(', ')}.`
}

/** ZFS knows one scan, the last: after a resilver nobody can tell when the last scrub was. */
function describeScan(scan: Scan, now: Date): string {
  const done = scan.kind === 'scrub' ? 'scrubbed' : 'resilvered'
  if (scan.finished !== undefined) return `${done} ${age(ageInSeconds(scan.finished, now))} ago`
  if (scan.isRunning) return `being ${done}`
  const [, state] = / (paused|canceled) /.exec(scan.words) ?? []
  return state === undefined ? scan.words : `its last ${scan.kind} was ${state}`
}

/** daily_scrub_zfs_default_threshold of periodic.conf(5): after so many days FreeBSD itself would scrub again. */
const SCRUB_DAYS = 35

/** Of a healthy pool: that a newer format is possible, or was chosen not to be used. `zpool status -x` leaves them out. */
const ADVICE =
  /^(Some supported |The pool is formatted using a legacy |This pool has a compatibility |One or more features )/

export function problemsOfPool(pool: Pool, now: Date): string[] {
  const { name, health, complaint, errors, scan } = pool
  const scrubbed = scrubEnd(pool)
  const seconds = scrubbed === undefined ? 0 : ageInSeconds(scrubbed, now)
  const isAdvice = complaint === undefined || ADVICE.test(complaint)
  return [
    ...(health !== 'ONLINE' || !isAdvice
      ? [`the pool ${name} is ${health}${isAdvice ? '' : `: ${complaint.replace(/\.$/, '')}`}`]
      : []),
    ...(errors === undefined || errors === 'No known data errors'
      ? []
      : [`the pool ${name} has ${/^\d/.test(errors) ? 'lost data' : 'errors'}: ${errors}`]),
    ...(scan?.errors
      ? [`the last ${scan.kind} of the pool ${name} found ${scan.errors} error(s) it could not mend`]
      : []),
    ...(seconds > SCRUB_DAYS * 86_400
      ? [
          `the pool ${name} was last scrubbed ${days(seconds)} ago, which is more than ${SCRUB_DAYS} days: 'zpool scrub ${name}'`,
        ]
      : []),
  ]
}
