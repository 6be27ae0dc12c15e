/**
 * Replicas in turn, each under a lock of its own: one whose first copy takes days keeps no other waiting, since cron's next run
 * finds it busy and goes on to the others.
 */
import { isExplained, LockHeld, Refused } from '../../modules/core/errors.ts'
import type { ExitStatus, Surroundings } from '../../modules/core/host-program.ts'
import { lookAtBoth } from '../../modules/rules/replica/both.ts'
import type { Job } from '../../modules/rules/replica/jobs.ts'
import { ownSnapshot } from '../../modules/rules/replica/names.ts'
import { readSettings } from '../../modules/rules/replica/settings.ts'
import { planTree } from '../../modules/rules/replica/tree.ts'
import { type Lag, lagAt, lagsOf } from './lag.ts'
import { metricsFile, toldOf } from './metrics.ts'
import { afterRun, headOf, linesOf, needsLook, planned, type ReplicaReport } from './report.ts'
import { bringUpToDate, type Wires } from './rounds.ts'
import { settle } from './settle.ts'
import { snapshotNow } from './snapshot-now.ts'
import type { Words } from './words.ts'

type Verb = 'run' | 'plan' | 'status'

export async function overJobs(
  verb: Verb,
  words: Words,
  { host, holder, now, ending, say }: Surroundings,
  { transfer, pause }: Pick<Wires, 'transfer' | 'pause'>,
): Promise<ExitStatus> {
  const { jobs: all, prometheusFile } = await readSettings(host, words.config)
  const wires: Wires = { machine: host, transfer, now, pause, ending }
  const reports: ReplicaReport[] = []
  for (const job of chosen(all, words.names)) {
    if (ending.aborted) break
    const report = await underLock(job)
    if (report === undefined) continue
    reports.push(report)
    if (!words.json && !(words.quiet && !needsLook(report))) for (const line of linesOf(report)) say(line)
  }
  if (words.json) say(JSON.stringify({ format: 1, replicas: reports }))
  if (reports.some(({ failed }) => failed !== undefined)) return 2
  return reports.some(needsLook) ? 1 : 0

  /** Undefined where it is being replicated, and nobody wants to know: cron does not wait for much data. */
  async function underLock(job: Job): Promise<ReplicaReport | undefined> {
    if (verb !== 'run') return isolated(job, () => lookOver(job, verb, wires))
    let unlock: () => Promise<void>
    try {
      unlock = await host.lock(holder, job.name)
    } catch (error) {
      if (!(error instanceof LockHeld)) throw error
      return words.quiet ? undefined : failure(job, error)
    }
    try {
      return await run(job)
    } finally {
      await unlock()
    }
  }

  async function run(job: Job): Promise<ReplicaReport> {
    let lags: ReadonlyMap<string, Lag> = new Map()
    const report = await isolated(job, async () => {
      const unasked = words.snapshot ? await snapshotNow(job, wires, ownSnapshot(now())) : []
      const course = await bringUpToDate(job, wires)
      const { warnings, kept } = await settle(job, course, wires)
      if (prometheusFile !== undefined) lags = await lagsOf(job, course.items, wires)
      return {
        ...headOf(job),
        datasets: course.items.map(item => afterRun(item, course)),
        warnings: [...unasked, ...warnings],
        ...(kept.length > 0 && { kept }),
      }
    })
    if (prometheusFile === undefined) return report
    const told = toldOf(report, job, lags, now())
    const names = all.map(({ name }) => name)
    try {
      const content = metricsFile(await host.read(prometheusFile), job.name, told, names)
      await host.perform({ kind: 'write', path: prometheusFile, content })
      return report
    } catch (error) {
      const warning = `${prometheusFile} could not be written: ${(error as Error).message}`
      return { ...report, warnings: [...report.warnings, warning] }
    }
  }
}

async function lookOver(job: Job, verb: 'plan' | 'status', wires: Wires): Promise<ReplicaReport> {
  const { source, target, tokens, switching } = await lookAtBoth(job, wires.machine)
  const items = planTree(source, target, job.target.root, job.wishes, { tokens, refused: new Map(), switching })
  const lags = verb === 'plan' ? new Map<string, Lag>() : await lagsOf(job, items, wires)
  const datasets = items.map(item => ({ ...planned(item), ...lagAt(wires.now(), job, lags.get(item.path)) }))
  return { ...headOf(job), datasets, warnings: [] }
}

/** One replica that fails, for whatever reason, leaves the others their turn, and what was said of them is not lost. */
async function isolated(job: Job, act: () => Promise<ReplicaReport>): Promise<ReplicaReport> {
  try {
    return await act()
  } catch (error) {
    return failure(job, error)
  }
}

function failure(job: Job, error: unknown): ReplicaReport {
  const failed =
    isExplained(error) && error instanceof Error
      ? error.message
      : `there is a bug, please report it: ${error instanceof Error ? error.stack : String(error)}`
  return { ...headOf(job), datasets: [], warnings: [], failed }
}

function chosen(jobs: readonly Job[], names: readonly string[]): readonly Job[] {
  const unknown = names.filter(name => !jobs.some(job => job.name === name))
  if (unknown.length > 0)
    throw new Refused(
      `there is no replica ${unknown.join(', ')}; there are: ${jobs.map(({ name }) => name).join(', ')}.`,
    )
  return names.length === 0 ? jobs : jobs.filter(({ name }) => names.includes(name))
}
