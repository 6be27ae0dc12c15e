/**
 * What the imitated kernel does to a file tree. In memory it is maps (memory-tree.ts); in the sandbox it is real
 * directories and bind mounts. All calls are synchronous, as a kernel's are: one command is one uninterrupted change.
 * Paths are absolute and seen through the mounts.
 */
import type { Files } from './files.ts'

export interface TreeStatus {
  readonly type: 'file' | 'directory' | 'link' | 'other'
  /** Permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** What a mount shows: a dataset's storage, or (nullfs) what is at a path at this moment, link-free. */
export type BindSource = { readonly storage: string } | { readonly path: string }

export interface Tree {
  /** Files one by one. */
  readonly files: Files

  /** What is at `path`, a final link reported as a link; undefined where there is nothing. */
  lstat(path: string): TreeStatus | undefined
  /** The path with every link followed, or undefined where the walk ends in nothing. */
  realpath(path: string): string | undefined
  /** A file's text (fstab), links followed; undefined where there is none. */
  read(path: string): string | undefined
  /** As `mkdir -p`; no error where it exists. */
  mkdir(path: string): void
  /** Removes an empty directory; no error where it is not empty or does not exist. */
  rmdir(path: string): void

  /**
   * Shows `source` at the link-free path `node`. `id` names this mount from now on. The machine has made sure that the
   * node exists and is of the same type (file or directory) as the source.
   */
  bind(id: string, source: BindSource, node: string, readonly: boolean): void
  remount(id: string, node: string, readonly: boolean): void
  /**
   * Takes the mount away. 'busy' when a process is inside, unless `force`. That other mounts lie below it or show
   * parts of it is checked by the machine, not here; with `force` they may, and become unreachable with it: a later
   * `unbind` of those must still succeed.
   */
  unbind(id: string, node: string, force: boolean): 'ok' | 'busy'
  /** All mounts made by `bind` are gone: the machine was switched off. */
  unbindAll(): void

  /** Storage: the files of one dataset or snapshot, kept where no path shows them until it is bound. */
  createStorage(storage: string): void
  /** Makes `to` a copy of `from`: owners, modes, links and hard links kept. */
  copyStorage(from: string, to: string): void
  /** Makes the files of `storage` those of `from`, in place: it may be mounted (rollback, receive). */
  replaceStorage(storage: string, from: string): void
  removeStorage(storage: string): void
  /** Bytes of the files in it. */
  usedBytes(storage: string): number
  /** Differs when anything in it was changed since: names, sizes, times of change. */
  fingerprint(storage: string): string
  /** The whole content as text, and back again, possibly on another host (send and receive). */
  packStorage(storage: string): string
  unpackStorage(text: string, storage: string): void
  /** What `.zfs/snapshot` of a mounted storage shows: snapshot name to storage. May be ignored where that is not shown. */
  showSnapshots(storage: string, snapshots: Readonly<Record<string, string>>): void
}
