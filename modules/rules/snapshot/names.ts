/**
 * Names of snapshots: ours, and those of two other programs. A name that does not match in full is nobody's business here.
 * Ours has the time in UTC and no colon, sorts by it, and is understood by Samba's shadow_copy2.
 */
import { stamp } from '../stamp.ts'
import type { Adoption } from './policy.ts'

const OWN = /^auto-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

/** `auto-20170923T100000Z` */
export const ownName = (now: Date): string => `auto-${stamp(now)}`

/** When a snapshot of ours was taken, in seconds since 1970; undefined for a name that is not ours. */
export function timeOfOwn(name: string): number | undefined {
  const [year, month, day, hour, minute, second] = (OWN.exec(name) ?? []).slice(1).map(Number)
  if (year === undefined || month === undefined) return undefined
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
  // 31 February is another day by now, and so another name.
  return ownName(time) === name ? time.getTime() / 1000 : undefined
}

/**
 * The label of a snapshot that is of this kind: `hourly`. Sources: bdrewery/zfstools lib/zfstools.rb (`snapshot_prefix` and
 * `snapshot_format`), jimsalterjrs/sanoid sanoid (`getsnaps`, `autosnap_DATE_TIME_LABEL`; the hour that comes twice when
 * clocks go back has `dst` before its label).
 */
export function labelOf(name: string, { scheme, prefix }: Pick<Adoption, 'scheme' | 'prefix'>): string | undefined {
  if (scheme === 'sanoid') return /^autosnap_\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d(?:dst)?_([a-z]+ly)$/.exec(name)?.[1]
  if (!name.startsWith(`${prefix}_`)) return undefined
  return /^([^-_]+)-\d{4}-\d\d-\d\d-\d\dh\d\dU?$/.exec(name.slice(prefix.length + 1))?.[1]
}
