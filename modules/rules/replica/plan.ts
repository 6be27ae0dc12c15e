/** What a zfs_replica task has to do: install the program, and run it where copies are to be up to date now. */
import { Failure, Refused } from '../../core/errors.ts'
import type { Probe } from '../../core/host.ts'
import type { Plan } from '../../core/module.ts'
import type { Done } from '../../core/perform.ts'
import { type RunStep, run } from '../../core/step.ts'
import { programPath } from '../layout.ts'
import { installation } from '../program/install.ts'
import { type AccessOptions, type AccessPlan, type AccessState, planAccess, type SeenAccess } from './access-plan.ts'
import { lookAtBoth } from './both.ts'
import { type Installed, installing, removing } from './install.ts'
import { describePlace, type Job, jobsOf, type Settings } from './jobs.ts'
import { type Left, leaving, warningsOf } from './leave.ts'
import { PROGRAM } from './names.ts'
import { parseSettings } from './settings.ts'
import { type Item, isWork, planTree, verdictOf } from './tree.ts'

interface TaskOptions extends Omit<Settings, 'replicas'>, AccessOptions {
  readonly replicas?: Settings['replicas'] | undefined
  readonly run: boolean
  readonly snapshot: boolean
  readonly only?: readonly string[] | undefined
  readonly state: 'present' | 'absent'
}

/** What a replica's datasets have, or why that cannot be seen: `isMissing` where the source is not there. */
export type Copies = readonly Item[] | { readonly problem: string; readonly isMissing: boolean }

export interface Seen {
  readonly installed: Installed
  readonly jobs: readonly Job[]
  /** Where the task speaks of keys or logins. */
  readonly access: SeenAccess | undefined
  /** Of replicas that it made before and makes no more. */
  readonly left: readonly Left[]
  /** With `run`, by name. */
  readonly copies: ReadonlyMap<string, Copies>
}

interface ReplicaState {
  readonly source: string
  readonly target: string
  readonly datasets?: number
  readonly current?: number
  readonly problems?: string[]
}

export interface State extends AccessState {
  readonly scheduled: boolean
  readonly replicas: Record<string, ReplicaState>
}

export const settingsOfTask = ({
  replicas,
  minutes,
  prometheus_file,
  hosting_dataset,
  hosting_path,
}: TaskOptions): Settings => ({
  replicas: replicas ?? [],
  minutes,
  ...(prometheus_file !== undefined && { prometheus_file }),
  hosting_dataset,
  hosting_path,
})

/**
 * What is not there yet may be made by then, and a host that cannot be reached may be once this task has set up how: it is the
 * program that fails for it.
 */
export async function lookAtCopies(jobs: readonly Job[], machine: Probe): Promise<Map<string, Copies>> {
  const found = new Map<string, Copies>()
  for (const job of jobs) {
    try {
      const { source, target, tokens, switching } = await lookAtBoth(job, machine)
      found.set(
        job.name,
        planTree(source, target, job.target.root, job.wishes, { tokens, refused: new Map(), switching }),
      )
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      found.set(job.name, { problem: error.message, isMissing: error instanceof Refused })
    }
  }
  return found
}

/** The first replication of much data takes days. A timer of Node's cannot be set for more than 24. */
const LONGEST_SECONDS = 20 * 86_400
/** Some copies need a look; all else was done. */
const NEEDS_LOOK = 1

const running = (names: readonly string[], snapshot: boolean): RunStep => ({
  ...run(programPath(PROGRAM), 'run', ...(snapshot ? ['--snapshot'] : []), ...names),
  timeoutSeconds: LONGEST_SECONDS,
  setbacks: [NEEDS_LOOK],
})

const isRunning = ({ step }: Done) => step.kind === 'run' && step.command[0] === programPath(PROGRAM)
const hasRun = (done: readonly Done[]) => done.some(isRunning)

const NO_ACCESS: AccessPlan = { before: {}, after: {}, steps: [], unmet: [] }

