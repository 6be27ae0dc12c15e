/** What is written down once a copy is up to date: bookmarks, holds, and what instances show of their replica. */
import { isExplained } from '../../modules/core/errors.ts'
import { takingTurns } from '../../modules/core/perform.ts'
import { asking, chunks } from '../../modules/freebsd/ssh.ts'
import { destroyBookmark, readCreations } from '../../modules/freebsd/zfs-points.ts'
import { setProperties } from '../../modules/freebsd/zfs-steps.ts'
import { PROPERTY } from '../../modules/rules/layout.ts'
import { there } from '../../modules/rules/replica/both.ts'
import type { Job } from '../../modules/rules/replica/jobs.ts'
import { marksLeftOn, marksOf } from '../../modules/rules/replica/marks.ts'
import { unsettledFile } from '../../modules/rules/replica/names.ts'
import { baseOf, fullName, isAtOrBelow, newestOf } from '../../modules/rules/replica/side.ts'
import type { Item } from '../../modules/rules/replica/tree.ts'
import { mark } from './carry-out.ts'
import { holdBases } from './holds.ts'
import { pruneOwn } from './prune.ts'
import { type Course, nameOfBase, type Wires } from './rounds.ts'

export interface Settled {
  /** Sentences about what could not be written down: the copies themselves are as they should be. */
  readonly warnings: readonly string[]
  /** Sentences about what could go by itself and stays, since somebody wants it. */
  readonly kept: readonly string[]
}

export async function settle(job: Job, course: Course, wires: Wires): Promise<Settled> {
  const { items, others, isUnsettled } = course
  const warnings: string[] = []
  const kept: string[] = []
  const { machine } = wires
  const orWarn = (act: () => Promise<void>) =>
    act().catch(error => {
      if (!isExplained(error)) throw error
      warnings.push((error as Error).message)
    })

  await takingTurns(items, job.atOnce, item =>
    orWarn(async () => {
      const { make, drop } = marksOf(job.name, item)
      if (item.decision.kind !== 'nothing') return
      for (const point of make) await mark(job, machine, item, point)
      for (const point of drop)
        await machine.perform(there(job.source.login, destroyBookmark(fullName(item.source, point))))
    }),
  )
  for (const dataset of others)
    for (const point of marksLeftOn(job.name, dataset))
      await orWarn(() => machine.perform(there(job.source.login, destroyBookmark(fullName(dataset, point)))))
  if (isUnsettled) await orWarn(() => holdBases(job, course, wires))
  await orWarn(() => tellInstances(job, course, wires))
  // Holds are where they belong by now, so what is held is held by somebody else.
  if (isUnsettled && warnings.length === 0)
    await orWarn(async () => void kept.push(...(await pruneOwn(job, items, wires))))
  if (isUnsettled && warnings.length === 0) await machine.perform({ kind: 'remove', path: unsettledFile(job.name) })
  return { warnings, kept }
}

/** Each instance shows the moment up to which all of it is in the copy. */
async function tellInstances(job: Job, { items, stoodOn, wasUnsettled }: Course, { machine }: Wires): Promise<void> {
  const hasMoved = (item: Item) => stoodOn.get(item.path) !== nameOfBase(item)
  const stale = items
    .filter(({ source }) => source.instance !== undefined)
    .map(top => ({ top, parts: items.filter(({ path }) => isAtOrBelow(path, top.path)) }))
    .filter(
      ({ top, parts }) =>
        // What another replica wrote stays until this one gets something.
        wasUnsettled || top.source.replica === undefined || parts.some(part => hasMoved(part)),
    )
  if (stale.length === 0) return

  const baseName = ({ source, target }: Item) => {
    const base = target === undefined ? undefined : baseOf(source, target)
    return base === undefined ? undefined : fullName(source, base)
  }
  const sourceHost = asking(machine, job.source.login)
  const names = stale.flatMap(({ parts }) => parts.flatMap(part => baseName(part) ?? []))
  const moments = new Map<string, number>()
  for (const some of chunks(names))
    for (const [name, seconds] of await readCreations(sourceHost, some)) moments.set(name, seconds)

  const changes = stale.flatMap(({ top, parts }) => {
    const copied = parts.filter(({ source }) => newestOf(source) !== undefined)
    const seconds = copied.map(part => moments.get(baseName(part) ?? ''))
    if (seconds.length === 0 || seconds.includes(undefined)) return []
    const value = `${Math.min(...(seconds as number[]))} ${job.shown}`
    return value === top.source.replica ? [] : [[top.source.name, [[PROPERTY.replica, value]]] as const]
  })
  for (const step of setProperties(changes)) await machine.perform(there(job.source.login, step))
}
