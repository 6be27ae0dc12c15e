/**
 * Files one by one, as programs read and write them: beside what a `Tree` does for mounts. In memory (memory-files.ts) and
 * in the sandbox (sandbox/files.ts). Paths are absolute. What fails throws an error with a `code` (errno.ts).
 */
import type { TreeStatus } from './tree.ts'

export interface FileStatus extends TreeStatus {
  /** Of a file's content or a link's target. */
  readonly size: number
  /** Seconds since 1970. */
  readonly modified: number
  /** Names it has. */
  readonly links: number
  /** The same for all names of one file. */
  readonly identity: string
  /** chflags(1): `schg`, `uarch`, sorted; empty for none. */
  readonly flags: readonly string[]
}

export interface Files {
  /** Of the thing itself: a final link is not followed. */
  status(path: string): FileStatus | undefined
  /** Names in a directory, sorted; undefined where there is none. */
  list(path: string): string[] | undefined
  /** A file's content, links followed; undefined where there is no file. */
  bytes(path: string): Buffer | undefined
  /** What a symbolic link says. */
  target(path: string): string

  /** Makes or empties a file and fills it; a link is followed. Its directory exists. */
  write(path: string, content: Buffer, mode?: number): void
  mkdir(path: string, mode: number): void
  symlink(target: string, path: string): void
  link(existing: string, path: string): void
  /** unlink(2), or rmdir(2) of an empty directory. */
  remove(path: string): void
  rename(from: string, to: string): void

  // None of these follows a final link.
  setMode(path: string, mode: number): void
  setOwner(path: string, uid: number, gid: number): void
  setModified(path: string, seconds: number): void
  setFlags(path: string, flags: readonly string[]): void
}