export function planReplicas(options: TaskOptions, seen: Seen, done: readonly Done[]): Plan<State> {
  const { installed, jobs, copies } = seen
  const isScheduled = installed.cron.status !== undefined
  const present = { scheduled: isScheduled, replicas: stateOf(earlierJobs(installed), copies) }
  if (options.state === 'absent') {
    const steps = [...leaving(seen.left), ...removing(installed)]
    const msg = steps.length === 0 ? 'This host makes no copies.' : 'This host makes no copies by itself any more.'
    return { before: present, after: { scheduled: false, replicas: {} }, steps, warnings: warningsOf(seen.left), msg }
  }
  const access = seen.access === undefined ? NO_ACCESS : planAccess(options, seen.access)
  if (options.replicas === undefined) {
    // Who logs in runs the program; for a key alone there is nothing to run.
    const steps = [...access.steps, ...(options.logins === undefined ? [] : installation(installed.program))]
    const msg = steps.length === 0 ? 'Hosts may replicate as they should.' : 'Hosts may replicate as they should now.'
    return {
      before: { ...present, ...access.before },
      after: { ...present, ...access.after },
      steps,
      unmet: access.unmet,
      msg,
    }
  }
  const runs =
    options.run &&
    !hasRun(done) &&
    (options.snapshot || [...copies.values()].some(copy => 'problem' in copy || hasWork(copy)))
  const setUp = [...access.steps, ...leaving(seen.left), ...installing(installed, settingsOfTask(options))]
  const problems = [...copies].flatMap(([name, copy]) =>
    problemsOf(copy).map(why => `${why.startsWith(`${name}: `) ? '' : `${name}: `}${why}.`),
  )
  const missing = [...copies.values()].flatMap(copy => ('problem' in copy && copy.isMissing ? [copy.problem] : []))
  return {
    before: { ...present, ...access.before },
    after: { scheduled: options.minutes > 0, replicas: stateOf(jobs, copies, runs), ...access.after },
    steps: [...setUp, ...(runs ? [running([...copies.keys()], options.snapshot)] : [])],
    verify: runs,
    unmet: [...access.unmet, ...(hasRun(done) ? [] : missing)],
    warnings: [...warningsOf(seen.left), ...warned(done)],
    // A copy that needs a look fails the task, whether or not others were sent.
    ...(options.run && !runs && problems.length > 0 && { failures: [...problems, ...said(done)] }),
    msg: told(jobs, copies, runs),
  }
}

/** What the program said of what went wrong. */
const said = (done: readonly Done[]) =>
  done
    .flatMap(one => (isRunning(one) && one.setback !== undefined ? [one.setback.stdout.trim()] : []))
    .filter(text => text !== '')

/** Copies are as they should be, and something else is not. */
const warned = (done: readonly Done[]) =>
  said(done).flatMap(text => text.split('\n').flatMap(line => /^ {2}warning: (.+)$/.exec(line)?.[1] ?? []))

const itemsOf = (copy: Copies): readonly Item[] => ('problem' in copy ? [] : copy)
const hasWork = (copy: Copies) => itemsOf(copy).some(isWork)

function problemsOf(copy: Copies): string[] {
  if ('problem' in copy) return [copy.problem.replace(/\.$/, '')]
  return copy.flatMap(item => {
    const verdict = verdictOf(item)
    if (verdict.kind === 'diverged') return [verdict.why]
    return isWork(item) ? [`${item.source.name} is not up to date`] : []
  })
}

/** Whoever is skipped has no copy, or one that is left alone for now. */
function stateOf(jobs: readonly Job[], copies: ReadonlyMap<string, Copies>, runs = false): State['replicas'] {
  return Object.fromEntries(
    jobs.map(job => {
      const places = { source: describePlace(job.source), target: describePlace(job.target) }
      const copy = copies.get(job.name)
      if (copy === undefined) return [job.name, places]
      const counted = itemsOf(copy).filter(({ decision: { kind } }) => kind !== 'skipped' && kind !== 'placeholder')
      const willBe = (item: Item) => runs && (isWork(item) || item.decision.kind === 'waits')
      const current = counted.filter(item => item.decision.kind === 'nothing' || willBe(item)).length
      const problems = runs ? copyProblems(copy) : problemsOf(copy)
      return [job.name, { ...places, datasets: counted.length, current, ...(problems.length > 0 && { problems }) }]
    }),
  )
}

/** Those that a run will not end. */
const copyProblems = (copy: Copies) =>
  itemsOf(copy).flatMap(item => {
    const verdict = verdictOf(item)
    return verdict.kind === 'diverged' ? [verdict.why] : []
  })

export function earlierJobs({ settings: { text } }: Installed): Job[] {
  if (text === undefined) return []
  try {
    return jobsFrom(text)
  } catch (error) {
    // Of an older program, or somebody's own: it is replaced anyway.
    if (error instanceof Failure) return []
    throw error
  }
}

const jobsFrom = (text: string) => jobsOf(parseSettings(text, 'the file'))

function told(jobs: readonly Job[], copies: ReadonlyMap<string, Copies>, runs: boolean): string {
  if (copies.size === 0) return `${jobs.length} replica(s) are made by this host.`
  const items = [...copies.values()].flatMap(itemsOf)
  const work = items.filter(item => isWork(item) || item.decision.kind === 'waits').length
  return runs
    ? `${work} of ${items.length} dataset(s) are brought up to date.`
    : `${items.length} dataset(s) were looked at.`
}
