/** What a person reads of a run, and of how things are. */
import type { Look } from '../../modules/rules/snapshot/look.ts'
import { moment, type PolicyStatus } from '../../modules/rules/snapshot/status.ts'
import { age } from '../ages.ts'

export interface Report {
  readonly now: string
  /** Full names. */
  readonly taken: readonly string[]
  readonly destroyed: readonly string[]
  /** Expired snapshots that are left for the next run. */
  readonly left: number
  /** Datasets to which nothing was written since their newest snapshot. */
  readonly empty: readonly string[]
  /** Datasets, and pools where nothing was destroyed, that were left alone, with the reason. */
  readonly skipped: Readonly<Record<string, string>>
  /** Expired snapshots that stay, with the reason. */
  readonly blocked: Readonly<Record<string, string>>
  /** What needs a look. */
  readonly troubles: readonly string[]
}

/** A sentence for each reason, with the first that has it: where a pool is full, a thousand have the same. */
export function byReason(refused: ReadonlyMap<string, string>, fate: string): string[] {
  const names = new Map<string, string[]>()
  for (const [name, why] of refused) names.set(why, [...(names.get(why) ?? []), name])
  return [...names].map(
    ([why, [first, ...more]]) => `${first}${more.length > 0 ? ` and ${more.length} more` : ''} ${fate}: ${why}`,
  )
}

/** cron(8) sends what a program prints by mail: quietly, only troubles are told. */
export function reportWords(report: Report, quiet: boolean): string[] {
  if (quiet) return [...report.troubles]
  const { taken, destroyed, left, empty, skipped, blocked, troubles } = report
  const name = taken[0]?.split('@')[1]
  return [
    `${report.now}: ${taken.length === 0 ? 'none taken' : `${taken.length} taken (@${name})`}, ${destroyed.length} destroyed${left > 0 ? `, ${left} left for the next run` : ''}${empty.length > 0 ? `, ${empty.length} not taken, since nothing was written` : ''}.`,
    ...Object.entries(skipped).map(([dataset, why]) => `left alone: ${dataset}: ${why}`),
    ...Object.entries(blocked).map(([snapshot, why]) => `stays: ${snapshot}: ${why}`),
    ...troubles,
  ]
}

export function statusWords(
  policies: ReadonlyMap<string, PolicyStatus>,
  look: Look,
  blocked: ReadonlyMap<string, string>,
  troubles: readonly string[],
  now: number,
): string[] {
  const rows = [...policies].map(([name, each]) => [
    name,
    String(each.datasets),
    String(each.snapshots),
    each.oldestNewest === undefined ? '-' : age(now - each.oldestNewest),
    each.nextDue === undefined ? '-' : each.nextDue <= now ? 'now' : moment(each.nextDue),
  ])
  return [
    ...table([['POLICY', 'DATASETS', 'SNAPSHOTS', 'AGE', 'NEXT'], ...rows]),
    ...[...look.skipped].map(([dataset, why]) => `left alone: ${dataset}: ${why}`),
    ...[...blocked].map(([snapshot, why]) => `expired and stays: ${snapshot}: ${why}`),
    ...troubles,
  ]
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
