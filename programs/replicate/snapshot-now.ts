/** `run --snapshot`: what is replicated gets a snapshot first. */
import { CommandFailed, Refused } from '../../modules/core/errors.ts'
import type { RunStep, Step } from '../../modules/core/step.ts'
import { chunks } from '../../modules/freebsd/ssh.ts'
import { isAtOrBelow } from '../../modules/freebsd/zfs-names.ts'
import { lookAtBoth, there } from '../../modules/rules/replica/both.ts'
import type { Job } from '../../modules/rules/replica/jobs.ts'
import { planTree } from '../../modules/rules/replica/tree.ts'
import { takeAll } from '../autosnap/attempt.ts'
import type { Wires } from './rounds.ts'

/**
 * A snapshot of all that is replicated, taken in one transaction where it can be; and sentences about what got none. What was
 * taken before is replicated of those too.
 */
export async function snapshotNow(job: Job, wires: Wires, name: string): Promise<string[]> {
  const { source, target, tokens, switching, seesSwitching } = await lookAtBoth(job, wires.machine)
  const instances = [...source.values()].filter(({ instance }) => instance !== undefined)
  const unseen = seesSwitching ? [] : instances.map(top => top.name)
  const learned = { tokens, refused: new Map(), switching }
  const items = planTree(source, target, job.target.root, job.wishes, learned)
  const leftOut = [...switching, ...unseen]
  const datasets = items
    .map(item => item.source)
    .filter(dataset => dataset.token === undefined && !leftOut.some(top => isAtOrBelow(dataset.name, top)))
    // Another replica's run may have taken it in this very second.
    .filter(({ points }) => !points.some(point => point.kind === 'snapshot' && point.name === name))
  const sentences: string[] = []
  for (const some of chunks(datasets.map(dataset => dataset.name)))
    for (const [dataset, why] of (await takeAll(sourceOf(job, wires), some, name)).refused)
      sentences.push(`${dataset} got no snapshot: ${why}`)
  if (unseen.length === 0) return sentences
  const { host, user } = job.source.login ?? {}
  return [
    ...sentences,
    `no snapshot was taken of ${unseen.join(', ')}: ${user} cannot see on ${host} whether they are being switched to another blueprint. Have snapshots taken there (zfs_autosnap), or replicate from there with \`to\`.`,
  ]
}

/** zfs(8) itself exits with 1; anything else is of the way to it, and no reason to try with fewer datasets. */
const sourceOf = ({ source }: Job, { machine }: Wires) => ({
  perform: (step: Step) =>
    machine.perform(there(source.login, step as RunStep)).catch(error => {
      const isOfZfs = error instanceof CommandFailed && (source.login === undefined || error.answer?.exit === 1)
      throw isOfZfs || !(error instanceof CommandFailed) ? error : new Refused(error.message)
    }),
})
