/** archive_write_disk(3) as tar(1) uses it: what is in the way goes, links are never followed, modes come last. */
import { posix } from 'node:path'
import type { Accounts } from '../accounts.ts'
import type { Entry } from '../archive/entry.ts'
import type { Disk } from '../disk.ts'
import { codeOf, strerror } from '../errno.ts'

export interface Extraction {
  readonly disk: Disk
  /** Where to: tar's working directory after -C. */
  readonly directory: string
  readonly accounts: Accounts
  /** Root restores owners and flags; anybody else is who he is. */
  readonly isRoot: boolean
  readonly numericOwner: boolean
  /** -P: believes the archive's paths. */
  readonly absolute: boolean
  /** -k: leaves what is there. */
  readonly keep: boolean
  /** --clear-nochange-fflags: what is in the way goes though it has `schg`. */
  readonly clear: boolean
  /** -m */
  readonly touch: boolean
}

/** Reports `PATH: reason` for what could not be done. */
export function extract(entries: Iterable<Entry>, to: Extraction, report: (text: string) => void): void {
  const directories: Entry[] = []
  for (const each of entries) {
    try {
      if (create(each, to) && each.type === 'directory') directories.push(each)
    } catch (problem) {
      report(`${each.path}: ${problem instanceof Refused ? problem.message : said(each, problem)}`)
    }
  }
  // What was written into them has changed their times, and could not have been with their modes.
  for (const each of directories.reverse()) restore(each, place(each, to), to)
}

class Refused extends Error {}

function said(each: Entry, problem: unknown): string {
  const what = codeOf(problem) === 'EPERM' ? "Can't unlink already-existing object" : `Can't create '${each.path}'`
  return `${what}: ${strerror(problem)}`
}

const place = (each: Entry, to: Extraction) =>
  to.absolute ? posix.resolve(to.directory, each.path) : posix.join(to.directory, each.path)

function create(each: Entry, to: Extraction): boolean {
  const { disk } = to
  const path = place(each, to)
  if (!to.absolute) refuseEscapes(each, to)
  const there = disk.status(path)
  // restore_entry: with -k a directory that is there keeps its own mode. check_symlinks_fsobj: a link in its place goes all
  // the same, unless with -P.
  if (each.type === 'directory' && there?.type === 'directory') return !to.keep
  if (there !== undefined) {
    if (to.keep && (there.type !== 'link' || to.absolute)) return false
    if (there.type === 'directory' && each.type !== 'directory' && (disk.list(path) ?? []).length > 0)
      throw new Refused(`Can't replace existing directory with non-directory: ${each.path}`)
    if (to.clear && there.flags.length > 0) disk.setFlags(path, [])
    disk.remove(path)
  }
  disk.mkdirs(posix.dirname(path))
  switch (each.type) {
    case 'directory':
      disk.mkdir(path, 0o700)
      return true
    case 'hardlink': {
      const existing = posix.join(to.directory, each.target)
      if (disk.status(existing) === undefined) throw new Refused(`Hard-link target '${each.target}' does not exist.`)
      disk.link(existing, path)
      return true
    }
    case 'link':
      disk.symlink(each.target, path)
      break
    case 'file':
      disk.write(path, each.content, 0o600)
  }
  restore(each, path, to)
  return true
}

/** archive_write_disk_posix.c, cleanup_pathname and check_symlinks. */
function refuseEscapes(each: Entry, { disk, directory }: Extraction): void {
  const parts = each.path.split('/').filter(part => part !== '' && part !== '.')
  if (parts.includes('..')) throw new Refused("Path contains '..'")
  for (const index of parts.keys()) {
    const above = parts.slice(0, index)
    if (above.length > 0 && disk.status(posix.join(directory, ...above))?.type === 'link')
      throw new Refused(`Cannot extract through symlink ${above.join('/')}`)
  }
}

function restore(each: Entry, path: string, to: Extraction): void {
  const { disk, accounts, isRoot, numericOwner, touch } = to
  if (isRoot) {
    const uid = numericOwner ? each.uid : (accounts.uidOf(each.uname) ?? each.uid)
    const gid = numericOwner ? each.gid : (accounts.gidOf(each.gname) ?? each.gid)
    disk.setOwner(path, uid, gid)
  }
  disk.setMode(path, each.mode)
  if (!touch) disk.setModified(path, each.modified)
  if (isRoot && each.flags.length > 0) disk.setFlags(path, each.flags)
}
