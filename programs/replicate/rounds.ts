/**
 * Brings a copy up to date. After each round of sends both sides are read again: what counts is what arrived, not what was
 * sent, and a run that was cut off at any point is continued by the next one in the same way.
 */
import { CommandFailed, isExplained } from '../../modules/core/errors.ts'
import type { Host } from '../../modules/core/host.ts'
import { describeStep, run } from '../../modules/core/step.ts'
import type { Transfer } from '../../modules/core/streams.ts'
import { makeDirectories } from '../../modules/freebsd/directories.ts'
import { overSsh } from '../../modules/freebsd/ssh.ts'
import { makeBookmark } from '../../modules/freebsd/zfs-points.ts'
import { abandonReceive, receive, sendResumed, sendSnapshot, whyParted } from '../../modules/freebsd/zfs-send.ts'
import { renameDataset } from '../../modules/freebsd/zfs-steps.ts'
import { lookAtBoth, there } from '../../modules/rules/replica/both.ts'
import { exchanging, placeholder } from '../../modules/rules/replica/filling.ts'
import type { Job } from '../../modules/rules/replica/jobs.ts'
import { marksOf } from '../../modules/rules/replica/marks.ts'
import { bookmarkOf, OWN_AFFAIR, PROGRAM, setAside } from '../../modules/rules/replica/names.ts'
import { fullName, type Point } from '../../modules/rules/replica/side.ts'
import { type Item, isWork, planTree } from '../../modules/rules/replica/tree.ts'

type Machine = Pick<Host, 'query' | 'perform' | 'list' | 'status'>

/** There while a run has done something and not yet written down what came of it (settle.ts). */
export const unsettledFile = (job: Job) => `${STATE_FOLDER}/bluejail-${PROGRAM}-${job.name}.unsettled`
/** As hier(7) has it; it outlives a reboot, as /var/run does not. */
const STATE_FOLDER = '/var/db'

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
  /** What was done, by path, in words. */
  readonly done: ReadonlyMap<string, readonly string[]>
  /** Why a dataset could not be brought up to date, by path. */
  readonly failed: ReadonlyMap<string, string>
  /** Something is to be written down: by this run, or by one before it that was cut off. */
  readonly isUnsettled: boolean
}

/** A line that breaks is tried again as often; what was received by then is not sent again. */
const ATTEMPTS = 3
const FIRST_PAUSE_SECONDS = 2

export async function bringUpToDate(job: Job, wires: Wires): Promise<Course> {
  const refused = new Map<string, string>()
  const attempts = new Map<string, number>()
  const done = new Map<string, string[]>()
  const failed = new Map<string, string>()
  const marker = unsettledFile(job)
  let isUnsettled = (await wires.machine.status(marker)) !== undefined

  for (;;) {
    const { source, target, tokens, switching } = await lookAtBoth(job, wires.machine)
    const items = planTree(source, target, job.target.root, job.wishes, { tokens, refused, switching })
    const work = items.filter(item => isWork(item) && !failed.has(item.path))
    if (work.length === 0 || wires.ending.aborted) return { items, done, failed, isUnsettled }
    if (!isUnsettled) await noteUnsettled(marker, wires)
    isUnsettled = true
    await inTurns(work, job.atOnce, item => attempt(item))
  }

  async function attempt(item: Item): Promise<void> {
    if (wires.ending.aborted) return
    try {
      const words = await carryOut(job, item, wires)
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
      if (count >= ATTEMPTS || wires.ending.aborted || !mayPass(said)) failed.set(item.path, said)
      else await wires.pause(FIRST_PAUSE_SECONDS * 2 ** (count - 1) * (1 + Math.random()))
    }
  }
}

async function noteUnsettled(path: string, { machine }: Wires): Promise<void> {
  if ((await machine.status(STATE_FOLDER)) === undefined) await machine.perform(makeDirectories([STATE_FOLDER]))
  await machine.perform({ kind: 'write', path, content: '' })
}

/** A line that broke, a host that does not answer, a dataset that is busy for a moment. */
const mayPass = (said: string) =>
  /\b(incomplete stream|failed to read from stream|signal received|SIGPIPE|Broken pipe|Connection|timed out|exit status 255|dataset is busy|temporarily)\b/i.test(
    said,
  )

