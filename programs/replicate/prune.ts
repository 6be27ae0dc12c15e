/** What runs with `--snapshot` took goes from both sides, once the copy has something newer. */
import { CommandFailed } from '../../modules/core/errors.ts'
import { takingTurns } from '../../modules/core/perform.ts'
import { describeStep, type RunStep } from '../../modules/core/step.ts'
import { asking, chunks, type Login } from '../../modules/freebsd/ssh.ts'
import { destroySnapshots, readTies, saysNoneLeft } from '../../modules/freebsd/zfs-snapshots.ts'
import { there } from '../../modules/rules/replica/both.ts'
import type { Job } from '../../modules/rules/replica/jobs.ts'
import { outlivedBy } from '../../modules/rules/replica/prune.ts'
import { type DatasetSeen, fullName, type Point } from '../../modules/rules/replica/side.ts'
import type { Item } from '../../modules/rules/replica/tree.ts'
import type { Wires } from './rounds.ts'

/** It may be on its way to another host just now, or be gone already. */
async function refusal(acting: Promise<void>): Promise<string | undefined> {
  try {
    await acting
    return undefined
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    return saysNoneLeft(error.answer?.stderr ?? '') ? undefined : error.message
  }
}

/** Sentences about what stays, because somebody holds it or something was made from it. */
export async function pruneOwn(job: Job, items: readonly Item[], { machine }: Wires): Promise<string[]> {
  const past = items.map(item => ({ item, outlived: outlivedBy(job.name, item) }))
  const sides = [
    {
      login: job.source.login,
      doomed: past.map(({ item, outlived }) => [item.source, outlived.source] as const),
    },
    {
      login: job.target.login,
      doomed: past.flatMap(({ item, outlived }) => (item.target ? [[item.target, outlived.target] as const] : [])),
    },
  ]
  const kept: string[] = []
  for (const { login, doomed } of sides) kept.push(...(await pruneSide(login, doomed)))
  return kept

  async function pruneSide(
    login: Login | undefined,
    doomed: readonly (readonly [DatasetSeen, readonly Point[]])[],
  ): Promise<string[]> {
    const stays = new Map<string, string>()
    const names = doomed.flatMap(([dataset, points]) => points.map(point => fullName(dataset, point)))
    for (const some of chunks(names))
      for (const [name, { holds, clones }] of await readTies(asking(machine, login), some)) {
        if (clones.length > 0) stays.set(name, `${name} stays: ${clones.join(', ')} was made from it`)
        else if (holds > 0) stays.set(name, `${name} stays: it is held`)
      }
    const steps = doomed.flatMap(([dataset, points]): RunStep[] => {
      const free = points.filter(point => !stays.has(fullName(dataset, point))).map(({ name }) => name)
      return chunks(free).map(some => destroySnapshots(dataset.name, some, false))
    })
    await takingTurns(steps, job.atOnce, async step => {
      const why = await refusal(machine.perform(there(login, step)))
      if (why !== undefined) stays.set(describeStep(step), `${step.command.at(-1)} stays for now: ${why}`)
    })
    return [...stays.values()]
  }
}
