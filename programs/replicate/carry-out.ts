/** What was decided about a dataset is done, on the side where it belongs. */
import { CommandFailed } from '../../modules/core/errors.ts'
import { describeStep } from '../../modules/core/step.ts'
import type { Throttle } from '../../modules/core/streams.ts'
import { overSsh } from '../../modules/freebsd/ssh.ts'
import { makeBookmark } from '../../modules/freebsd/zfs-points.ts'
import { abandonReceive, receive, sendResumed, sendSnapshot } from '../../modules/freebsd/zfs-send.ts'
import { renameDataset } from '../../modules/freebsd/zfs-steps.ts'
import { affairsOf } from '../../modules/rules/replica/affairs.ts'
import { there } from '../../modules/rules/replica/both.ts'
import { exchanging, placeholder, unmountable } from '../../modules/rules/replica/filling.ts'
import type { Job } from '../../modules/rules/replica/jobs.ts'
import { marksOf } from '../../modules/rules/replica/marks.ts'
import { bookmarkOf, setAside } from '../../modules/rules/replica/names.ts'
import { fullName, type Point } from '../../modules/rules/replica/side.ts'
import type { Item } from '../../modules/rules/replica/tree.ts'
import { POLICY_FILE } from '../../modules/rules/snapshot/settings.ts'
import type { Machine, Wires } from './rounds.ts'

/** In words. */
export async function carryOut(
  job: Job,
  item: Item,
  { machine, transfer, now, ending }: Wires,
  throttle: Throttle | undefined,
): Promise<string> {
  const { source, targetName, decision } = item
  const onTarget = there.bind(undefined, job.target.login)
  for (const point of marksOf(job.name, item).make) await mark(job, machine, item, point)

  switch (decision.kind) {
    case 'placeholder': {
      const step = placeholder(targetName)
      await machine.perform(onTarget(step))
      return describeStep(step)
    }
    case 'mend': {
      for (const step of unmountable(targetName)) await machine.perform(onTarget(step))
      return 'set it not to be mounted at boot'
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
          ? sendResumed(decision.token, source.isEncrypted)
          : sendSnapshot(fullName(source, decision.to), {
              raw: source.isEncrypted,
              ...(decision.kind === 'incremental' && {
                from: fullName(source, decision.from),
                through: decision.through,
              }),
            })
      const without = affairsOf(await machine.read(POLICY_FILE))
      const receiving = receive(targetName, { type: source.type, without, nowhere: true })
      const from = job.source.login === undefined ? sending : overSsh(job.source.login, sending)
      const to = job.target.login === undefined ? receiving : overSsh(job.target.login, receiving)
      await transfer(from, to, { ending, ...(throttle !== undefined && { throttle }) })
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
