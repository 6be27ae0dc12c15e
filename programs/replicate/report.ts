/** What a run did, or what is to be done, for a person and for a program. */
import type { Job } from '../../modules/rules/replica/jobs.ts'
import { describePlace } from '../../modules/rules/replica/jobs.ts'
import { baseOf, newestOf, ownSince } from '../../modules/rules/replica/side.ts'
import { type Item, isWork, missingOf, verdictOf } from '../../modules/rules/replica/tree.ts'
import { age } from '../ages.ts'
import type { Course } from './rounds.ts'

export interface DatasetReport {
  readonly dataset: string
  readonly copy: string
  /** `current`, `sent`, `behind`, `diverged`, `failed`, `skipped`. */
  readonly state: 'current' | 'sent' | 'behind' | 'diverged' | 'failed' | 'skipped'
  /** What was done, or what will be. */
  readonly steps: readonly string[]
  readonly why?: string
  /** Snapshots that the copy has not got. */
  readonly missing: number
  /** The newest snapshot of both. */
  readonly has?: string
  /** Snapshots of the copy after that one, which the source has not. */
  readonly own?: readonly string[]
  /** `status`: how old that one is; undefined where there is none. */
  readonly age_seconds?: number
  /** `status`: for how long the oldest of those that are missing has been there. */
  readonly lag_seconds?: number
  /** That is longer than the replica's `late_minutes`. */
  readonly late?: true
}

export interface ReplicaReport {
  readonly replica: string
  readonly source: string
  readonly target: string
  readonly datasets: readonly DatasetReport[]
  readonly warnings: readonly string[]
  /** Snapshots of earlier runs that stay, and why. */
  readonly kept?: readonly string[]
  /** Why nothing could be done at all. */
  readonly failed?: string
}

export const headOf = (job: Job) => ({
  replica: job.name,
  source: describePlace(job.source),
  target: describePlace(job.target),
})

export function afterRun(item: Item, { done, failed }: Course): DatasetReport {
  const steps = done.get(item.path) ?? []
  const failure = failed.get(item.path)
  const state =
    failure !== undefined
      ? 'failed'
      : item.decision.kind === 'nothing'
        ? steps.length > 0
          ? 'sent'
          : 'current'
        : stateOf(item)
  return { ...describe(item), state, steps, ...(failure !== undefined && { why: failure }) }
}

export const planned = (item: Item): DatasetReport => ({
  ...describe(item),
  state: stateOf(item),
  steps: isWork(item) || item.decision.kind === 'waits' ? [wordsFor(item)] : [],
})

function describe(item: Item) {
  const { source, target, targetName } = item
  const verdict = verdictOf(item)
  const base = target === undefined ? undefined : baseOf(source, target)
  const own = target === undefined ? [] : ownSince(source, target)
  return {
    dataset: source.name,
    copy: targetName,
    missing: missingOf(item),
    ...(base !== undefined && { has: base.name }),
    ...(own.length > 0 && { own: own.map(({ name }) => name) }),
    ...('why' in verdict && { why: verdict.why }),
  }
}

function stateOf(item: Item): DatasetReport['state'] {
  const { kind } = verdictOf(item)
  if (kind === 'nothing') return 'current'
  if (kind === 'diverged' || kind === 'skipped') return kind
  return newestOf(item.source) === undefined ? 'skipped' : 'behind'
}

function wordsFor({ decision, targetName, because }: Item): string {
  switch (decision.kind) {
    case 'full':
      return `send @${decision.to.name}, all of it${because === undefined ? '' : `, to begin anew: ${because}`}`
    case 'incremental':
      return `send @${decision.to.name} since ${decision.from.name}`
    case 'resume':
      return `send what is left of @${decision.to.name}`
    case 'abandon':
      return `give up what was half received: ${decision.why}`
    case 'placeholder':
      return `make ${targetName} to hold what is below`
    case 'exchange':
      return `put ${decision.filled.name} in the place of ${targetName}`
    case 'mend':
      return `set ${targetName} not to be mounted at boot`
    case 'rotate':
      return `rename ${targetName} and begin anew: ${decision.why}`
    case 'waits':
      return `send it when that can be: ${decision.why}`
    default:
      return ''
  }
}

/** Cron mails what is printed, so a run says only what was done or needs a look. */
export function linesOf({ replica, source, target, datasets, warnings, kept = [], failed }: ReplicaReport): string[] {
  const count = (state: DatasetReport['state']) => datasets.filter(each => each.state === state).length
  const counts = (['sent', 'current', 'behind', 'diverged', 'failed', 'skipped'] as const)
    .filter(state => count(state) > 0)
    .map(state => `${count(state)} ${state}`)
  const ages = datasets.flatMap(each => each.age_seconds ?? [])
  const oldest = ages.length === 0 ? [] : [`up to ${age(ages.reduce((a, b) => Math.max(a, b)))} old`]
  return [
    `${replica}: ${source} -> ${target}: ${failed ?? ([...counts, ...oldest].join(', ') || 'nothing there')}`,
    ...datasets.flatMap(each => {
      const sentences = sentencesOf(each)
      return sentences.length === 0 ? [] : [`  ${each.dataset}: ${sentences.join('; ')}`]
    }),
    ...kept.map(sentence => `  ${sentence}`),
    ...warnings.map(warning => `  warning: ${warning}`),
  ]
}

function sentencesOf({ state, steps, why, own = [], late, has, lag_seconds: lag = 0 }: DatasetReport): string[] {
  // A step that is yet to be done may say the same reason itself.
  const isSaid = why === undefined || state === 'current' || steps.some(step => step.includes(why))
  return [
    ...(late
      ? [`LATE: ${has === undefined ? 'there is no copy, and ' : ''}what it lacks has been there for ${age(lag)}`]
      : []),
    ...steps,
    ...(!late && lag > 0 ? [`what it lacks has been there for ${age(lag)}`] : []),
    ...(isSaid ? [] : [`${state}: ${why}`]),
    ...(own.length > 0 && !why?.includes(`@${own[0]}`)
      ? [`the copy has ${own.map(name => `@${name}`).join(', ')} of its own`]
      : []),
  ]
}

/** The exit status: 1 where a person should look. */
export const needsLook = ({ datasets, warnings, failed }: ReplicaReport) =>
  failed !== undefined ||
  warnings.length > 0 ||
  datasets.some(({ state, late }) => state === 'diverged' || state === 'failed' || late)
