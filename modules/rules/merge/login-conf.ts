/** login.conf(5): capability records, getcap(3). */
import { linesOf } from '../../freebsd/settings-syntax.ts'
import { type Item, mergeRecords, type Records } from './records.ts'
import { type Merged, mergeText, type Texts } from './text.ts'

/** By lines where that is possible, else record by record. */
export function mergeLoginConf(texts: Texts): Merged {
  const merged = mergeText(texts)
  if ('text' in merged) return merged
  const sides = { old: parse(texts.old), new: parse(texts.new), own: parse(texts.own) }
  if (sides.old === undefined || sides.new === undefined || sides.own === undefined) return merged
  const clashes: string[] = []
  const text = mergeRecords({ old: sides.old, new: sides.new, own: sides.own }, (name, { old, new: newer, own }) => {
    if (own === old || own === newer) return newer
    if (newer === old) return own
    const record = mergeText({ old: old ?? '', new: newer ?? '', own: own ?? '' })
    if (old !== undefined && newer !== undefined && own !== undefined && 'text' in record) return record.text
    clashes.push(name)
    return own
  })
  if (clashes.length === 0) return { text }
  return { problem: `the customer and the new blueprint changed the same record: ${clashes.join(', ')}` }
}

/**
 * A record is a line with all that its backslashes take in; its names end at the first colon. Undefined: one has no name,
 * no end, or the name of another.
 */
function parse(text: string): Records | undefined {
  const items = new Map<string, Item>()
  let [lead, body] = ['', '']
  for (const line of linesOf(text)) {
    if (body === '' && /^\s*(#|$)/.test(line)) {
      lead += line
      continue
    }
    body += line
    if (/\\\r?\n?$/.test(line)) continue
    const name = body.slice(0, body.search(/[|:\n]|$/)).trim()
    if (name === '' || items.has(name)) return undefined
    items.set(name, { lead, body: body.endsWith('\n') ? body : `${body}\n` })
    lead = ''
    body = ''
  }
  return body === '' ? { items, tail: lead } : undefined
}
