/** Destroys what has expired, a few commands at a time, each as large as the pool bears. */
import { CommandFailed } from '../../modules/core/errors.ts'
import type { Surroundings } from '../../modules/core/host-program.ts'
import { readHolds } from '../../modules/freebsd/zfs.ts'
import { listBookmarks } from '../../modules/freebsd/zfs-points.ts'
import { complaintsIn, destroySnapshots, readTies, saysNoneLeft } from '../../modules/freebsd/zfs-snapshots.ts'
import { sparedFor } from '../../modules/rules/replica/marks.ts'
import { type Batch, destroyBatches } from '../../modules/rules/snapshot/batches.ts'
import type { Look } from '../../modules/rules/snapshot/look.ts'
import type { Doomed } from '../../modules/rules/snapshot/plan.ts'

const AT_ONCE = 3
/** Snapshots in a command: at first, at least and at most. */
const BATCH = { first: 100, least: 10, most: 500, wide: 2_000 }
const SLOW_SECONDS = 2
const FAST_SECONDS = 0.5
/** The next run does the rest: taking snapshots must not wait for it. */
const PHASE_SECONDS = 240
/** `zfs holds` of many snapshots is slow (openzfs issue 13372), so only so many are asked for their tags. */
const MOST_ASKED = 20

type Tools = Pick<Surroundings, 'host' | 'ending'>

/** What is to go and may. */
export interface Sentence {
  readonly names: ReadonlyMap<string, ReadonlySet<string>>
  /** Expired snapshots that stay, and why: they are held, something was made from them, or a replica waits for them. */
  readonly blocked: ReadonlyMap<string, string>
}

export async function sentence(
  doomed: ReadonlyMap<string, readonly Doomed[]>,
  now: number,
  { host }: Pick<Tools, 'host'>,
): Promise<Sentence> {
  const all = [...doomed].flatMap(([dataset, some]) =>
    some.map(each => ({ ...each, dataset, full: `${dataset}@${each.name}` })),
  )
  const ties = await readTies(
    host,
    all.map(({ full }) => full),
  )
  const held = all.filter(({ full }) => (ties.get(full)?.holds ?? 0) > 0).map(({ full }) => full)
  const tags = held.length === 0 ? new Map<string, string[]>() : await readHolds(host, held.slice(0, MOST_ASKED))
  const names = new Map<string, Set<string>>()
  const blocked = new Map<string, string>()
  const awaited = await awaitedByReplicas(all, ties, host)
  for (const { dataset, name, full, minimumAge } of all) {
    const tie = ties.get(full)
    if (tie === undefined || (minimumAge > 0 && tie.creation >= now - minimumAge)) continue
    const replica = awaited.get(full)
    if (tie.clones.length > 0) blocked.set(full, `it is the origin of ${tie.clones.join(', ')}`)
    else if (tie.holds > 0) blocked.set(full, `it is held${tags.has(full) ? ` by ${tags.get(full)?.join(', ')}` : ''}`)
    else if (replica !== undefined) blocked.set(full, `the replica ${replica} has not got it yet`)
    else names.set(dataset, (names.get(dataset) ?? new Set()).add(name))
  }
  return { names, blocked }
}

/** By full name the replica that waits for it, as bookmarks tell: no more than so many of each dataset. */
async function awaitedByReplicas(
  all: readonly { readonly dataset: string; readonly full: string }[],
  ties: ReadonlyMap<string, { readonly creation: number }>,
  host: Tools['host'],
): Promise<Map<string, string>> {
  const awaited = new Map<string, string>()
  if (all.length === 0) return awaited
  const doomed = new Map<string, { name: string; moment: number }[]>()
  for (const { dataset, full } of all)
    doomed.set(dataset, [...(doomed.get(dataset) ?? []), { name: full, moment: ties.get(full)?.creation ?? 0 }])
  for (const [dataset, bookmarks] of await listBookmarks(host, [...doomed.keys()])) {
    const dated = bookmarks.map(({ name, guid, creation }) => ({ name, guid, moment: creation }))
    for (const [full, replica] of sparedFor(doomed.get(dataset) ?? [], dated)) awaited.set(full, replica)
  }
  return awaited
}

export interface Pruned {
  readonly destroyed: readonly string[]
  readonly troubles: readonly string[]
  /** How many are left for the next run. */
  readonly left: number
}

