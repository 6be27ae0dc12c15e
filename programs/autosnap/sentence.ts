/** Which of the expired snapshots may go, and what keeps the others: a hold, a clone, or a replica that waits for them. */
import type { Probe } from '../../modules/core/host.ts'
import { readHolds } from '../../modules/freebsd/zfs.ts'
import { type Bookmark, listBookmarks } from '../../modules/freebsd/zfs-points.ts'
import { readTies, type Ties } from '../../modules/freebsd/zfs-snapshots.ts'
import { programPath } from '../../modules/rules/layout.ts'
import { MOST_SPARED, sparedFor } from '../../modules/rules/replica/marks.ts'
import type { NamesByDataset } from '../../modules/rules/snapshot/batches.ts'
import { timeOfOwn } from '../../modules/rules/snapshot/names.ts'
import type { Doomed } from '../../modules/rules/snapshot/plan.ts'

/** `zfs holds` of many snapshots is slow (openzfs issue 13372), so only so many are asked for their tags. */
const MOST_ASKED = 20

export interface Sentence {
  readonly names: NamesByDataset
  /** Expired snapshots that stay, by full name, and why. */
  readonly blocked: ReadonlyMap<string, string>
}

export async function sentence(
  doomed: ReadonlyMap<string, readonly Doomed[]>,
  now: number,
  host: Pick<Probe, 'query'>,
): Promise<Sentence> {
  const names = new Map<string, Set<string>>()
  const blocked = new Map<string, string>()
  if (doomed.size === 0) return { names, blocked }

  const bookmarks = await listBookmarks(host, [...doomed.keys()])
  // A snapshot is no older than its name says, and of those that a replica waits for no more need be asked: while one is away
  // they are many, and to ask is slow.
  const waiting = awaited(doomed, bookmarks, (_, { name }) => timeOfOwn(name))
  const asked = [...doomed].flatMap(([dataset, some]) =>
    some.map(({ name }) => `${dataset}@${name}`).filter(full => !waiting.has(full)),
  )
  const ties = await readTies(host, asked)
  const late = awaited(doomed, bookmarks, full => ties.get(full)?.creation, waiting)
  const held = asked.filter(full => (ties.get(full)?.holds ?? 0) > 0)
  const tags = held.length === 0 ? new Map<string, string[]>() : await readHolds(host, held.slice(0, MOST_ASKED))
  for (const [dataset, some] of doomed)
    for (const { name, minimumAge } of some) {
      const full = `${dataset}@${name}`
      const tie = ties.get(full)
      const isYoung = minimumAge > 0 && tie !== undefined && tie.creation >= now - minimumAge
      if (isYoung || (tie === undefined && !waiting.has(full))) continue
      const why = keeping(tie, tags.get(full), waiting.get(full) ?? late.get(full))
      if (why !== undefined) blocked.set(full, why)
      else names.set(dataset, (names.get(dataset) ?? new Set()).add(name))
    }
  return { names, blocked }
}

function keeping(tie: Ties | undefined, tags: readonly string[] | undefined, replica: string | undefined) {
  if (tie !== undefined && tie.clones.length > 0) return `it is the origin of ${tie.clones.join(', ')}`
  if (tie !== undefined && tie.holds > 0) return `it is held${tags === undefined ? '' : ` by ${tags.join(', ')}`}`
  return replica === undefined ? undefined : waitingFor(replica)
}

/** Bookmarks tell that, and nobody else: a replica that is no more leaves them. */
const waitingFor = (replica: string) =>
  `the replica ${replica} may need it, as its bookmarks say; if there is none any more: ${programPath('replicate')} forget ${replica}`

/** By full name the replica that waits for it, as bookmarks tell: no more than so many of each dataset, `already` included. */
function awaited(
  doomed: ReadonlyMap<string, readonly Doomed[]>,
  bookmarks: ReadonlyMap<string, readonly Bookmark[]>,
  momentOf: (full: string, snapshot: Doomed) => number | undefined,
  already: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const found = new Map<string, string>()
  for (const [dataset, some] of bookmarks) {
    const all = (doomed.get(dataset) ?? []).map(each => ({ each, full: `${dataset}@${each.name}` }))
    const others = all.filter(({ full }) => !already.has(full))
    const dated = others.flatMap(({ each, full }) => {
      const moment = momentOf(full, each)
      return moment === undefined ? [] : [{ name: full, moment }]
    })
    const points = some.map(({ name, guid, creation }) => ({ name, guid, moment: creation }))
    const room = MOST_SPARED - (all.length - others.length)
    for (const [full, replica] of sparedFor(dated, points, room)) found.set(full, replica)
  }
  return found
}
