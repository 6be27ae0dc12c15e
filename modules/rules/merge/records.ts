/**
 * Files of records, each with a name: merged record by record. The new blueprint's order holds, then come the customer's own.
 * Lines that are no records (comments, empty ones) go with the record that follows them, and are merged by lines.
 */
import { mergeText } from './text.ts'

/** `undefined` as a key: what follows the last record. */
export interface Item {
  /** Comments and empty lines before it, with their line feeds. */
  readonly lead: string
  /** The record, with its line feed if it has one. */
  readonly body: string
}

export interface Records {
  readonly items: ReadonlyMap<string, Item>
  /** What follows the last record. */
  readonly tail: string
}

export interface Sides<T> {
  readonly old: T
  readonly new: T
  readonly own: T
}

/** What becomes of a record that at least one side has; undefined: it is left out. */
export type MergeRecord = (name: string, bodies: Sides<string | undefined>) => string | undefined

export function mergeRecords({ old, new: newer, own }: Sides<Records>, mergeRecord: MergeRecord): string {
  const names = new Set([...newer.items.keys(), ...own.items.keys(), ...old.items.keys()])
  const texts: string[] = []
  let orphaned = ''
  for (const name of names) {
    const [before, after, mine] = [old.items.get(name), newer.items.get(name), own.items.get(name)]
    const body = mergeRecord(name, { old: before?.body, new: after?.body, own: mine?.body })
    if (body === undefined) {
      orphaned += linesBeyond(mine?.lead ?? '', before?.lead ?? '')
      continue
    }
    const base = before?.lead ?? ''
    const lead = mergeLead({ old: base, new: after?.lead ?? base, own: mine?.lead ?? base })
    texts.push(orphaned + lead, body)
    orphaned = ''
  }
  texts.push(orphaned + mergeLead({ old: old.tail, new: newer.tail, own: own.tail }))
  return joinLines(texts)
}

/** Nobody's comment is lost: where lines clash, the new blueprint's come first, then those of the customer. */
function mergeLead(texts: Sides<string>): string {
  if (texts.own === texts.old || texts.own === texts.new) return texts.new
  if (texts.new === texts.old) return texts.own
  const merged = mergeText(texts)
  return 'text' in merged ? merged.text : withLineFeed(texts.new) + linesBeyond(texts.own, texts.old + texts.new)
}

const linesOf = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

function linesBeyond(text: string, known: string): string {
  const lines = new Set(linesOf(withLineFeed(known)))
  return linesOf(text)
    .filter(line => !lines.has(withLineFeed(line)))
    .join('')
}

const withLineFeed = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)

/** Only the last line of all may lack its line feed. */
function joinLines(texts: readonly string[]): string {
  const filled = texts.filter(text => text !== '')
  return filled.map((text, index) => (index < filled.length - 1 ? withLineFeed(text) : text)).join('')
}