/** Commands for all of it, as they would be if every one of them were quick enough. */
export const foreseen = (names: Sentence['names'], look: Look): Batch[] =>
  destroyBatches(names, existingIn(look), oursIn(look), { usual: BATCH.first, wide: BATCH.wide })

export async function prune(names: Sentence['names'], look: Look, { host, ending }: Tools): Promise<Pruned> {
  const remaining = new Map([...names].map(([dataset, some]) => [dataset, new Set(some)]))
  const existing = existingIn(look)
  const ours = oursIn(look)
  const destroyed: string[] = []
  const troubles: string[] = []
  const started = performance.now()
  const mayGoOn = () => !ending.aborted && performance.now() - started < PHASE_SECONDS * 1000
  let cap = BATCH.first
  let wide = BATCH.wide

  while (remaining.size > 0 && mayGoOn()) {
    const planned = cap
    const waiting = destroyBatches(remaining, existing, ours, { usual: cap, wide }).values()
    const takeTurns = async () => {
      for (const batch of waiting) {
        await carryOut(batch)
        // Others of this size would be as slow, or might be larger.
        if (cap !== planned || !mayGoOn()) return
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, takeTurns))
  }
  return { destroyed, troubles, left: [...remaining.values()].reduce((sum, some) => sum + some.size, 0) }

  async function carryOut(batch: Batch): Promise<void> {
    const begun = performance.now()
    const refused = await destroyAll(host, batch)
    const seconds = (performance.now() - begun) / 1000
    if (seconds > SLOW_SECONDS) {
      cap = Math.max(BATCH.least, Math.floor(cap / 2))
      wide = 0
    } else if (seconds < FAST_SECONDS) cap = Math.min(BATCH.most, cap * 2)
    for (const full of batch.snapshots) {
      const why = refused.get(full)
      if (why === undefined) destroyed.push(full)
      else troubles.push(`${full} could not be destroyed: ${why}`)
      strike(full, why === undefined)
    }
  }

  function strike(full: string, isGone: boolean): void {
    const [dataset = '', name = ''] = full.split('@')
    const some = remaining.get(dataset)
    some?.delete(name)
    if (some?.size === 0) remaining.delete(dataset)
    if (isGone) existing.get(dataset)?.delete(name)
  }
}

const existingIn = (look: Look) =>
  new Map([...look.snapshots].map(([dataset, all]) => [dataset, new Set(all.map(({ name }) => name))]))

const oursIn = (look: Look) => new Set(look.attached.map(({ name }) => name))

/**
 * What would not go, by full name, and why. One that is held since it was looked at makes the whole command fail (up to
 * OpenZFS 2.4: later ones destroy those before it), so what zfs complains of is left out and the rest is tried again.
 */
async function destroyAll(
  host: Tools['host'],
  { dataset, names, recursive, snapshots }: Batch,
): Promise<Map<string, string>> {
  try {
    await host.perform(destroySnapshots(dataset, names, recursive))
    return new Map()
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    const stderr = error.answer?.stderr ?? ''
    // Somebody else was quicker.
    if (saysNoneLeft(stderr)) return new Map()
    const blamed = [...complaintsIn(stderr)].filter(([full]) => snapshots.includes(full))
    const isWhole = blamed.length === 0 && snapshots.length === 1
    const refused = new Map(isWhole ? snapshots.map(full => [full, error.message]) : blamed)
    const rest = new Map<string, string[]>()
    for (const full of snapshots) {
      const [owner = '', name = ''] = full.split('@')
      if (!refused.has(full)) rest.set(owner, [...(rest.get(owner) ?? []), name])
    }
    for (const part of smaller(rest, blamed.length > 0 || recursive))
      for (const [full, why] of await destroyAll(host, part)) refused.set(full, why)
    return refused
  }
}

/** What is left of a batch, by datasets; where that is what failed already, in halves. */
function smaller(rest: ReadonlyMap<string, readonly string[]>, isProgress: boolean): Batch[] {
  const batchOf = (dataset: string, names: readonly string[]): Batch[] =>
    names.length === 0 ? [] : [{ dataset, names, recursive: false, snapshots: names.map(name => `${dataset}@${name}`) }]
  return [...rest].flatMap(([dataset, names]) => {
    const middle = isProgress ? names.length : Math.ceil(names.length / 2)
    return [...batchOf(dataset, names.slice(0, middle)), ...batchOf(dataset, names.slice(middle))]
  })
}
