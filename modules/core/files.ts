/** The file system of the real host: looking without following links, and writing so that a crash leaves the one or the other. */
import { createHash } from 'node:crypto'
import { closeSync, constants, openSync, read, readSync, type Stats } from 'node:fs'
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  opendir,
  readdir,
  readFile,
  readlink,
  rename,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { isSystemError, LinkInTheWay } from './errors.ts'
import type { PathStatus } from './host.ts'
import type { FileStep, WriteStep } from './step.ts'

/** What is at `path`; with `beneath`, the first link below that ends the walk and is the answer. */
export async function statusOf(path: string, beneath?: string): Promise<PathStatus | undefined> {
  for (const step of beneath === undefined ? [] : stepsBetween(beneath, dirname(path))) {
    const status = await look(step)
    if (status === undefined || status.type !== 'directory') return status?.type === 'link' ? status : undefined
  }
  return look(path)
}

export async function readText(path: string, beneath?: string): Promise<string | undefined> {
  await refuseLinks(path, beneath)
  return readFile(path, 'utf8').catch(undefinedWhereMissing)
}

export async function listNames(path: string, beneath?: string, most?: number): Promise<string[] | undefined> {
  await refuseLinks(path, beneath)
  const names = most === undefined ? readdir(path) : firstNames(path, most)
  return names.then(all => all.sort(), undefinedWhereMissing)
}

async function firstNames(path: string, most: number): Promise<string[]> {
  const names: string[] = []
  for await (const { name } of await opendir(path)) if (names.push(name) >= most) break
  return names
}

export async function readBytes(
  path: string,
  most: number,
  beneath?: string,
): Promise<Buffer | 'too large' | undefined> {
  await refuseLinks(path, beneath)
  const size = await stat(path).then(({ size }) => size, undefinedWhereMissing)
  if (size !== undefined && size > most) return 'too large'
  return readFile(path).catch(undefinedWhereMissing)
}

const PIECE_BYTES = 64 << 10
const readPiece = promisify(read)

/**
 * A piece at a time: a file may be larger than memory. The first piece is read here and now, and most files have no other:
 * a trip to another thread for each of the three calls takes ten times as long as they do.
 */
export async function digestOf(path: string, beneath?: string): Promise<string | undefined> {
  await refuseLinksAbove(path, beneath)
  const hash = createHash('sha256')
  const piece = Buffer.allocUnsafe(PIECE_BYTES)
  try {
    const file = openSync(path, WITHOUT_LINKS)
    try {
      let bytes = readSync(file, piece)
      while (bytes === PIECE_BYTES) {
        hash.update(piece)
        bytes = (await readPiece(file, piece, 0, PIECE_BYTES, null)).bytesRead
      }
      return hash.update(piece.subarray(0, bytes)).digest('hex')
    } finally {
      closeSync(file)
    }
  } catch (error) {
    // O_NOFOLLOW of Linux and of FreeBSD (open(2)).
    if (isSystemError(error, 'ELOOP', 'EMLINK')) throw new LinkInTheWay(path, path)
    return undefinedWhereMissing(error)
  }
}

/** Performs any step but a command. */
export async function change(step: FileStep): Promise<void> {
  if (step.kind === 'move') {
    for (const end of [step.from, step.to]) await refuseLinksAbove(end, step.beneath)
    await rename(step.from, step.to)
    return flush(dirname(step.to))
  }
  // The last component too: each of these would otherwise act on what a link points to, or replace a customer's own link.
  if (step.kind === 'remove' && step.mayBeLink) await refuseLinksAbove(step.path, step.beneath)
  else await refuseLinks(step.path, step.beneath)
  switch (step.kind) {
    case 'write':
      return write(step)
    case 'remove': {
      const status = await look(step.path)
      return status?.type === 'directory' ? rmdir(step.path) : unlink(step.path)
    }
    case 'directory':
      await mkdir(step.path, { mode: step.mode })
      return inDirectory(step.path, async made => {
        await made.chmod(step.mode)
        await made.chown(step.uid ?? 0, step.gid ?? 0)
      })
    case 'mode':
      return opened(step.path, 0, async file => {
        // The owner first: it takes the set-user-id bit away (chown(2)).
        if (step.owner !== undefined) await file.chown(step.owner.uid, step.owner.gid)
        await file.chmod(step.mode)
      })
  }
}

let writes = 0

async function write({ path, content, encoding, mode = 0o644, uid, gid }: WriteStep): Promise<void> {
  const replaced = await look(path)
  // Steps side by side may write into one directory.
  const beside = join(dirname(path), `.${process.pid}.${++writes}.bluejail`)
  await unlink(beside).catch(undefinedWhereMissing)
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  const file = await open(beside, flags, 0o600)
  try {
    await file.writeFile(content, encoding ?? 'utf8')
    await file.chmod(replaced?.mode ?? mode)
    if (replaced !== undefined) await file.chown(replaced.uid, replaced.gid)
    else if (uid !== undefined || gid !== undefined) await file.chown(uid ?? 0, gid ?? 0)
    await file.sync()
    await rename(beside, path)
  } catch (error) {
    // On a full disk, what there is of it would be in the way of the next try.
    await unlink(beside).catch(() => {})
    throw error
  } finally {
    await file.close()
  }
  await flush(dirname(path))
}

/** A rename is on disk once its directory is. */
const flush = (directory: string) => inDirectory(directory, opened => opened.sync())

const inDirectory = (path: string, act: (directory: FileHandle) => Promise<void>) =>
  opened(path, constants.O_DIRECTORY, act)

/** Not by a link, and without waiting for who writes into a pipe. */
const WITHOUT_LINKS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

async function opened(path: string, flags: number, act: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, WITHOUT_LINKS | flags)
  await act(file).finally(() => file.close())
}

async function refuseLinks(path: string, beneath: string | undefined): Promise<void> {
  if (beneath === undefined) return
  const status = await statusOf(path, beneath)
  if (status?.type === 'link') throw new LinkInTheWay(path, status.at)
}

const refuseLinksAbove = async (path: string, beneath: string | undefined) =>
  dirname(path) === beneath ? undefined : refuseLinks(dirname(path), beneath)

/** Every directory from `beneath` down to `path`, without `beneath` itself. */
function stepsBetween(beneath: string, path: string): string[] {
  const way = relative(beneath, path)
    .split('/')
    .filter(name => name !== '')
  if (way.includes('..')) throw new TypeError(`${path} is not beneath ${beneath}`)
  return way.map((_, index) => join(beneath, ...way.slice(0, index + 1)))
}

async function look(path: string): Promise<PathStatus | undefined> {
  const stats = await lstat(path).catch(undefinedWhereMissing)
  if (stats === undefined) return undefined
  const status = describeStatus(path, stats)
  return status.type === 'link' ? { ...status, target: await readlink(path) } : status
}

function describeStatus(at: string, stats: Stats): PathStatus {
  const type = stats.isSymbolicLink() ? 'link' : stats.isDirectory() ? 'directory' : stats.isFile() ? 'file' : 'other'
  const bytes = type === 'file' ? { bytes: stats.size } : {}
  return { at, type, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid, ...bytes }
}

function undefinedWhereMissing(error: unknown): undefined {
  if (!isSystemError(error, 'ENOENT', 'ENOTDIR')) throw error
}
