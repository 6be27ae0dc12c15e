/** Files one by one, as they really are. FreeBSD's flags, which Linux does not know, are kept in a file of ours. */
import * as fs from 'node:fs'
import type { Files } from '../imitation/files.ts'
import { contentOf } from './snapdir.ts'

/** `flagsFile` may be lost with no more harm than that flags are. */
export function realFiles(flagsFile: string): Files {
  const flags: Record<string, readonly string[]> = fs.existsSync(flagsFile)
    ? JSON.parse(fs.readFileSync(flagsFile, 'utf8'))
    : {}
  let isWritten = true
  /** Once for all that one command sets. */
  function keep(): void {
    if (!isWritten) return
    isWritten = false
    setImmediate(() => {
      fs.writeFileSync(flagsFile, JSON.stringify(flags))
      isWritten = true
    })
  }
  /** Linux gives the number of what is gone to what comes next, which must not inherit its flags. */
  const identityOf = ({ dev, ino, birthtimeMs }: fs.Stats) => `${dev}:${ino}:${birthtimeMs}`

  return {
    status(path) {
      const stats = unlessMissing(() => fs.lstatSync(path))
      if (stats === undefined) return undefined
      const identity = identityOf(stats)
      return {
        type: stats.isSymbolicLink() ? 'link' : stats.isDirectory() ? 'directory' : stats.isFile() ? 'file' : 'other',
        mode: stats.mode & 0o7777,
        uid: stats.uid,
        gid: stats.gid,
        size: stats.size,
        modified: Math.floor(stats.mtimeMs / 1000),
        links: stats.nlink,
        identity,
        flags: flags[identity] ?? [],
      }
    },
    list: path => unlessMissing(() => contentOf(path).sort()),
    bytes: path => unlessMissing(() => fs.readFileSync(path)),
    target: path => fs.readlinkSync(path),

    write(path, content, mode) {
      const isNew = mode !== undefined && !fs.existsSync(path)
      fs.writeFileSync(path, content)
      if (isNew) fs.chmodSync(path, mode)
    },
    mkdir(path, mode) {
      fs.mkdirSync(path)
      fs.chmodSync(path, mode)
    },
    symlink: (target, path) => fs.symlinkSync(target, path),
    link: (existing, path) => fs.linkSync(existing, path),
    remove(path) {
      const stats = fs.lstatSync(path)
      if (stats.isDirectory()) fs.rmdirSync(path)
      else fs.unlinkSync(path)
      if (stats.nlink === 1) delete flags[identityOf(stats)]
    },
    rename: (from, to) => fs.renameSync(from, to),

    setMode(path, mode) {
      // Links of Linux have no mode of their own.
      if (!fs.lstatSync(path).isSymbolicLink()) fs.chmodSync(path, mode)
    },
    setOwner: (path, uid, gid) => fs.lchownSync(path, uid, gid),
    setModified: (path, seconds) => fs.lutimesSync(path, seconds, seconds),
    setFlags(path, given) {
      const identity = identityOf(fs.lstatSync(path))
      if (given.length === 0) delete flags[identity]
      else flags[identity] = [...given].sort()
      keep()
    },
  }
}

function unlessMissing<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    return undefined
  }
}
