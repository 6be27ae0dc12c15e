/**
 * `.zfs/snapshot` of a sandbox host's datasets. The files of a snapshot lie there, below the files they were taken of, and
 * the snapshot's storage is a link to them: so they are to be seen through every mount of the dataset, nullfs ones too.
 * Over `.zfs` lies a read-only mount wherever the dataset itself can be written to. It is there from the first snapshot to
 * the last one; unlike on a real host, Linux's own programs see it when they list the directory.
 */
import * as fs from 'node:fs'
import { join, relative } from 'node:path'
import { bindMount, type KernelMount, mountTable, unmount } from './kernel-mounts.ts'

export const SNAPDIR = '.zfs'

/** Names of what is in it, less its snapshots. */
export const contentOf = (directory: string): string[] => fs.readdirSync(directory).filter(name => name !== SNAPDIR)

/** Puts the storages named by `snapshots` below `directory` under these names. */
export function showSnapshots(
  directory: string,
  snapshots: Readonly<Record<string, string>>,
  storagePath: (storage: string) => string,
): void {
  const home = join(directory, SNAPDIR, 'snapshot')
  const entries = Object.entries(snapshots)
  if (entries.length > 0 && !fs.existsSync(home)) open(directory, home)
  for (const [name, storage] of entries) {
    const [link, place] = [storagePath(storage), join(home, name)]
    if (fs.existsSync(place)) continue
    // From where it was made, from another name, or (zfs promote) from another dataset.
    fs.renameSync(fs.realpathSync(link), place)
    fs.rmSync(link, { force: true })
    fs.symlinkSync(relative(join(link, '..'), place), link)
  }
  if (entries.length === 0 && fs.existsSync(home)) close(directory, home)
}

/** Removes a snapshot's files with the link to them; tells whether it was one. */
export function removeSnapshot(link: string): boolean {
  const target = fs.readlinkSync(link)
  const isSnapshot = target.includes(`/${SNAPDIR}/snapshot/`)
  if (isSnapshot) fs.rmSync(fs.realpathSync(link), { recursive: true, force: true })
  return isSnapshot
}

function open(directory: string, home: string): void {
  const { atime, mtime } = fs.statSync(directory)
  fs.mkdirSync(home, { recursive: true })
  for (const part of [home, join(home, '..')]) fs.chmodSync(part, 0o555)
  fs.utimesSync(directory, atime, mtime)
  for (const { node } of mountsOf(directory)) protect(node)
}

function close(directory: string, home: string): void {
  for (const { node } of mountsOf(directory)) expose(node)
  const { atime, mtime } = fs.statSync(directory)
  // Empty, unless a power cut has left something.
  fs.rmSync(join(home, '..'), { recursive: true })
  fs.utimesSync(directory, atime, mtime)
}

/** Where the directory is to be seen and can be written to. */
function mountsOf(directory: string): KernelMount[] {
  const { dev, ino } = fs.statSync(directory)
  return mountTable().filter(({ node, readonly }) => {
    const seen = readonly ? undefined : fs.lstatSync(node, { throwIfNoEntry: false })
    return seen?.ino === ino && seen.dev === dev
  })
}

/** What is mounted at `node` shows its snapshots read-only. */
export function protect(node: string): void {
  const path = join(node, SNAPDIR)
  if (fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) bindMount(path, path, true)
}

/** Takes that away again, as before the node is unmounted. */
export function expose(node: string): 'ok' | 'busy' {
  const path = join(node, SNAPDIR)
  return mountTable().some(mount => mount.node === path) ? unmount(path, false) : 'ok'
}
