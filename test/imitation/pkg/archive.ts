/** NAME-VERSION.pkg: a tar of +COMPACT_MANIFEST, +MANIFEST and the files by their absolute paths (pkg-create(8)). */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type Entry, entry } from '../archive/entry.ts'
import { readArchive } from '../archive/read.ts'
import { writeTar } from '../archive/tar.ts'
import { checksum } from './checksum.ts'
import type { Package } from './package.ts'

export interface Contents {
  readonly manifest: Package
  readonly entries: readonly Entry[]
}

/** The manifest's `files`, `directories` and `flatsize` are made from the entries, whose paths are absolute. */
export function writePackage(given: Package, entries: readonly Entry[]): { bytes: Buffer; manifest: Package } {
  const traits = ({ uname, gname, mode }: Entry) => ({ uname, gname, perm: mode.toString(8).padStart(4, '0') })
  const files = entries.filter(each => each.type !== 'directory').sort((a, b) => (a.path < b.path ? -1 : 1))
  const manifest: Package = {
    ...given,
    flatsize: files.reduce((sum, each) => sum + each.content.length, 0),
    files: Object.fromEntries(
      files.map(each => [each.path, { sum: checksum(bytesOf(each)), ...traits(each), mtime: each.modified }]),
    ),
    directories: Object.fromEntries(
      entries.filter(each => each.type === 'directory').map(each => [each.path, traits(each)]),
    ),
  }
  const { files: _files, directories: _directories, ...compact } = manifest
  const meta = (path: string, content: object) => entry(path, { content: Buffer.from(JSON.stringify(content)) })
  const tar = writeTar([meta('+COMPACT_MANIFEST', compact), meta('+MANIFEST', manifest), ...entries])
  return { bytes: packed(tar), manifest }
}

/** The sum of a link is that of what it says. */
export const bytesOf = (each: Entry) => (each.type === 'link' ? Buffer.from(each.target) : each.content)

/** Equal content gives equal bytes: no time in it. */
export const packed = (bytes: Buffer) => gzipSync(bytes, { level: 6 })

export function readPackage(bytes: Buffer): Contents {
  const entries = readArchive(bytes)
  const manifest = entries.find(each => each.path === '+MANIFEST')
  if (manifest === undefined) throw new Error('a package without +MANIFEST')
  return {
    manifest: JSON.parse(manifest.content.toString()) as Package,
    entries: entries.filter(each => !each.path.startsWith('+')),
  }
}

export const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
