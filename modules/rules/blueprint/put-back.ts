/**
 * The way back from an amendment that was cut short: the tree is made again what it was when its last revision was complete,
 * by copying from that one's snapshot. `zfs rollback` would take later snapshots along (replicas have theirs), and would
 * change under running instances what is as it was. A file that differs is replaced by another of its name, so whoever has
 * it open keeps it (libarchive: a file in the way is unlinked).
 */
import type { Step } from '../../core/step.ts'
import { clearFlags, removePaths } from '../../freebsd/directories.ts'
import type { Listing } from '../../freebsd/mtree.ts'
import { replaceNames } from '../../freebsd/seed.ts'
import { unvis } from '../../freebsd/vis.ts'
import { LISTING, MANIFEST, revisionPath } from '../layout.ts'
import type { Seen } from './look.ts'
import { parseListing, renderListing } from './manifest.ts'
import { set, stageIs } from './steps.ts'
import { revisionOf, type Tree } from './tree.ts'
import { unmountSteps } from './work.ts'

export interface Undoing {
  /** Relative to the root, what is in a directory before it. */
  readonly removed: readonly string[]
  /** Of those: what has file flags that keep it. */
  readonly held: readonly string[]
  /** Relative to the root, a directory before what is in it. */
  readonly copied: readonly string[]
}

const HOLDING = /(^| )flags=\S*(schg|sappnd|sunlnk|uchg|uappnd|uunlnk)/
const typeOf = (keywords: string) => /(?:^| )type=(\S+)/.exec(keywords)?.[1]

/** What makes `present` the same as `sealed`. Devices may be mounted in the one. */
export function undoingOf(sealed: Listing, present: Listing): Undoing {
  const removed = [...present].filter(([path, keywords]) => {
    const before = sealed.get(path)
    return before === undefined || typeOf(before) !== typeOf(keywords)
  })
  const copied = [...sealed].filter(([path, keywords]) => present.get(path) !== keywords)
  const names = (entries: readonly (readonly [string, string])[]) =>
    entries.map(([path]) => unvis(path).replace(/^\.\//, '')).filter(path => path !== 'dev' && !path.startsWith('dev/'))
  return {
    removed: names(removed).sort().reverse(),
    held: names(removed.filter(([, keywords]) => HOLDING.test(keywords))).sort(),
    copied: names(copied).sort(),
  }
}

/** `tree` was looked at as one that is not complete, and its last revision is there. */
export function putBackSteps({ dataset, root, last, listing, papers }: Tree, name: string, seen: Seen): Step[] {
  const revision = revisionOf({ dataset })
  const { removed, held, copied } = undoingOf(
    parseListing(last?.listing ?? ''),
    parseListing(renderListing(listing ?? new Map())),
  )
  const at = (path: string) => `${root}/${path}`
  const rewrite = (path: string, content: string, now: string | undefined): Step[] =>
    content === now ? [] : [{ kind: 'write', path: at(path), content, beneath: root }]
  return [
    ...unmountSteps(root, dataset.name, seen),
    ...set(dataset.name, ['readonly', 'off'], stageIs('amending')),
    ...clearFlags(held.map(at)),
    ...removePaths(removed.map(at)),
    ...replaceNames(revisionPath(seen.site, name, revision), copied, root),
    ...rewrite(LISTING, last?.listing ?? '', papers?.listing),
    ...rewrite(MANIFEST, last?.manifest ?? '', papers?.manifest),
    ...set(dataset.name, ['readonly', 'on'], stageIs('complete')),
  ]
}
