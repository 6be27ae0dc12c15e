/**
 * Brings a copy up to date. After each round of sends both sides are read again: what counts is what arrived, not what was
 * sent, and a run that was cut off at any point is continued by the next one in the same way.
 */
import { isExplained } from '../../modules/core/errors.ts'
import type { Host } from '../../modules/core/host.ts'
import { takingTurns } from '../../modules/core/perform.ts'
import { type Transfer, throttleTo } from '../../modules/core/streams.ts'
import { makeDirectories } from '../../modules/freebsd/directories.ts'
import { whyParted } from '../../modules/freebsd/zfs-send.ts'
import { lookAtBoth, type Sides } from '../../modules/rules/replica/both.ts'
import type { Job } from '../../modules/rules/replica/jobs.ts'
import { STATE_FOLDER, unsettledFile } from '../../modules/rules/replica/names.ts'
import { type DatasetSeen, fullName, standsOn } from '../../modules/rules/replica/side.ts'
import { type Item, isWork, planTree } from '../../modules/rules/replica/tree.ts'
import { carryOut } from './carry-out.ts'

export type Machine = Pick<Host, 'query' | 'perform' | 'list' | 'read' | 'status'>

export interface Wires {
  readonly machine: Machine
  readonly transfer: Transfer
  readonly now: () => Date
  readonly pause: (seconds: number) => Promise<void>
  readonly ending: AbortSignal
}

export interface Course {
  /** As both sides were when nothing was left to do. */
  readonly items: readonly Item[]
  /** Datasets of the source that are no part of the replica. */
  readonly others: readonly DatasetSeen[]
  /** On what the next increment of each copy stood when the run began, by path: full names. */
  readonly stoodOn: ReadonlyMap<string, string>
  /** What was done, by path, in words. */
  readonly done: ReadonlyMap<string, readonly string[]>
  /** Why a dataset could not be brought up to date, by path. */
  readonly failed: ReadonlyMap<string, string>
  /** A run before this one was cut off before it had written down what it did. */
  readonly wasUnsettled: boolean
  /** Something is to be written down: by this run, or by one before it. */
  readonly isUnsettled: boolean
}

export function nameOfBase({ source, target }: Item): string | undefined {
  const base = target === undefined ? undefined : standsOn(source, target)
  return target === undefined || base === undefined ? undefined : fullName(target, base)
}

/** Where a line breaks, as many attempts are made; what was received by then is not sent again. */
const ATTEMPTS = 3
const FIRST_PAUSE_SECONDS = 2

export async function bringUpToDate(job: Job, wires: Wires): Promise<Course> {
  const refused = new Map<string, string>()
  const attempts = new Map<string, number>()
  const done = new Map<string, string[]>()
  const failed = new Map<string, string>()
  const throttle = job.bytesPerSecond === undefined ? undefined : throttleTo(job.bytesPerSecond)
  const marker = unsettledFile(job.name)
  const wasUnsettled = (await wires.machine.status(marker)) !== undefined
  let isUnsettled = wasUnsettled
  let stoodOn: Map<string, string> | undefined

  for (;;) {
    // A host that is down from the start is left for the next run: other replicas wait for their turn.
    const looking = stoodOn === undefined ? lookAtBoth(job, wires.machine) : lookAgain(job, wires)
    const { source, target, tokens, switching } = await looking
    const items = planTree(source, target, job.target.root, job.wishes, { tokens, refused, switching })
    stoodOn ??= basesOf(items)
    const work = items.filter(item => isWork(item) && !failed.has(item.path))
    if (work.length === 0 || wires.ending.aborted) {
      const paths = new Set(items.map(({ path }) => path))
      const others = [...source].flatMap(([path, one]) => (paths.has(path) ? [] : [one]))
      return { items, others, stoodOn, done, failed, wasUnsettled, isUnsettled }
    }
    if (!isUnsettled) await noteUnsettled(marker, wires)
    isUnsettled = true
    await takingTurns(work, job.atOnce, item => attempt(item))
  }

  async function attempt(item: Item): Promise<void> {
    if (wires.ending.aborted) return
    try {
      const words = await carryOut(job, item, wires, throttle)
      done.set(item.path, [...(done.get(item.path) ?? []), words])
      attempts.delete(item.path)
      if (item.decision.kind === 'rotate' || item.decision.kind === 'exchange') refused.delete(item.path)
    } catch (error) {
      if (!isExplained(error)) throw error
      const said = (error as Error).message
      const parted = item.decision.kind === 'incremental' ? whyParted(said, item.targetName) : undefined
      if (parted !== undefined) return void refused.set(item.path, parted)
      const count = (attempts.get(item.path) ?? 0) + 1
      attempts.set(item.path, count)
      if (isWorthAnother(count, said, wires)) await wires.pause(pauseAfter(count))
      else failed.set(item.path, said)
    }
  }
}

/** Failing here, a run would neither tell nor write down what it has done. */
async function lookAgain(job: Job, wires: Wires): Promise<Sides> {
  for (let count = 1; ; count++)
    try {
      return await lookAtBoth(job, wires.machine)
    } catch (error) {
      if (!isExplained(error) || !isWorthAnother(count, (error as Error).message, wires)) throw error
      await wires.pause(pauseAfter(count))
    }
}

const isWorthAnother = (count: number, said: string, { ending }: Wires) =>
  count < ATTEMPTS && !ending.aborted && mayPass(said)

const pauseAfter = (count: number) => FIRST_PAUSE_SECONDS * 2 ** (count - 1) * (1 + Math.random())

function basesOf(items: readonly Item[]): Map<string, string> {
  const named = items.map(item => [item.path, nameOfBase(item)] as const)
  return new Map(named.flatMap(([path, name]) => (name === undefined ? [] : [[path, name] as const])))
}

async function noteUnsettled(path: string, { machine }: Wires): Promise<void> {
  if ((await machine.status(STATE_FOLDER)) === undefined) await machine.perform(makeDirectories([STATE_FOLDER]))
  await machine.perform({ kind: 'write', path, content: '' })
}

/** A line that broke, a host that does not answer, a dataset that is busy for a moment. */
const mayPass = (said: string) =>
  /\b(incomplete stream|failed to read from stream|signal received|SIGPIPE|Broken pipe|Connection|timed out|exit status 255|dataset is busy|temporar(?:il)?y)\b/i.test(
    said,
  )
