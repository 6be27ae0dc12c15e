/** Texts of three sides, merged by lines. A line is all up to its line feed, which it keeps: so CRLF and a missing end survive. */
import { diff3Merge } from 'node-diff3'
import { linesOf } from '../../freebsd/settings-syntax.ts'
import { type Piece, piecesOf } from './anchors.ts'

export interface Texts {
  readonly old: string
  readonly new: string
  readonly own: string
}

export type Merged = { readonly text: string } | { readonly problem: string }

/** Comparing a piece takes time by the length of a side for each pair of lines that are alike; this many take some 30 ms. */
const MOST_STEPS = 10_000_000

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
  const pieces = piecesOf({ old: linesOf(texts.old), new: linesOf(texts.new), own: linesOf(texts.own) })
  const lines: string[] = []
  let clashes = 0
  for (const piece of pieces) {
    const merged = mergePiece(piece)
    if (merged === undefined) return { problem: 'too many of its lines are alike for it to be merged' }
    clashes += merged.clashes
    for (const line of merged.lines) lines.push(line)
  }
  if (clashes > 0) {
    const places = `${clashes} place${clashes > 1 ? 's' : ''}`
    return { problem: `the customer and the new blueprint changed the same lines, in ${places}` }
  }
  if (lines.slice(0, -1).some(line => !line.endsWith('\n')))
    return { problem: 'one side added lines after a last line without a line feed' }
  return { text: lines.join('') }
}

function mergePiece({ old, new: newer, own }: Piece): { lines: readonly string[]; clashes: number } | undefined {
  if (areSame(own, old) || areSame(own, newer)) return { lines: newer, clashes: 0 }
  if (areSame(newer, old)) return { lines: own, clashes: 0 }
  if (stepsFor(old, own) + stepsFor(old, newer) > MOST_STEPS) return undefined
  const regions = diff3Merge<string>([...own], [...old], [...newer])
  return {
    lines: regions.flatMap(({ ok }) => ok ?? []),
    clashes: regions.filter(({ conflict }) => conflict !== undefined).length,
  }
}

const areSame = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((line, at) => line === other[at])

function stepsFor(one: readonly string[], other: readonly string[]): number {
  const counts = new Map<string, number>()
  for (const line of other) counts.set(line, (counts.get(line) ?? 0) + 1)
  const pairs = one.reduce((sum, line) => sum + 1 + (counts.get(line) ?? 0), 0)
  return pairs * Math.min(one.length, other.length)
}
