/**
 * An instance's own files at the places that matter to a merge: at its seeds, or while it runs through its jail. The customer
 * can have put there whatever he likes, so neither memory nor time goes by what he has put there.
 */
import { createHash } from 'node:crypto'
import { basename, dirname } from 'node:path/posix'
import type { PathStatus, Probe } from '../../core/host.ts'
import { takingTurns } from '../../core/perform.ts'
import { readInside } from '../../freebsd/jexec.ts'
import { isWithin } from '../../freebsd/mount.ts'
import type { Entry } from '../merge/entry.ts'
import { LARGEST_MERGED_BYTES } from '../merge/plan-shape.ts'
import type { Part } from './standing.ts'

export interface OwnFiles {
  readonly side: ReadonlyMap<string, Entry>
  /** Links in the way of paths, by the path: nothing is read or written beyond one. */
  readonly links: ReadonlyMap<string, string>
}

/** The bytes of one of its files; undefined where there are more than are ever merged. */
export type ReadOwn = (path: string) => Promise<Buffer | undefined>

/** The part that holds `path`: the innermost. */
export const partOf = (path: string, parts: readonly Part[]): Part | undefined =>
  parts.filter(part => isWithin(path, part.path)).sort((a, b) => b.path.length - a.path.length)[0]

/** Where `path` is while its part is open. */
export const placeOf = (path: string, part: Part) =>
  path === part.path ? part.seed : `${part.seed}/${path.slice(part.path.length + 1)}`

/** A larger file counts as changed by the customer; so do those that come after, once so much was read. */
const LARGEST_BYTES = 64 << 20
const MOST_BYTES = 512 << 20
/** A directory with more in it counts as one that will not be empty. */
const MOST_NAMES = 10_000
const AT_ONCE = 32

interface Place {
  readonly path: string
  readonly part: Part
  readonly place: string
}

interface Found extends Place {
  readonly status: PathStatus
}

/** `folders`: directories of which it matters what is in them. */
export async function readAtSeeds(
  machine: Probe,
  paths: readonly string[],
  folders: readonly string[],
  parts: readonly Part[],
): Promise<OwnFiles> {
  const found: (Found | undefined)[] = []
  const places = paths.flatMap(path => {
    const part = partOf(path, parts)
    return part === undefined ? [] : [{ path, part, place: placeOf(path, part) }]
  })
  const isMissing = await missingIn(machine, places)
  await takingTurns(places, AT_ONCE, async (one, index) => {
    if (isMissing(one.place)) return
    const status = await machine.status(one.place, one.part.seed)
    if (status !== undefined) found[index] = { ...one, status }
  })
  const all = found.filter(one => one !== undefined)
  const links = new Map(all.flatMap(({ path, place, status }) => (status.at === place ? [] : [[path, status.at]])))
  const there = all.filter(({ path }) => !links.has(path))
  const hashed = worthHashing(there)
  const entries: Entry[] = []
  await takingTurns(there, AT_ONCE, async (one, index) => {
    entries[index] = await entryAt(machine, one, folders, hashed.has(one))
  })
  return { side: new Map(there.map(({ path }, index) => [path, entries[index] as Entry])), links }
}

/** Most places are beside files and empty: a look at a directory is worth hundreds at what is not in it. */
async function missingIn(machine: Probe, places: readonly Place[]): Promise<(place: string) => boolean> {
  const names = new Map<string, ReadonlySet<string> | undefined>()
  const folders = new Map(places.map(({ place, part }) => [dirname(place), part.seed]))
  await takingTurns([...folders], AT_ONCE, async ([folder, seed]) => {
    const isSeed = folder === seed
    const status = isSeed ? undefined : await machine.status(folder, seed)
    if (!isSeed && (status?.at !== folder || status.type !== 'directory')) return
    const all = await machine.list(folder, isSeed ? undefined : seed, MOST_NAMES)
    if (all !== undefined && all.length < MOST_NAMES) names.set(folder, new Set(all))
  })
  return place => names.get(dirname(place))?.has(basename(place)) === false
}

/** Holes in files cost the customer nothing, and us the time to read them. */
function worthHashing(all: readonly Found[]): ReadonlySet<Found> {
  let left = MOST_BYTES
  return new Set(
    all.filter(({ status: { type, bytes = 0 } }) => {
      if (type !== 'file' || bytes > LARGEST_BYTES || bytes > left) return false
      left -= bytes
      return true
    }),
  )
}

async function entryAt(
  machine: Probe,
  { path, part, place, status }: Found,
  folders: readonly string[],
  isHashed: boolean,
): Promise<Entry> {
  const { type, mode, uid, gid, target, bytes } = status
  const entry: Entry = { kind: type, mode, uid, gid }
  if (type === 'link') return { ...entry, link: target ?? '' }
  if (type === 'directory' && folders.includes(path)) {
    const names = (await machine.list(place, part.seed, MOST_NAMES)) ?? []
    return names.length < MOST_NAMES ? { ...entry, names: names.filter(name => name !== '.zfs') } : entry
  }
  if (type !== 'file') return entry
  const sized = { ...entry, bytes: bytes ?? 0 }
  const sha256 = isHashed ? await machine.digest(place, part.seed) : undefined
  return sha256 === undefined ? sized : { ...sized, sha256 }
}

export const readsAtSeeds =
  (machine: Probe, parts: readonly Part[]): ReadOwn =>
  async path => {
    const part = partOf(path, parts)
    if (part === undefined) return undefined
    const place = placeOf(path, part)
    const status = await machine.status(place, part.seed)
    // No link, and nothing that waits for somebody to write into it.
    if (status?.at !== place || status.type !== 'file') return undefined
    const bytes = await machine.bytes(place, LARGEST_MERGED_BYTES, part.seed)
    return bytes === 'too large' ? undefined : bytes
  }

/** What its own tar says: a foretaste, and nothing that is acted on. */
export async function readRunning(
  machine: Probe,
  jail: string,
  paths: readonly string[],
  folders: readonly string[],
): Promise<{ readonly own: OwnFiles; readonly read: ReadOwn }> {
  const side = new Map<string, Entry>()
  if (paths.length === 0) return { own: { side, links: new Map() }, read: async () => undefined }
  const found = await readInside(machine, jail, paths, folders)
  for (const path of paths) {
    const entry = found.get(path)
    if (entry === undefined) continue
    const { type: kind, mode, uid, gid, target, content } = entry
    const told: Entry = { kind, mode, uid, gid }
    if (kind === 'link') side.set(path, { ...told, link: target })
    else if (kind === 'directory' && folders.includes(path))
      side.set(path, {
        ...told,
        names: [...found.keys()].filter(each => dirname(each) === path).map(each => basename(each)),
      })
    else if (kind === 'file') {
      const sha256 = createHash('sha256').update(content).digest('hex')
      side.set(path, { ...told, bytes: content.length, sha256 })
    } else side.set(path, told)
  }
  const read: ReadOwn = async path => {
    const content = found.get(path)?.content
    return content !== undefined && content.length <= LARGEST_MERGED_BYTES ? content : undefined
  }
  return { own: { side, links: new Map() }, read }
}
