/**
 * passwd(5) as master.passwd, and group(5): records of fields. What is in a field of passwords is never told, and of a
 * record that the customer has it is always the customer's.
 */
import { linesOf } from '../../freebsd/settings-syntax.ts'
import type { Records, Sides } from './records.ts'

export interface Format {
  /** How messages call a record. */
  readonly noun: 'user' | 'group'
  readonly file: string
  readonly fields: readonly string[]
  /** Its place among the fields; no two of the customer's and the blueprint's may have the same. */
  readonly id: { readonly name: 'uid' | 'gid'; readonly at: number }
}

export const PASSWD: Format = {
  noun: 'user',
  file: 'etc/master.passwd',
  fields: ['name', 'password', 'uid', 'gid', 'class', 'change', 'expire', 'full name', 'home', 'shell'],
  id: { name: 'uid', at: 2 },
}

export const GROUPS: Format = {
  noun: 'group',
  file: 'etc/group',
  fields: ['name', 'password', 'gid', 'members'],
  id: { name: 'gid', at: 2 },
}

export const PASSWORD = 1

/** Users, groups, netgroups of NIS behind a sign, and Samba's machines. A hash of crypt(3) is never taken for a name. */
const NAME = /^(?:[+-]|[+-]?@?[A-Za-z0-9_.][A-Za-z0-9_.-]{0,31}\$?)$/
/** lib/libc/gen/pw_scan.c, usr.sbin/pwd_mkdb/pwd_mkdb.c: LINE_MAX less two. */
const LONGEST_LINE_BYTES = 2046
const LARGEST_ID = 4_294_967_295

/** The records, or what is wrong, in words that tell nothing of the line. */
export function parseAccounts(text: string, format: Format): Records | { readonly problem: string } {
  const items = new Map<string, { lead: string; body: string }>()
  let lead = ''
  for (const [index, line] of linesOf(text).entries()) {
    if (/^[ \t]*(#|\r?\n|$)/.test(line)) {
      lead += line
      continue
    }
    const fields = fieldsOf(line)
    const [name = ''] = fields
    if (!isRecord(fields, line, format)) {
      // Nothing is made of group(5), and programs pass over what they cannot read.
      if (format === PASSWD) return { problem: `line ${index + 1} is no record, and pwd_mkdb(8) would refuse the file` }
      lead += line
    } else if (items.has(name)) return { problem: `the ${format.noun} ${name} is there twice` }
    else {
      items.set(name, { lead, body: line })
      lead = ''
    }
  }
  return { items, tail: lead }
}

export const fieldsOf = (body: string): string[] => body.replace(/\n$/, '').split(':')

function isRecord(fields: readonly string[], line: string, format: Format): boolean {
  const [name = ''] = fields
  const isOfNis = /^[+-]/.test(name)
  const ids = format === PASSWD ? fields.slice(2, 4) : fields.slice(2, 3)
  return (
    fields.length === format.fields.length &&
    NAME.test(name) &&
    Buffer.byteLength(line) <= LONGEST_LINE_BYTES &&
    ids.every(id => (id === '' ? isOfNis : /^\d{1,10}$/.test(id) && Number(id) <= LARGEST_ID)) &&
    !(format === PASSWD && name === 'root' && Number(ids[0]) !== 0)
  )
}

/** Members of a group: who was added stays in, who was removed stays out. */
export function mergeMembers({ old, new: newer, own }: Sides<string>): string {
  const [before, after, mine] = [old, newer, own].map(list => list.split(',').filter(name => name !== '')) as [
    string[],
    string[],
    string[],
  ]
  const stays = (name: string) => (before.includes(name) ? after.includes(name) && mine.includes(name) : true)
  return [...new Set([...after, ...mine])].filter(stays).join(',')
}
