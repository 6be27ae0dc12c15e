/**
 * fstab(5), as jail(8) reads it for `mount.fstab`: usr.sbin/jail/config.c ends a line at any `#`, command.c splits it at
 * white space and decodes the first two words with strunvis(3); lib/libc/gen/fstab.c does the same for mount(8), and
 * reads no more than 1,023 bytes of a line.
 */
import { UnexpectedOutput } from '../core/errors.ts'

export interface FstabEntry {
  readonly special: string
  readonly node: string
  readonly fstype: string
  /** `rw` or `ro` first: a line without either is mounted by nobody. */
  readonly options: readonly string[]
}

export const LONGEST_LINE_BYTES = 1023

export const renderFstab = (entries: readonly FstabEntry[]): string =>
  entries.map(entry => `${renderEntry(entry)}\n`).join('')

export const renderEntry = ({ special, node, fstype, options }: FstabEntry): string =>
  `${encode(special)} ${encode(node)} ${fstype} ${options.join(',')} 0 0`

/** Its entries in order; comments and empty lines are left out. */
export function parseFstab(text: string): FstabEntry[] {
  return text.split('\n').flatMap(line => {
    const words = (line.split('#', 1)[0] ?? '').split(/[ \t\f\v\r]+/).filter(word => word !== '')
    if (words.length === 0) return []
    const [special, node, fstype, options = 'rw'] = words
    if (special === undefined || node === undefined || fstype === undefined) throw new UnexpectedOutput('fstab', line)
    return [{ special: decode(special), node: decode(node), fstype, options: options.split(',') }]
  })
}

const encode = (word: string) =>
  word.replace(/[ \t\n\v\f\r\\#]/g, character => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)

/** The forms of vis(3) that people and we write: a byte in three octal digits, `\\` and `\s`. */
function decode(word: string): string {
  const bytes = Buffer.from(word).toString('latin1')
  const plain = bytes.replace(/\\([0-7]{3}|[\\s])/g, (_, code: string) =>
    code === '\\' ? '\\' : code === 's' ? ' ' : String.fromCharCode(Number.parseInt(code, 8)),
  )
  return Buffer.from(plain, 'latin1').toString()
}
