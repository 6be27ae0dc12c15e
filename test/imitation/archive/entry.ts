/** What an archive holds, apart from its format. */
export interface Entry {
  readonly path: string
  readonly type: 'file' | 'directory' | 'link' | 'hardlink'
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly uname: string
  readonly gname: string
  /** Seconds since 1970. */
  readonly modified: number
  readonly content: Buffer
  /** Of a link: what it says; of a hard link: the entry it is another name of. */
  readonly target: string
  readonly flags: readonly string[]
}

/** The archive cannot be read any further, in libarchive's words. */
export class ArchiveError extends Error {
  /** What came before the damage. */
  readonly entries: readonly Entry[]
  /** Nothing of it is an archive, as far as libarchive can tell. */
  readonly unopened: boolean

  constructor(message: string, entries: readonly Entry[] = [], unopened = false) {
    super(message)
    this.entries = entries
    this.unopened = unopened
  }
}

/** The compressed file is damaged after this much. */
export class CompressionError extends Error {
  readonly before: Buffer

  constructor(message: string, before: Buffer = Buffer.alloc(0)) {
    super(message)
    this.before = before
  }
}

export const entry = (path: string, rest: Partial<Entry>): Entry => ({
  path,
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  uname: 'root',
  gname: 'wheel',
  modified: 0,
  content: Buffer.alloc(0),
  target: '',
  flags: [],
  ...rest,
})
