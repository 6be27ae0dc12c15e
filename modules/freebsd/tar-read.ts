/** Archives of tar(1), read: ustar and pax, as bsdtar writes them (tar(5), contrib/libarchive). */
import { UnexpectedOutput } from '../core/errors.ts'

export interface TarEntry {
  /** Without `./` before it and `/` behind it. */
  readonly path: string
  readonly type: 'file' | 'directory' | 'link' | 'other'
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Where a symbolic link points to; of a hard link, the path of the file. */
  readonly target: string
  readonly content: Buffer
}

const BLOCK = 512
const TYPES: Readonly<Record<string, TarEntry['type']>> = {
  '0': 'file',
  '\0': 'file',
  '1': 'file',
  '2': 'link',
  '5': 'directory',
}

export function parseTar(archive: Buffer): TarEntry[] {
  const entries = new Map<string, TarEntry>()
  let extended: ReadonlyMap<string, string> = new Map()
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK)
    if (header.every(byte => byte === 0)) break
    const text = (from: number, length: number) => {
      const field = header.subarray(from, from + length)
      const end = field.indexOf(0)
      return field.subarray(0, end < 0 ? length : end).toString()
    }
    const kind = String.fromCharCode(header.readUInt8(156))
    const size = Number(extended.get('size') ?? numberIn(header.subarray(124, 136)))
    if (!Number.isSafeInteger(size) || size < 0 || at + BLOCK + size > archive.length)
      throw new UnexpectedOutput('tar', 'an archive that ends too early')
    const content = archive.subarray(at + BLOCK, at + BLOCK + size)
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
    if (kind === 'x' || kind === 'g') {
      if (kind === 'x') extended = parseExtended(content)
      continue
    }
    const prefix = text(345, 155)
    const name = extended.get('path') ?? (prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`)
    const path = plain(name)
    const target = extended.get('linkpath') ?? text(157, 100)
    // A second name of a file that came before has no content of its own.
    const first = kind === '1' ? entries.get(plain(target)) : undefined
    entries.set(path, {
      path,
      type: TYPES[kind] ?? 'other',
      mode: numberIn(header.subarray(100, 108)) & 0o7777,
      uid: Number(extended.get('uid') ?? numberIn(header.subarray(108, 116))),
      gid: Number(extended.get('gid') ?? numberIn(header.subarray(116, 124))),
      target,
      content: first?.content ?? content,
    })
    extended = new Map()
  }
  return [...entries.values()]
}

const plain = (name: string) => name.replace(/^(\.?\/)+/, '').replace(/\/+$/, '')

/** Octal digits, or for what is too large for them a number in base 256 behind a byte of 0x80. */
function numberIn(field: Buffer): number {
  if ((field.readUInt8(0) & 0x80) !== 0)
    return field.subarray(1).reduce((number, byte) => number * 256 + byte, field.readUInt8(0) & 0x7f)
  const digits = field
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trim()
  return digits === '' ? 0 : Number.parseInt(digits, 8)
}

/** `LENGTH KEYWORD=VALUE\n`, the length of all of it in bytes. */
function parseExtended(content: Buffer): Map<string, string> {
  const found = new Map<string, string>()
  for (let at = 0; at < content.length; ) {
    const length = Number.parseInt(content.subarray(at).toString('latin1', 0, 20), 10)
    if (!(length > 0)) throw new UnexpectedOutput('tar', 'a header that cannot be read')
    const line = content.subarray(at, at + length).toString()
    const space = line.indexOf(' ')
    const equals = line.indexOf('=')
    found.set(line.slice(space + 1, equals), line.slice(equals + 1).replace(/\n$/, ''))
    at += length
  }
  return found
}
