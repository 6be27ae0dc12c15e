/** What is written down once a copy is up to date: bookmarks, holds, and what instances show of their replica. */
import { isExplained } from '../../modules/core/errors.ts'
import type { RunStep } from '../../modules/core/step.ts'
import { asking } from '../../modules/freebsd/ssh.ts'
import { readHolds } from '../../modules/freebsd/zfs.ts'
import {
  destroyBookmark,
  holdSnapshots,
  readCreations,
  readHeld,
  releaseSnapshots,
} from '../../modules/freebsd/zfs-points.ts'
import { setProperties } from '../../modules/freebsd/zfs-steps.ts'
import { PROPERTY } from '../../modules/rules/layout.ts'
import { there } from '../../modules/rules/replica/both.ts'
import type { Job } from '../../modules/rules/replica/jobs.ts'
import { marksOf } from '../../modules/rules/replica/marks.ts'
import { HOLD } from '../../modules/rules/replica/names.ts'
import { baseOf, fullName, isAtOrBelow, newestOf, snapshotsOf } from '../../modules/rules/replica/side.ts'
import type { Item } from '../../modules/rules/replica/tree.ts'
import { mark } from './carry-out.ts'
import { pruneOwn } from './prune.ts'
import { type Course, unsettledFile, type Wires } from './rounds.ts'
import { chunks, inTurns } from './turns.ts'

export interface Settled {
  /** Sentences about what could not be written down: the copies themselves are as they should be. */
  readonly warnings: readonly string[]
  /** Sentences about what could go by itself and stays, since somebody wants it. */
  readonly kept: readonly string[]
}

export async function settle(job: Job, { items, isUnsettled }: Course, wires: Wires): Promise<Settled> {
  const warnings: string[] = []
  const kept: string[] = []
  const { machine } = wires
  const orWarn = (act: () => Promise<void>) =>
    act().catch(error => {
      if (!isExplained(error)) throw error
      warnings.push((error as Error).message)
    })

  await inTurns(items, job.atOnce, item =>
    orWarn(async () => {
      const { make, drop } = marksOf(job.name, item)
      if (item.decision.kind !== 'nothing') return
      for (const point of make) await mark(job, machine, item, point)
      for (const point of drop)
        await machine.perform(there(job.source.login, destroyBookmark(fullName(item.source, point))))
    }),
  )
  if (isUnsettled) await orWarn(() => holdBases(job, items, wires))
  await orWarn(() => tellInstances(job, items, isUnsettled, wires))
  // Holds are where they belong by now, so what is held is held by somebody else.
  if (isUnsettled && warnings.length === 0)
    await orWarn(async () => void kept.push(...(await pruneOwn(job, items, wires))))
  if (isUnsettled && warnings.length === 0) await machine.perform({ kind: 'remove', path: unsettledFile(job) })
  return { warnings, kept }
}

/** On the copy: what the next increment stands on cannot be destroyed there, and nothing older of ours stays held. */
async function holdBases(job: Job, items: readonly Item[], { machine }: Wires): Promise<void> {
  const targetHost = asking(machine, job.target.login)
  const bases = new Map<string, string>()
  const passed = new Set<string>()
  for (const { source, target, targetName } of items) {
    const guid = target === undefined ? undefined : baseOf(source, target)?.guid
    const snapshots = target === undefined ? [] : snapshotsOf(target)
    const at = snapshots.findIndex(point => point.guid === guid)
    if (target === undefined || at < 0) continue
    const [base, ...older] = snapshots
      .slice(0, at + 1)
      .map(point => fullName(target, point))
      .reverse()
    bases.set(targetName, base ?? '')
    for (const name of older) passed.add(name)
  }
  if (bases.size === 0) return
  for (const some of chunks([...bases.keys()])) {
    const held = await readHeld(targetHost, some)
    const tags = held.length === 0 ? new Map<string, string[]>() : await readHolds(targetHost, held)
    const ours = held.filter(name => tags.get(name)?.includes(HOLD))
    const wanted = some.flatMap(name => bases.get(name) ?? [])
    const steps: RunStep[] = [
      ...holdSnapshots(
        HOLD,
        wanted.filter(name => !ours.includes(name)),
      ),
      ...releaseSnapshots(
        HOLD,
        ours.filter(name => passed.has(name)),
      ),
    ]
    for (const step of steps) await machine.perform(there(job.target.login, step))
  }
}

/** Each instance shows the moment up to which all of it is in the copy. */
async function tellInstances(
  job: Job,
  items: readonly Item[],
  isUnsettled: boolean,
  { machine }: Wires,
): Promise<void> {
  const stale = items
    .filter(({ source }) => source.instance !== undefined)
    .map(top => ({ top, parts: items.filter(({ path }) => isAtOrBelow(path, top.path)) }))
    .filter(({ top }) => isUnsettled || top.source.replica?.endsWith(` ${job.shown}`) !== true)
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
