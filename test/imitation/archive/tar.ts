/** The tar format: ustar with pax headers, as bsdtar(1) writes it (tar(5)); flags are in `SCHILY.fflags`. */
import { ArchiveError, type Entry, entry } from './entry.ts'

const BLOCK = 512
/** bsdtar pads to 20 blocks (tar(1), -b). */
const RECORD = 20 * BLOCK

const TYPES: Readonly<Record<Entry['type'], string>> = { file: '0', hardlink: '1', link: '2', directory: '5' }
const NAMES: Readonly<Record<string, Entry['type']>> = {
  '': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'link',
  '5': 'directory',
}

export function writeTar(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(each => [
    ...pax(each),
    header(each, TYPES[each.type], each.content.length),
    padded(each.content),
  ])
  const bytes = Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)])
  return Buffer.concat([bytes, Buffer.alloc((RECORD - (bytes.length % RECORD)) % RECORD)])
}

function pax(each: Entry): Buffer[] {
  const records = [
    ...(tooLong(pathOf(each), 100) ? [['path', pathOf(each)]] : []),
    ...(tooLong(each.target, 100) ? [['linkpath', each.target]] : []),
    ...(each.flags.length > 0 ? [['SCHILY.fflags', each.flags.join(',')]] : []),
  ]
  if (records.length === 0) return []
  const text = Buffer.from(records.map(([name = '', value = '']) => record(name, value)).join(''))
  return [header({ ...each, path: 'PaxHeader', target: '' }, 'x', text.length), padded(text)]
}

/** "LENGTH NAME=VALUE\n", where LENGTH counts itself. */
function record(name: string, value: string): string {
  const rest = ` ${name}=${value}\n`
  let length = Buffer.byteLength(rest)
  while (String(length).length + Buffer.byteLength(rest) !== length)
    length = String(length).length + Buffer.byteLength(rest)
  return `${length}${rest}`
}

const tooLong = (text: string, most: number) => Buffer.byteLength(text) > most || /[^\0-\x7f]/.test(text)
const pathOf = (each: Entry) => (each.type === 'directory' && !each.path.endsWith('/') ? `${each.path}/` : each.path)

function header(each: Entry, type: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, width: number) =>
    block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1')
  block.write(type === 'x' ? each.path : pathOf(each), 0, 100)
  octal(each.mode, 100, 8)
  octal(each.uid, 108, 8)
  octal(each.gid, 116, 8)
  octal(size, 124, 12)
  octal(each.modified, 136, 12)
  block.write('        ', 148, 'latin1')
  block.write(type, 156, 'latin1')
  block.write(each.target, 157, 100)
  block.write('ustar\x0000', 257, 'latin1')
  block.write(each.uname, 265, 31)
  block.write(each.gname, 297, 31)
  octal(0, 329, 8)
  octal(0, 337, 8)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)])

/** Throws `ArchiveError` with what came before the damage. */
export function readTar(bytes: Buffer): Entry[] {
  const entries: Entry[] = []
  let extra: Record<string, string> = {}
  let at = 0
  while (at + BLOCK <= bytes.length) {
    const block = bytes.subarray(at, at + BLOCK)
    if (block.every(byte => byte === 0)) return entries
    if (!isHeader(block)) throw unreadable(entries)
    const size = octal(block, 124, 12)
    const end = at + BLOCK + Math.ceil(size / BLOCK) * BLOCK
    if (at + BLOCK + size > bytes.length) throw new ArchiveError('Truncated input file', entries)
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size)
    const type = text(block, 156, 1)
    at = end
    if (type === 'x') Object.assign(extra, records(content))
    else if (type === 'L') extra.path = content.toString().replace(/\0.*$/s, '')
    else if (type === 'K') extra.linkpath = content.toString().replace(/\0.*$/s, '')
    else if (type !== 'g') {
      const known = NAMES[type]
      if (known === undefined) throw unreadable(entries)
      entries.push(describe(block, known, content, extra))
      extra = {}
    }
  }
  // archive_read_support_format_tar.c wants two empty blocks, but is content without them.
  if (at < bytes.length) throw new ArchiveError('Truncated tar archive', entries)
  return entries
}

const unreadable = (entries: readonly Entry[]) =>
  entries.length === 0
    ? new ArchiveError('Unrecognized archive format', [], true)
    : new ArchiveError('Damaged tar archive', entries)

function describe(block: Buffer, type: Entry['type'], content: Buffer, extra: Record<string, string>): Entry {
  const prefix = text(block, 345, 155)
  const name = text(block, 0, 100)
  return entry((extra.path ?? (prefix === '' ? name : `${prefix}/${name}`)).replace(/(?<=.)\/$/, ''), {
    type,
    mode: octal(block, 100, 8) & 0o7777,
    uid: Number(extra.uid ?? octal(block, 108, 8)),
    gid: Number(extra.gid ?? octal(block, 116, 8)),
    modified: Math.floor(Number(extra.mtime ?? octal(block, 136, 12))),
    uname: text(block, 265, 32),
    gname: text(block, 297, 32),
    content: Buffer.from(content),
    target: extra.linkpath ?? text(block, 157, 100),
    flags: (extra['SCHILY.fflags'] ?? '').split(',').filter(Boolean).sort(),
  })
}

function isHeader(block: Buffer): boolean {
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0)
  return sum === octal(block, 148, 8)
}

const text = (block: Buffer, at: number, width: number) => block.toString('utf8', at, at + width).replace(/\0.*$/s, '')
const octal = (block: Buffer, at: number, width: number) => Number.parseInt(text(block, at, width).trim(), 8) || 0

function records(content: Buffer): Record<string, string> {
  const found: Record<string, string> = {}
  for (let at = 0; at < content.length; ) {
    const length = Number.parseInt(content.toString('latin1', at, at + 20), 10)
    if (!(length > 0)) break
    const [, name = '', value = ''] = /^\d+ ([^=]*)=(.*)\n$/s.exec(content.toString('utf8', at, at + length)) ?? []
    found[name] = value
    at += length
  }
  return found
}
