/** Destroys what has expired, a few commands at a time, each as large as the pool bears. */
import { CommandFailed } from '../../modules/core/errors.ts'
import type { Surroundings } from '../../modules/core/host-program.ts'
import { takingTurns } from '../../modules/core/perform.ts'
import { poolOf } from '../../modules/freebsd/zfs-names.ts'
import { complaintsIn, destroySnapshots, saysNoneLeft, saysPoolRefuses } from '../../modules/freebsd/zfs-snapshots.ts'
import { listTree, type Row } from '../../modules/freebsd/zfs-tree.ts'
import { type Batch, destroyBatches, type NamesByDataset, withoutAbove } from '../../modules/rules/snapshot/batches.ts'
import { type Look, STAMP, unjudged } from '../../modules/rules/snapshot/look.ts'

const AT_ONCE = 3
/** Snapshots in a command: at first, at least and at most. */
const BATCH = { first: 100, least: 10, most: 500, wide: 2_000 }
const SLOW_SECONDS = 2
const FAST_SECONDS = 0.5
/** The next run does the rest: taking snapshots must not wait for it. */
const PHASE_SECONDS = 240
/** `zfs destroy -r` takes along what has come below a dataset meanwhile, so before it is looked for as often as this. */
const FRESH_SECONDS = 2
type Tools = Pick<Surroundings, 'host' | 'ending'>

export interface Pruned {
  readonly destroyed: readonly string[]
  /** By full name, why it could not go. */
  readonly refused: ReadonlyMap<string, string>
  /** How many are left for the next run. */
  readonly left: number
}

/** Commands for all of it, as they would be if every one of them were quick enough. */
export const foreseen = (names: NamesByDataset, look: Look): Batch[] =>
  destroyBatches(names, existingIn(look), rootsIn(look), { usual: BATCH.first, wide: BATCH.wide })

export async function prune(names: NamesByDataset, look: Look, { host, ending }: Tools): Promise<Pruned> {
  const remaining = new Map([...names].map(([dataset, some]) => [dataset, new Set(some)]))
  const existing = existingIn(look)
  const destroyed: string[] = []
  const refused = new Map<string, string>()
  const closed = new Set<string>()
  const started = performance.now()
  const mayGoOn = () => !ending.aborted && performance.now() - started < PHASE_SECONDS * 1000
  let cap = BATCH.first
  let wide = BATCH.wide
  let roots = new Set<string>()
  let seen = Number.NEGATIVE_INFINITY
  const isFresh = () => performance.now() - seen < FRESH_SECONDS * 1000

  while (remaining.size > 0 && mayGoOn()) {
    if (!isFresh()) {
      roots = await rootsNow(look, new Set([...remaining.keys()].map(poolOf)), host)
      seen = performance.now()
    }
    const planned = cap
    const waiting = destroyBatches(remaining, existing, roots, { usual: cap, wide })
    await takingTurns(waiting, AT_ONCE, async batch => {
      // Others of another size would be as slow, or might be larger.
      if (cap !== planned || !mayGoOn() || (batch.recursive && !isFresh())) return
      if (!closed.has(poolOf(batch.dataset))) await carryOut(batch)
    })
  }
  return { destroyed, refused, left: [...remaining.values()].reduce((sum, some) => sum + some.size, 0) }

  async function carryOut(batch: Batch): Promise<void> {
    const begun = performance.now()
    const { ofPool, refused: some, untried } = await destroyAll(host, batch, mayGoOn)
    const seconds = (performance.now() - begun) / 1000
    if (seconds > SLOW_SECONDS) {
      cap = Math.max(BATCH.least, Math.floor(cap / 2))
      wide = 0
    } else if (seconds < FAST_SECONDS) cap = Math.min(BATCH.most, cap * 2)
    for (const full of batch.snapshots) {
      if (untried.has(full)) continue
      const why = some.get(full)
      if (why === undefined) destroyed.push(full)
      else refused.set(full, why)
      strike(full, why === undefined)
    }
    if (!ofPool) return
    // Whatever else is to go there would be refused for the same reason.
    closed.add(poolOf(batch.dataset))
    for (const dataset of [...remaining.keys()])
      if (poolOf(dataset) === poolOf(batch.dataset)) remaining.delete(dataset)
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

/** Below which all snapshots of a name may go at once. */
const rootsIn = (look: Look, since?: ReadonlyMap<string, Row>) =>
  withoutAbove(
    look.attached.map(({ name }) => name),
    unjudged(look, since),
  )

/** None where that cannot be seen: then each goes by itself, and says what is wrong. */
async function rootsNow(look: Look, pools: ReadonlySet<string>, host: Tools['host']): Promise<Set<string>> {
  try {
    const trees = await Promise.all([...pools].map(pool => listTree(host, pool, 'filesystem,volume', STAMP)))
    return rootsIn(look, new Map(trees.flatMap(tree => [...tree])))
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    return new Set()
  }
}

interface Fate {
  /** What would not go, by full name, and why. */
  readonly refused: ReadonlyMap<string, string>
  /** Of what was not begun any more, the full names. */
  readonly untried: ReadonlySet<string>
  /** It is the pool that refused: it is read-only or suspended. */
  readonly ofPool: boolean
}

const NONE: ReadonlySet<string> = new Set()

/**
 * One that is held since it was looked at makes the whole command fail (up to OpenZFS 2.4: later ones destroy those before
 * it), so what zfs complains of is left out and the rest is tried again.
 */
async function destroyAll(
  host: Tools['host'],
  { dataset, names, recursive, snapshots }: Batch,
  mayGoOn: () => boolean,
): Promise<Fate> {
  const allBecause = (error: Error, ofPool: boolean): Fate => ({
    refused: new Map(snapshots.map(full => [full, error.message])),
    untried: NONE,
    ofPool,
  })
  try {
    await host.perform(destroySnapshots(dataset, names, recursive))
    return { refused: new Map(), untried: NONE, ofPool: false }
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    // It ran out of time, or was killed: that of a pool that hangs, the next command would too.
    if (error.answer === undefined) return allBecause(error, true)
    const { stderr } = error.answer
    // Somebody else was quicker.
    if (saysNoneLeft(stderr)) return { refused: new Map(), untried: NONE, ofPool: false }
    if (saysPoolRefuses(stderr)) return allBecause(error, true)
    const refused = new Map([...complaintsIn(stderr)].filter(([full]) => snapshots.includes(full)))
    // Below it is one that nobody knew of.
    if (refused.size === 0 && !recursive) return allBecause(error, false)
    const rest = new Map<string, string[]>()
    for (const full of snapshots) {
      const [owner = '', name = ''] = full.split('@')
      if (!refused.has(full)) rest.set(owner, [...(rest.get(owner) ?? []), name])
    }
    const untried = new Set<string>()
    let ofPool = false
    for (const [owner, some] of rest) {
      const full = some.map(name => `${owner}@${name}`)
      if (ofPool || !mayGoOn()) {
        for (const name of full) untried.add(name)
        continue
      }
      const single = { dataset: owner, names: some, recursive: false, snapshots: full }
      const fate = await destroyAll(host, single, mayGoOn)
      for (const [name, why] of fate.refused) refused.set(name, why)
      ofPool ||= fate.ofPool
    }
    return { refused, untried, ofPool }
  }
}
