/**
 * The file that `ansible-galaxy collection install` takes. Written here, so that the same sources give the same bytes on
 * every machine, with or without Ansible. Form: ansible-core, lib/ansible/galaxy/collection/__init__.py, `_build_manifest`
 * and `_build_collection_tar`; POSIX ustar.
 */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type CollectionInfo, type Files, isProgram } from './collection.ts'

const FORMAT = 1
const MODE = { file: 0o644, program: 0o755, dir: 0o755 } as const

export function packCollection(info: CollectionInfo, files: Files): Buffer {
  // galaxy.yml says how to build, MANIFEST.json what was built.
  const contents = [...files].filter(([path]) => path !== 'galaxy.yml')
  const directories = directoriesOf(contents.map(([path]) => path))
  const listing = json({
    files: [
      ...['.', ...directories].map(name => ({
        name,
        ftype: 'dir',
        chksum_type: null,
        chksum_sha256: null,
        format: FORMAT,
      })),
      ...contents.map(([name, content]) => ({ name, ...fileEntry(content) })),
    ],
    format: FORMAT,
  })
  const manifest = json({
    collection_info: {
      ...info,
      license_file: null,
      dependencies: {},
      repository: null,
      documentation: null,
      homepage: null,
      issues: null,
    },
    file_manifest_file: { name: 'FILES.json', ...fileEntry(listing) },
    format: FORMAT,
  })
  return gzipSync(
    Buffer.concat([
      entry('MANIFEST.json', 'file', manifest),
      entry('FILES.json', 'file', listing),
      ...directories.map(path => entry(path, 'dir')),
      ...contents.map(([path, content]) => entry(path, isProgram(path) ? 'program' : 'file', content)),
      Buffer.alloc(1024),
    ]),
    { level: 9 },
  )
}

const json = (value: unknown) => Buffer.from(`${JSON.stringify(value, null, 1)}\n`)

const fileEntry = (content: Buffer) => ({
  ftype: 'file',
  chksum_type: 'sha256',
  chksum_sha256: createHash('sha256').update(content).digest('hex'),
  format: FORMAT,
})

/** Parents before what is in them. */
function directoriesOf(paths: readonly string[]): string[] {
  const parents = paths.flatMap(path =>
    path
      .split('/')
      .slice(0, -1)
      .map((_, index, names) => names.slice(0, index + 1).join('/')),
  )
  return [...new Set(parents)].sort()
}

/** Owner, group and time are nobody's and none, so that only contents count. */
function entry(path: string, kind: keyof typeof MODE, content: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(512)
  const [prefix, name] = splitPath(path)
  header.write(name, 0, 100)
  header.write(octal(MODE[kind], 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(content.length, 12), 124)
  header.write(octal(0, 12), 136)
  header.write(' '.repeat(8), 148)
  header.write(kind === 'dir' ? '5' : '0', 156)
  header.write('ustar\x0000', 257)
  header.write(prefix, 345, 155)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}

const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`

/** ustar keeps a path above 100 bytes in two fields, cut at a slash. */
function splitPath(path: string): [prefix: string, name: string] {
  if (path.length <= 100) return ['', path]
  const cut = path.indexOf('/', path.length - 101)
  if (cut === -1 || cut > 155) throw new Error(`the path '${path}' is too long for a tar file`)
  return [path.slice(0, cut), path.slice(cut + 1)]
}
