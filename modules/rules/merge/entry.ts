/** One thing in a tree, as three sides are compared by it: two blueprints' pristine ones and the instance's own. */
import { isWithin } from '../../freebsd/mount.ts'
import type { Listing } from '../../freebsd/mtree.ts'
import { unvis } from '../../freebsd/vis.ts'

/** Who may do what with it. */
export interface Attributes {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

export interface Entry extends Attributes {
  readonly kind: 'file' | 'directory' | 'link' | 'other'
  /** Of a file, in hexadecimal digits; an instance's file without one counts as changed. */
  readonly sha256?: string
  /** Of an instance's file: how many it has. */
  readonly bytes?: number
  /** Where a link points to. */
  readonly link?: string
  /** What is in an instance's directory; without it nobody knows that it is empty. */
  readonly names?: readonly string[]
}

/** Path relative to the root, like `etc/rc.conf`, to what is there. A link is told as a link and never followed. */
export type Side = ReadonlyMap<string, Entry>

export interface Scope {
  /** Writable datasets by their paths: `etc`, `usr/local/etc`. */
  readonly parts: readonly string[]
  /** What is mounted over or in them, and so not theirs: `etc/rc.d`, `var/db/pkg`. */
  readonly apart: readonly string[]
}

export const isInScope = (path: string, { parts, apart }: Scope) =>
  parts.some(part => isBelow(path, part)) && !apart.some(other => isWithin(path, other))

export const isBelow = (path: string, directory: string) => path !== directory && isWithin(path, directory)

/** What a blueprint has there. */
export function sideOf(listing: Listing, scope: Scope): Side {
  const side = new Map<string, Entry>()
  for (const [name, keywords] of listing) {
    const path = unvis(name).replace(/^\.\//, '')
    if (isInScope(path, scope)) side.set(path, parseEntry(keywords))
  }
  return side
}

const KINDS: Readonly<Record<string, Entry['kind']>> = { file: 'file', dir: 'directory', link: 'link' }

/** Flags are left out: ZFS sets `uarch` by itself, and nothing below etc has others. */
function parseEntry(keywords: string): Entry {
  const told = new Map(
    keywords.split(' ').map((pair): [string, string] => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
  const kind = KINDS[told.get('type') ?? ''] ?? 'other'
  const [sha256, link] = [told.get('sha256digest') ?? told.get('sha256'), told.get('link')]
  return {
    kind,
    mode: Number.parseInt(told.get('mode') ?? '0', 8),
    uid: Number(told.get('uid') ?? 0),
    gid: Number(told.get('gid') ?? 0),
    ...(kind === 'file' && sha256 !== undefined ? { sha256 } : {}),
    ...(kind === 'link' && link !== undefined ? { link: unvis(link) } : {}),
  }
}

/** Of the same kind, and the same in it. What cannot be told is not the same. */
export function sameContent(one: Entry | undefined, other: Entry | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  if (one.kind !== other.kind) return false
  if (one.kind === 'file') return one.sha256 !== undefined && one.sha256 === other.sha256
  return one.kind === 'link' ? one.link === other.link : one.kind === 'directory'
}

/** A link's own mode and owner matter to nobody. */
export const sameAttributes = (one: Entry, other: Entry) =>
  one.kind === 'link' || (one.mode === other.mode && one.uid === other.uid && one.gid === other.gid)

export const isSame = (one: Entry | undefined, other: Entry | undefined) =>
  sameContent(one, other) && (one === undefined || other === undefined || sameAttributes(one, other))
