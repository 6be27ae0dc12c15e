/** The imitated kernel's file tree on real directories: a mount is a bind mount, a dataset's storage is a directory. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import type { BindSource, Tree, TreeStatus } from '../imitation/tree.ts'
import { realFiles } from './files.ts'
import { bindMount, mountTable, must, unmount } from './kernel-mounts.ts'
import { contentOf, expose, protect, removeSnapshot, SNAPDIR, showSnapshots } from './snapdir.ts'

export function realTree(store: string): Tree & { adopt(storage: string, directory: string): void } {
  /** Id of a mount to the kernel's number for it: paths change when somebody renames a directory above. */
  const kernelIds = new Map<string, string>()
  const storagePath = (storage: string) => join(store, storage)
  const files = realFiles(join(store, 'flags.json'))

  /** By path below the directory: what Linux's own programs leave behind when they copy. */
  const flagsBelow = (directory: string) =>
    pathsOf(directory).flatMap((path): [string, readonly string[]][] => {
      const found = files.status(path)?.flags ?? []
      return found.length === 0 ? [] : [[path.slice(directory.length), found]]
    })
  const setFlagsBelow = (directory: string, all: readonly [string, readonly string[]][]) => {
    for (const [path, found] of all) files.setFlags(join(directory, path), found)
  }

  function mountedAt(id: string): string | undefined {
    const kernelId = kernelIds.get(id)
    return kernelId === undefined ? undefined : mountTable().find(mount => mount.kernelId === kernelId)?.node
  }

  return {
    files,

    lstat(path) {
      const stats = unlessMissing(() => fs.lstatSync(path))
      return stats && describe(stats)
    },
    realpath: path => unlessMissing(() => fs.realpathSync(path)),
    read: path => unlessMissing(() => fs.readFileSync(path, 'utf8')),
    mkdir: path => void fs.mkdirSync(path, { recursive: true }),
    rmdir(path) {
      unlessMissing(() => fs.rmdirSync(path))
    },

    bind(id: string, source: BindSource, node: string, readonly: boolean) {
      const from = 'storage' in source ? storagePath(source.storage) : source.path
      bindMount(from, node, readonly)
      // The last one of the table that is there is the one on top.
      const made = mountTable().findLast(mount => mount.node === node)
      if (made !== undefined) kernelIds.set(id, made.kernelId)
      if (!readonly) protect(node)
    },
    remount(id, node, readonly) {
      const place = mountedAt(id) ?? node
      expose(place)
      must('mount', '-n', '--no-canonicalize', '-o', `remount,bind,${readonly ? 'ro' : 'rw'}`, place)
      if (!readonly) protect(place)
    },
    unbind(id, _node, force) {
      const node = mountedAt(id)
      // Taken away together with a mount above it.
      if (node === undefined) return 'ok'
      // By force it goes together with what is mounted in it.
      if (!force && expose(node) === 'busy') return 'busy'
      const outcome = unmount(node, force)
      if (outcome === 'ok') kernelIds.delete(id)
      else protect(node)
      return outcome
    },
    unbindAll() {
      for (const id of [...kernelIds.keys()].reverse()) this.unbind(id, '', true)
    },

    createStorage: storage => void fs.mkdirSync(storagePath(storage), { recursive: true }),
    copyStorage(from, to) {
      const [source, copy] = [storagePath(from), storagePath(to)]
      fs.mkdirSync(copy)
      if (!fs.existsSync(join(source, SNAPDIR))) must('cp', '-a', `${source}/.`, copy)
      else {
        const names = contentOf(source)
        if (names.length > 0) must('cp', '-a', '-t', copy, '--', ...names.map(name => join(source, name)))
        must('chown', '--reference', `${source}/`, copy)
        must('chmod', '--reference', `${source}/`, copy)
        must('touch', '--reference', `${source}/`, copy)
      }
      setFlagsBelow(copy, flagsBelow(`${source}/`))
    },
    replaceStorage(storage, from) {
      const directory = storagePath(storage)
      for (const name of contentOf(directory)) fs.rmSync(join(directory, name), { recursive: true, force: true })
      must('cp', '-a', `${storagePath(from)}/.`, directory)
      setFlagsBelow(directory, flagsBelow(`${storagePath(from)}/`))
    },
    removeStorage(storage) {
      const directory = storagePath(storage)
      if (fs.lstatSync(directory, { throwIfNoEntry: false })?.isSymbolicLink()) {
        removeSnapshot(directory)
        fs.unlinkSync(directory)
      } else fs.rmSync(directory, { recursive: true, force: true })
    },
    usedBytes: storage => bytesIn(storagePath(storage)),
    fingerprint(storage) {
      const hash = createHash('sha256')
      const directory = `${storagePath(storage)}/`
      // Its times change with `.zfs`.
      const { mode, uid, gid } = fs.statSync(directory)
      hash.update(`${directory}\0${mode} ${uid} ${gid}\0`)
      for (const path of pathsOf(directory).sort()) {
        const status = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false })
        if (status !== undefined) hash.update(`${path}\0${status.size} ${status.mode} ${status.ctimeNs}\0`)
      }
      return hash.digest('hex')
    },
    /** An archive, and beside it the flags that it cannot hold, by path. */
    packStorage(storage) {
      const directory = `${storagePath(storage)}/`
      const archive = must('tar', '-C', directory, '--anchored', `--exclude=./${SNAPDIR}`, '-cf', '-', '.')
      const flags = Buffer.from(JSON.stringify(flagsBelow(directory)))
      return [archive, flags].map(part => part.toString('base64')).join('.')
    },
    unpackStorage(text, storage) {
      const [archive = '', flags = '[]'] = text.split('.').map(part => Buffer.from(part, 'base64'))
      const directory = `${storagePath(storage)}/`
      fs.mkdirSync(directory, { recursive: true })
      const { status, stderr } = spawnSync('tar', ['-C', directory, '-xpf', '-'], { input: archive })
      if (status !== 0) throw new Error(`tar: ${stderr}`)
      setFlagsBelow(directory, JSON.parse(flags.toString()))
    },
    showSnapshots: (storage, snapshots) => showSnapshots(storagePath(storage), snapshots, storagePath),

    /** From now on `directory`, which exists, is where this storage's files are. */
    adopt(storage, directory) {
      fs.rmdirSync(storagePath(storage))
      fs.symlinkSync(directory, storagePath(storage))
    },
  }
}

