/** How each replica is, for Prometheus: one file, in which a run renews the lines of the replicas that it was about. */
import type { Job } from '../../modules/rules/replica/jobs.ts'
import { gauge, type Sample } from '../prometheus.ts'
import { type Lag, lagAt } from './lag.ts'
import { needsLook, type ReplicaReport } from './report.ts'

/** What is told of a replica, by metric. */
export type Told = ReadonlyMap<string, number>

const METRICS: ReadonlyMap<string, string> = new Map([
  ['last_run_timestamp_seconds', 'When the last run ended.'],
  ['failed', 'Whether the last run could do nothing at all.'],
  ['troubles', 'Whether the last run left something that needs a look.'],
  ['datasets', 'Datasets that are to have a copy.'],
  ['behind_datasets', 'Datasets of which the copy lacks a snapshot.'],
  ['diverged_datasets', 'Datasets of which the copy cannot be continued.'],
  ['late_datasets', 'Datasets of which the copy has lacked a snapshot for longer than it may.'],
  ['oldest_copy_timestamp_seconds', 'When the newest snapshot of the oldest copy was taken.'],
  ['waiting_since_timestamp_seconds', 'When the oldest snapshot was taken that a copy lacks; absent where none does.'],
])

/** Of one that failed only that is known; what was told of its copies before stays. */
export function toldOf(report: ReplicaReport, job: Job, lags: ReadonlyMap<string, Lag>, now: Date): Told {
  const { datasets, failed } = report
  const told = new Map<string, number>([
    ['last_run_timestamp_seconds', Math.floor(now.getTime() / 1000)],
    ['failed', failed === undefined ? 0 : 1],
    ['troubles', needsLook(report) ? 1 : 0],
  ])
  if (failed !== undefined) return told
  const count = (isOne: (each: ReplicaReport['datasets'][number]) => boolean) => datasets.filter(isOne).length
  told.set(
    'datasets',
    count(({ state }) => state !== 'skipped'),
  )
  told.set(
    'behind_datasets',
    count(({ missing }) => missing > 0),
  )
  told.set(
    'diverged_datasets',
    count(({ state }) => state === 'diverged'),
  )
  told.set('late_datasets', [...lags.values()].filter(lag => lagAt(now, job, lag).late).length)
  for (const [name, end] of [
    ['oldest_copy_timestamp_seconds', 'has'],
    ['waiting_since_timestamp_seconds', 'waits'],
  ] as const) {
    const moments = [...lags.values()].flatMap(lag => lag[end] ?? [])
    if (moments.length > 0) told.set(name, Math.min(...moments))
  }
  return told
}

const LINE = /^bluejail_replicate_(\w+)\{replica="([a-z0-9-]+)"\} (\S+)$/

/** The file as it is to be. Replicas that are no more lose their lines. */
export function metricsFile(before: string | undefined, replica: string, told: Told, known: readonly string[]): string {
  const all = new Map(known.map(name => [name, new Map<string, number>()]))
  for (const line of (before ?? '').split('\n')) {
    const [, metric = '', name = '', value] = LINE.exec(line) ?? []
    if (name !== replica || told.get('failed') === 1) all.get(name)?.set(metric, Number(value))
  }
  for (const [metric, value] of told) all.get(replica)?.set(metric, value)
  const lines = [...METRICS].flatMap(([metric, help]) => {
    const samples = [...all].flatMap(([name, values]): Sample[] => {
      const value = values.get(metric)
      return value === undefined ? [] : [[`{replica="${name}"}`, value]]
    })
    return samples.length === 0 ? [] : gauge(`bluejail_replicate_${metric}`, help, samples)
  })
  return `${lines.join('\n')}\n`
}
