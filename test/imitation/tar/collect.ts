/** What tar(1) puts into an archive: a directory with all that is in it, hard links as such, flags with -c by root. */
import { posix } from 'node:path'
import type { Accounts } from '../accounts.ts'
import { type Entry, entry } from '../archive/entry.ts'
import type { Disk } from '../disk.ts'
import { matches } from './options.ts'

export interface Collection {
  readonly disk: Disk
  readonly accounts: Accounts
  readonly excluded: readonly string[]
  /** --one-file-system: mount points and what they show are left out (archive_read_disk_posix.c, NO_TRAVERSE_MOUNTS). */
  readonly isForeign: (path: string) => boolean
  /** Files with several names that are in the archive already, by identity. */
  readonly seen: Map<string, string>
  readonly numericOwner: boolean
  /** -n: of a directory nothing but itself. */
  readonly isFlat: boolean
}

/** The entries of `name` as it is found in `directory`, or undefined where there is nothing. */
export function collect(name: string, directory: string, from: Collection): Entry[] | undefined {
  const { disk, accounts, excluded, isForeign, seen, numericOwner, isFlat } = from
  const top = posix.resolve(directory, name)
  if (disk.status(top) === undefined) return undefined

  const found: Entry[] = []
  const visit = (path: string, shown: string) => {
    const status = disk.status(path)
    if (status === undefined || status.type === 'other' || excluded.some(pattern => matches(pattern, shown))) return
    if (path !== top && isForeign(path)) return
    const first = status.type !== 'directory' && status.links > 1 ? seen.get(status.identity) : undefined
    if (first === undefined) seen.set(status.identity, shown)
    found.push(
      entry(shown, {
        type: first === undefined ? status.type : 'hardlink',
        mode: status.mode,
        uid: status.uid,
        gid: status.gid,
        uname: numericOwner ? '' : (accounts.userOf(status.uid) ?? ''),
        gname: numericOwner ? '' : (accounts.groupOf(status.gid) ?? ''),
        modified: status.modified,
        flags: status.flags,
        content:
          status.type === 'file' && first === undefined ? (disk.bytes(path) ?? Buffer.alloc(0)) : Buffer.alloc(0),
        target: first ?? (status.type === 'link' ? disk.target(path) : ''),
      }),
    )
    if (status.type !== 'directory' || isFlat) return
    for (const child of disk.list(path) ?? []) visit(posix.join(path, child), `${shown.replace(/\/$/, '')}/${child}`)
  }
  visit(top, name)
  return found
}