function describe(stats: fs.Stats): TreeStatus {
  const type = stats.isSymbolicLink() ? 'link' : stats.isDirectory() ? 'directory' : stats.isFile() ? 'file' : 'other'
  return { type, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid }
}

function unlessMissing<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (!['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EBUSY', 'EISDIR'].includes(code)) throw error
    return undefined
  }
}

/** All that is below a storage's directory, less its snapshots. */
const pathsOf = (directory: string): string[] =>
  contentOf(directory).flatMap(name => {
    const path = join(directory, name)
    return fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ? [path, ...pathsIn(path)] : [path]
  })

/** All that is below a directory. Processes of the host write meanwhile: what is gone when it is looked at is not there. */
function pathsIn(directory: string): string[] {
  return namesIn(directory).flatMap(({ name, isFolder }) => {
    const path = join(directory, name)
    return isFolder ? [path, ...pathsIn(path)] : [path]
  })
}

/** Of files below a directory, less its snapshots. Asked of every dataset for a list of them, so it looks at nothing twice. */
function bytesIn(directory: string): number {
  return namesIn(directory).reduce((sum, { name, isFolder, isFile }) => {
    if (name === SNAPDIR) return sum
    const path = `${directory}/${name}`
    if (isFolder) return sum + bytesIn(path)
    return isFile ? sum + (fs.lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) : sum
  }, 0)
}

function namesIn(directory: string): { name: string; isFolder: boolean; isFile: boolean }[] {
  try {
    const entries = fs.readdirSync(directory, { withFileTypes: true })
    return entries.map(entry => ({ name: entry.name, isFolder: entry.isDirectory(), isFile: entry.isFile() }))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return []
  }
}
