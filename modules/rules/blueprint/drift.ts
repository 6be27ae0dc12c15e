/** What has become different in a tree since it was sealed. */
import type { Listing } from '../../freebsd/mtree.ts'
import { LISTING } from '../layout.ts'
import { digestOf, parseListing, renderListing } from './manifest.ts'

/**
 * A line a file: `/etc/rc.conf: mode 0644, now 0600`. Sorted by path. `sealed` is the list that was written then, and
 * `digest` that of it which the manifest has.
 */
export function driftOf(sealed: string | undefined, digest: string, present: Listing): string[] {
  if (sealed === undefined) return [`/${LISTING}: gone, so nothing can be compared`]
  if (digestOf(sealed) !== digest) return [`/${LISTING}: not what was sealed, so nothing can be compared`]
  return differences(parseListing(sealed), parseListing(renderListing(present)))
}

function differences(sealed: Listing, now: Listing): string[] {
  const paths = [...new Set([...sealed.keys(), ...now.keys()])].sort()
  return paths.flatMap(path => {
    const [before, after] = [sealed.get(path), now.get(path)]
    if (before === after) return []
    const name = path.replace(/^\.(?=\/)/, '')
    if (before === undefined) return [`${name}: new`]
    if (after === undefined) return [`${name}: gone`]
    return [`${name}: ${changesOf(before, after).join(', ')}`]
  })
}

function changesOf(before: string, after: string): string[] {
  const [was, is] = [wordsOf(before), wordsOf(after)]
  const keywords = [...new Set([...was.keys(), ...is.keys()])].sort()
  return keywords
    .filter(keyword => was.get(keyword) !== is.get(keyword))
    .map(keyword =>
      keyword === 'sha256digest' ? 'content' : `${keyword} ${was.get(keyword) ?? '-'}, now ${is.get(keyword) ?? '-'}`,
    )
}

const wordsOf = (text: string) =>
  new Map(text.split(' ').map(word => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const))
