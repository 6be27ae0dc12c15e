/** Texts of three sides, merged by lines. A line is all up to its line feed, which it keeps: so CRLF and a missing end survive. */
import { diff3Merge } from 'node-diff3'
import { linesOf } from '../../freebsd/settings-syntax.ts'

export interface Texts {
  readonly old: string
  readonly new: string
  readonly own: string
}

export type Merged = { readonly text: string } | { readonly problem: string }

/** The comparison takes time by their product, where many are alike. */
const MOST_LINES = 20_000

/** What the bytes are as text, or undefined where they are none: a NUL, or not UTF-8. */
export function decode(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

export function mergeText(texts: Texts): Merged {
  const [own, old, newer] = [linesOf(texts.own), linesOf(texts.old), linesOf(texts.new)]
  if (Math.max(own.length, old.length, newer.length) > MOST_LINES)
    return { problem: `it has more than ${MOST_LINES} lines, too many to be merged` }
  const regions = diff3Merge<string>(own, old, newer)
  const clashes = regions.filter(({ conflict }) => conflict !== undefined).length
  if (clashes > 0)
    return {
      problem: `the customer and the new blueprint changed the same lines, in ${clashes} place${clashes > 1 ? 's' : ''}`,
    }
  const lines = regions.flatMap(({ ok }) => ok ?? [])
  if (lines.slice(0, -1).some(line => !line.endsWith('\n')))
    return { problem: 'one side added lines after a last line without a line feed' }
  return { text: lines.join('') }
}
