/** The last run and the state of each policy, for Prometheus. */
import type { PolicyStatus } from '../../modules/rules/snapshot/status.ts'
import { gauge as gaugeOf, type Sample } from '../prometheus.ts'
import type { Report } from './report.ts'

export function metrics(report: Report, policies: ReadonlyMap<string, PolicyStatus>, now: number): string {
  const gauge = (name: string, help: string, samples: readonly Sample[]) =>
    gaugeOf(`bluejail_autosnap_${name}`, help, samples)
  const each = (value: (status: PolicyStatus) => number | undefined) =>
    [...policies].flatMap(([name, status]) => {
      const told = value(status)
      return told === undefined ? [] : [[`{policy="${name}"}`, told] as const]
    })
  const lines = [
    ...gauge('last_run_timestamp_seconds', 'When the last run ended.', [['', now]]),
    ...gauge('taken', 'Snapshots that the last run took.', [['', report.taken.length]]),
    ...gauge('destroyed', 'Snapshots that the last run destroyed.', [['', report.destroyed.length]]),
    ...gauge('blocked', 'Expired snapshots that are held or cloned.', [['', Object.keys(report.blocked).length]]),
    ...gauge('skipped', 'Datasets that were left alone.', [['', Object.keys(report.skipped).length]]),
    ...gauge('troubles', 'What needs a look.', [['', report.troubles.length]]),
    ...gauge(
      'datasets',
      'Datasets with the policy.',
      each(status => status.datasets),
    ),
    ...gauge(
      'stale_datasets',
      'Datasets without a snapshot as new as the policy wants, before the run.',
      each(status => status.stale.length),
    ),
    ...gauge(
      'next_due_timestamp_seconds',
      'When the next snapshot was due, before the run.',
      each(status => status.nextDue),
    ),
  ]
  return `${lines.join('\n')}\n`
}
