/** tar(1) of FreeBSD, which is bsdtar: contrib/libarchive/tar (bsdtar.c, read.c, write.c). */
import { posix } from 'node:path'
import { gzipSync } from 'node:zlib'
import { accountsOf } from '../accounts.ts'
import { ArchiveError, type Entry } from '../archive/entry.ts'
import { readArchive } from '../archive/read.ts'
import { writeTar } from '../archive/tar.ts'
import { writeXz } from '../archive/xz.ts'
import { type ByteScreen, byteImitation } from '../byte-screen.ts'
import { Disk } from '../disk.ts'
import { strerror } from '../errno.ts'
import type { Call, Machine } from '../machine.ts'
import { Exit } from '../screen.ts'
import { type Collection, collect } from './collect.ts'
import { extract } from './extract.ts'
import { matches, type Options, readOptions } from './options.ts'

export const tar = byteImitation('tar', (machine, call, screen) => {
  const options = readOptions(call.args)
  return options.mode === 'c' ? create(machine, call, options, screen) : read(machine, call, options, screen)
})

/** Whether it wants standard input: an archive to read. */
export function readsArchive(args: readonly string[]): boolean {
  try {
    const { mode, file } = readOptions(args)
    return mode !== 'c' && file === '-'
  } catch {
    return false
  }
}

function create(machine: Machine, call: Call, options: Options, screen: ByteScreen): number {
  const { flags, excluded, file, operands } = options
  const disk = new Disk(machine, call)
  if (operands.length === 0) fail(screen, 'no files or directories specified')
  const from: Collection = {
    disk,
    excluded,
    accounts: accountsOf(machine),
    isForeign: path => flags.has('l') && machine.state.mounts.some(mount => mount.node === path),
    seen: new Map(),
    numericOwner: flags.has('N'),
    isFlat: flags.has('n'),
  }
  const entries: Entry[] = []
  let status = 0
  for (const { name, directories } of operands) {
    const directory = goInto(disk, directories, screen)
    // Another archive's entries as they are (tar(1), @archive).
    const found = name.startsWith('@') ? open(disk, name.slice(1), call, screen) : collect(name, directory, from)
    if (found === undefined) {
      screen.err(`tar: ${name}: Cannot stat: No such file or directory\n`)
      status = 1
    }
    entries.push(...(found ?? []))
  }
  const isAbsolute = entries.some(each => each.path.startsWith('/')) && !flags.has('P')
  if (isAbsolute) screen.err("tar: Removing leading '/' from member names\n")
  const named = isAbsolute ? entries.map(each => ({ ...each, path: each.path.replace(/^\/+/, '') })) : entries
  if (flags.has('v')) screen.err(named.map(each => `a ${each.path}\n`).join(''))

  const bytes = writeTar(named)
  const packed = flags.has('z') ? gzipSync(bytes) : flags.has('J') ? writeXz(bytes) : bytes
  if (file === '-') screen.bytes(packed)
  else {
    try {
      disk.write(file, packed, 0o644)
    } catch (error) {
      fail(screen, `Failed to open '${file}': ${strerror(error)}`)
    }
  }
  return finish(status, screen)
}

function read(machine: Machine, call: Call, options: Options, screen: ByteScreen): number {
  const { flags, excluded, operands, mode } = options
  const disk = new Disk(machine, call)
  let status = 0
  const warn = (text: string) => {
    screen.err(`${text}\n`)
    status = 1
  }
  let entries: readonly Entry[]
  let damage: string | undefined
  try {
    entries = open(disk, options.file, call, screen)
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error
    if (error.unopened) fail(screen, `Error opening archive: ${error.message}`)
    entries = error.entries
    damage = error.message
  }
  const directory = goInto(disk, options.directories, screen)
  const wanted = operands.map(({ name }) => name)
  const chosen = entries.filter(
    each =>
      !excluded.some(pattern => matches(pattern, each.path)) &&
      (wanted.length === 0 || wanted.some(pattern => matches(pattern, each.path))),
  )
  if (mode === 't') screen.out(chosen.map(each => `${each.path}${each.type === 'directory' ? '/' : ''}\n`).join(''))
  else {
    if (flags.has('v')) screen.err(chosen.map(each => `x ${each.path}\n`).join(''))
    const to = {
      disk,
      directory,
      accounts: accountsOf(machine),
      isRoot: call.uid === 0,
      numericOwner: flags.has('N'),
      absolute: flags.has('P'),
      keep: flags.has('k'),
      clear: flags.has('F'),
      touch: flags.has('m'),
    }
    extract(chosen, to, warn)
  }
  if (damage !== undefined) warn(`tar: ${damage}`)
  for (const name of wanted)
    if (!entries.some(each => matches(name, each.path))) warn(`tar: ${name}: Not found in archive`)
  return finish(status, screen)
}

/** Throws `ArchiveError`; ends the program where there is no such file. */
function open(disk: Disk, file: string, call: Call, screen: ByteScreen): Entry[] {
  const bytes = file === '-' ? call.stdin : disk.bytes(file)
  if (bytes === undefined) fail(screen, `Error opening archive: Failed to open '${file}'`)
  return readArchive(bytes)
}

function goInto(disk: Disk, directories: readonly string[], screen: ByteScreen): string {
  let here = disk.at('.')
  for (const each of directories) {
    here = posix.resolve(here, each)
    if (disk.stat(here)?.type !== 'directory') fail(screen, `could not chdir to '${each}'`)
  }
  return here
}

function finish(status: number, screen: ByteScreen): number {
  if (status !== 0) screen.err('tar: Error exit delayed from previous errors.\n')
  return status
}

function fail(screen: ByteScreen, message: string): never {
  screen.err(`tar: ${message}\n`)
  throw new Exit(1)
}
