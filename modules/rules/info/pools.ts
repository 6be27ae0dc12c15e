/** Pools as a person wants to know of them: how full, how healthy, and when they were last read through. */
import type { Pool } from '../../freebsd/zpool.ts'
import { ageInSeconds, days } from './words.ts'

export interface PoolState {
  readonly health: string
  readonly size_bytes: number
  readonly free_bytes: number
  readonly used_percent: number
  readonly fragmentation_percent?: number
  readonly errors: string
  readonly scan?: string
  readonly scrub_age_seconds?: number
}

export const stateOfPool = (pool: Pool, now: Date): PoolState => ({
  health: pool.health,
  size_bytes: pool.sizeBytes,
  free_bytes: pool.freeBytes,
  used_percent: pool.usedPercent,
  ...(pool.fragmentationPercent === undefined ? {} : { fragmentation_percent: pool.fragmentationPercent }),
  errors: pool.errors,
  ...(pool.scan === undefined ? {} : { scan: pool.scan.words }),
  ...(pool.scan?.finished === undefined ? {} : { scrub_age_seconds: ageInSeconds(pool.scan.finished, now) }),
})

/** daily_scrub_zfs_default_threshold of periodic.conf(5): after so many days FreeBSD itself would scrub again. */
const SCRUB_DAYS = 35

/** Of a healthy pool: that a newer format is possible, or was chosen not to be used. `zpool status -x` leaves them out. */
const ADVICE =
  /^(Some supported |The pool is formatted using a legacy |This pool has a compatibility |One or more features )/

export function problemsOfPool(pool: Pool, now: Date): string[] {
  const { name, health, complaint, errors, scan } = pool
  const age = scan?.finished === undefined ? 0 : ageInSeconds(scan.finished, now)
  const isAdvice = complaint === undefined || ADVICE.test(complaint)
  return [
    ...(health !== 'ONLINE' || !isAdvice
      ? [`the pool ${name} is ${health}${isAdvice ? '' : `: ${complaint.replace(/\.$/, '')}`}`]
      : []),
    ...(errors === 'No known data errors' ? [] : [`the pool ${name} has lost data: ${errors}`]),
    ...(scan?.errors ? [`the last scrub of the pool ${name} found ${scan.errors} error(s) it could not mend`] : []),
    ...(age > SCRUB_DAYS * 86_400
      ? [
          `the pool ${name} was last scrubbed ${days(age)} ago, which is more than ${SCRUB_DAYS} days: 'zpool scrub ${name}'`,
        ]
      : []),
  ]
}