async function carryOut(job: Job, item: Item, { machine, transfer, now, ending }: Wires): Promise<string> {
  const { source, targetName, decision } = item
  const onTarget = there.bind(undefined, job.target.login)
  for (const point of marksOf(job.name, item).make) await mark(job, machine, item, point)

  switch (decision.kind) {
    case 'placeholder': {
      const step = placeholder(targetName)
      await machine.perform(onTarget(step))
      return describeStep(step)
    }
    case 'abandon': {
      await machine.perform(onTarget(abandonReceive(targetName)))
      return `gave up an interrupted receive: ${decision.why}`
    }
    case 'rotate': {
      const aside = setAside(targetName, now())
      await machine.perform(onTarget(renameDataset(targetName, aside, { unmounted: source.type === 'filesystem' })))
      return `renamed to ${aside}: ${decision.why}`
    }
    case 'exchange': {
      const steps = exchanging(decision, item.target, targetName, now())
      for (const step of steps) await machine.perform(onTarget(step))
      const aside = item.target && steps.find(({ command }) => command.includes(targetName))?.command.at(-1)
      return `put in its place${aside === undefined ? '' : `; what was there is ${aside}`}`
    }
    case 'full':
    case 'incremental':
    case 'resume': {
      const sending =
        decision.kind === 'resume'
          ? sendResumed(decision.token)
          : sendSnapshot(fullName(source, decision.to), {
              raw: source.isEncrypted,
              ...(decision.kind === 'incremental' && {
                from: fullName(source, decision.from),
                through: decision.through,
              }),
            })
      const receiving = receive(targetName, { type: source.type, without: OWN_AFFAIR, nowhere: true })
      const from = job.source.login === undefined ? sending : overSsh(job.source.login, sending)
      const to = job.target.login === undefined ? receiving : overSsh(job.target.login, receiving)
      const { bytesPerSecond } = job
      await transfer(from, to, { ending, ...(bytesPerSecond !== undefined && { bytesPerSecond }) })
      return `${told(decision)}${item.because === undefined ? '' : `, anew: ${item.because}`}`
    }
    default:
      throw new TypeError(`${decision.kind} is nothing to carry out`)
  }
}

function told(decision: Extract<Item['decision'], { readonly to: Point }>): string {
  if (decision.kind === 'incremental') return `@${decision.to.name} since ${decision.from.name}`
  return decision.kind === 'full' ? `@${decision.to.name}, all of it` : `@${decision.to.name}, what was left of it`
}

export async function mark(job: Job, machine: Machine, { source }: Item, point: Point): Promise<void> {
  const bookmark = `${source.name}#${bookmarkOf(job.name, point)}`
  try {
    await machine.perform(there(job.source.login, makeBookmark(fullName(source, point), bookmark)))
  } catch (error) {
    // Pruned since it was read, or marked by a run that was cut off.
    if (!(error instanceof CommandFailed) || !/does not exist|bookmark exists/.test(error.message)) throw error
  }
}

/** At most so many at a time. */
export async function inTurns<T>(items: readonly T[], atOnce: number, act: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values()
  const take = async () => {
    for (const item of waiting) await act(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, take))
}

/** Over ssh all names go in one word, which some systems do not take longer than 128 KiB. */
const MOST_NAMES = 300
export const chunks = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / MOST_NAMES) }, (_, index) =>
    all.slice(index * MOST_NAMES, (index + 1) * MOST_NAMES),
  )

/** A snapshot of all that is replicated, taken in one transaction where it can be; and sentences about what is left out. */
export async function snapshotNow(job: Job, { machine }: Wires, name: string): Promise<string[]> {
  const { source, target, tokens, switching, seesSwitching } = await lookAtBoth(job, machine)
  const instances = [...source.values()].filter(({ instance }) => instance !== undefined)
  const unseen = seesSwitching ? [] : instances.map(top => top.name)
  const learned = { tokens, refused: new Map(), switching }
  const items = planTree(source, target, job.target.root, job.wishes, learned)
  const names = items
    .filter(item => item.source.token === undefined && !isLeftOut(item, [...switching, ...unseen]))
    // Another replica's run may have taken it in this very second.
    .filter(({ source: { points } }) => !points.some(point => point.kind === 'snapshot' && point.name === name))
    .map(item => `${item.source.name}@${name}`)
  if (names.length > 0) await machine.perform(there(job.source.login, run('zfs', 'snapshot', ...names)))
  if (unseen.length === 0) return []
  const { host, user } = job.source.login ?? {}
  return [
    `no snapshot was taken of ${unseen.join(', ')}: ${user} cannot see on ${host} whether they are being switched to another blueprint. Have snapshots taken there (zfs_autosnap), or replicate from there with \`to\`.`,
  ]
}

const isLeftOut = ({ source }: Item, tops: readonly string[]) =>
  tops.some(top => source.name === top || source.name.startsWith(`${top}/`))
