/** Commands that make packages and repositories: create, repo. */
import { posix } from 'node:path'
import { accountsOf } from '../accounts.ts'
import { entry } from '../archive/entry.ts'
import { getopt, Unknown } from '../screen.ts'
import { readPackage, writePackage } from './archive.ts'
import { readManifest } from './package.ts'
import { done, dots } from './progress.ts'
import { offered, writeCatalogue } from './repository.ts'
import type { Session } from './session.ts'
import { hostAbi } from './settings.ts'
import { parseUcl } from './ucl.ts'

/** With a manifest (-M), a list of files (-p) and the directory they are in (-r). */
export function create(args: readonly string[], { machine, disk, screen }: Session): number {
  const { values } = getopt(args, 'M:p:r:o:')
  const manifest = disk.text(values.get('M')?.at(-1) ?? '')
  const plist = disk.text(values.get('p')?.at(-1) ?? '')
  const root = values.get('r')?.at(-1) ?? '/'
  if (manifest === undefined || plist === undefined) throw new Unknown('way to create a package without -M and -p')
  const given = readManifest(parseUcl(manifest), hostAbi(machine))
  const accounts = accountsOf(machine)
  const paths = plist.split('\n').filter(line => line !== '' && !line.startsWith('@'))
  const entries = []
  for (const path of paths) {
    const absolute = path.startsWith('/') ? path : posix.join(given.prefix, path)
    const status = disk.status(posix.join(root, absolute))
    if (status === undefined) {
      screen.err(`pkg: Unable to access file ${posix.join(root, absolute)}: No such file or directory\n`)
      return 1
    }
    const { type, mode, uid, gid, modified } = status
    if (type === 'other') throw new Unknown(`kind of file: ${absolute}`)
    const source = posix.join(root, absolute)
    entries.push(
      entry(absolute, {
        type,
        mode,
        modified,
        uname: accounts.userOf(uid) ?? 'root',
        gname: accounts.groupOf(gid) ?? 'wheel',
        uid,
        gid,
        content: type === 'file' ? (disk.bytes(source) ?? Buffer.alloc(0)) : Buffer.alloc(0),
        target: type === 'link' ? disk.target(source) : '',
      }),
    )
  }
  const { bytes } = writePackage(given, entries)
  disk.write(posix.join(values.get('o')?.at(-1) ?? '.', `${given.name}-${given.version}.pkg`), bytes, 0o644)
  return 0
}

/** `pkg repo [-q] DIRECTORY [PRIVATE-KEY]`. */
export function repo(args: readonly string[], { disk, screen }: Session): number {
  const { set, operands } = getopt(args, 'q')
  const [directory, keyFile, ...others] = operands
  if (directory === undefined || others.length > 0) throw new Unknown('number of operands')
  const names = (disk.list(posix.join(directory, 'All')) ?? []).filter(name => name.endsWith('.pkg'))
  const packages = names.map(name => {
    const bytes = disk.bytes(posix.join(directory, 'All', name)) ?? Buffer.alloc(0)
    return offered(readPackage(bytes).manifest, bytes)
  })
  const key = keyFile === undefined ? undefined : disk.text(keyFile)
  if (keyFile !== undefined && key === undefined) {
    screen.err(`pkg: open(${keyFile}): No such file or directory\n`)
    return 1
  }
  const files = writeCatalogue(packages, key === undefined ? undefined : { type: 'pubkey', privateKey: key })
  for (const [name, content] of Object.entries(files)) disk.write(posix.join(directory, name), content, 0o644)
  if (set.has('q')) return 0
  screen.out(`Creating repository in ${directory}: ${dots(packages.length)} done\n`)
  done(screen, 'Packing files for repository', Object.keys(files).length)
  return 0
}
