/** What an amendment did to a blueprint, from the listings of two of its revisions. */
import type { Listing } from '../../freebsd/mtree.ts'
import { unvis } from '../../freebsd/vis.ts'

/** Paths relative to the root. */
export interface Difference {
  /** In the newer one alone, directories before what is in them. */
  readonly added: readonly Addition[]
  /** Other than before, or gone; and what cannot be copied as it is. */
  readonly changed: readonly string[]
}

export interface Addition {
  readonly path: string
  readonly isDirectory: boolean
}

const COPIED = /(^| )type=(file|dir|link)( |$)/

export function compareListings(older: Listing, newer: Listing): Difference {
  const added: Addition[] = []
  const changed: string[] = []
  for (const [path, keywords] of newer) {
    const before = older.get(path)
    if (before === keywords) continue
    if (before === undefined && COPIED.test(keywords))
      added.push({ path: placeOf(path), isDirectory: / ?type=dir( |$)/.test(keywords) })
    else changed.push(placeOf(path))
  }
  for (const path of older.keys()) if (!newer.has(path)) changed.push(placeOf(path))
  return { added: added.sort((a, b) => (a.path < b.path ? -1 : 1)), changed: changed.sort() }
}

const placeOf = (path: string) => unvis(path).replace(/^\.\//, '')
