/** An instance's own files at the places that matter to a merge: at its seeds, or while it runs through its jail. */
import { createHash } from 'node:crypto'
import { basename, dirname } from 'node:path/posix'
import type { PathStatus, Probe } from '../../core/host.ts'
import { readInside } from '../../freebsd/jexec.ts'
import { isWithin } from '../../freebsd/mount.ts'
import type { Entry } from '../merge/entry.ts'
import type { Part } from './standing.ts'

export interface OwnFiles {
  readonly side: ReadonlyMap<string, Entry>
  readonly bytes: ReadonlyMap<string, Buffer>
  /** Links in the way of paths, by the path: nothing is read or written beyond one. */
  readonly links: ReadonlyMap<string, string>
}

/** The part that holds `path`: the innermost. */
export const partOf = (path: string, parts: readonly Part[]): Part | undefined =>
  parts.filter(part => isWithin(path, part.path)).sort((a, b) => b.path.length - a.path.length)[0]

/** Where `path` is while its part is open. */
export const placeOf = (path: string, part: Part) =>
  path === part.path ? part.seed : `${part.seed}/${path.slice(part.path.length + 1)}`

/** What is larger counts as changed by the customer. */
const LARGEST_BYTES = 64 << 20

/** `folders`: directories of which it matters what is in them. */
export async function readAtSeeds(
  machine: Probe,
  paths: readonly string[],
  folders: readonly string[],
  parts: readonly Part[],
): Promise<OwnFiles> {
  const own = { side: new Map<string, Entry>(), bytes: new Map<string, Buffer>(), links: new Map<string, string>() }
  await Promise.all(
    paths.map(async path => {
      const part = partOf(path, parts)
      if (part === undefined) return
      const place = placeOf(path, part)
      const status = await machine.status(place, part.seed)
      if (status === undefined) return
      if (status.at !== place) own.links.set(path, status.at)
      else own.side.set(path, await entryAt(machine, place, part.seed, status, path, folders, own.bytes))
    }),
  )
  return own
}

async function entryAt(
  machine: Probe,
  place: string,
  beneath: string,
  { type, mode, uid, gid, target }: PathStatus,
  path: string,
  folders: readonly string[],
  bytes: Map<string, Buffer>,
): Promise<Entry> {
  const entry: Entry = { kind: type, mode, uid, gid }
  if (type === 'link') return { ...entry, link: target ?? '' }
  if (type === 'directory' && folders.includes(path)) {
    const names = (await machine.list(place, beneath)) ?? []
    return { ...entry, names: names.filter(name => name !== '.zfs') }
  }
  if (type !== 'file') return entry
  const content = await machine.bytes(place, LARGEST_BYTES, beneath)
  if (content === undefined || content === 'too large') return entry
  bytes.set(path, content)
  return { ...entry, sha256: sha256(content) }
}

/** What its own tar says: a foretaste, and nothing that is acted on. */
export async function readRunning(
  machine: Probe,
  jail: string,
  paths: readonly string[],
  folders: readonly string[],
): Promise<OwnFiles> {
  const own = { side: new Map<string, Entry>(), bytes: new Map<string, Buffer>(), links: new Map<string, string>() }
  if (paths.length === 0) return own
  const found = await readInside(machine, jail, paths, folders)
  for (const path of paths) {
    const entry = found.get(path)
    if (entry === undefined) continue
    const { type: kind, mode, uid, gid, target, content } = entry
    const told: Entry = { kind, mode, uid, gid }
    if (kind === 'link') own.side.set(path, { ...told, link: target })
    else if (kind === 'directory' && folders.includes(path))
      own.side.set(path, {
        ...told,
        names: [...found.keys()].filter(each => dirname(each) === path).map(each => basename(each)),
      })
    else if (kind === 'file') {
      own.bytes.set(path, content)
      own.side.set(path, { ...told, sha256: sha256(content) })
    } else own.side.set(path, told)
  }
  return own
}

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')
