/**
 * ROOT/var/db/pkg/local.sqlite: what is installed. Ours is JSON; how it is opened and closed is sqlite's. It is kept in WAL
 * mode, and pkg leaves `-shm` and `-wal` beside it (09-pkg.jsonl, line 16; facts.md pkg-6).
 */
import type { Disk } from '../disk.ts'
import { Exit, type Screen } from '../screen.ts'
import type { Installed } from './package.ts'

interface Stored {
  readonly journal: 'wal' | 'delete'
  readonly packages: readonly Installed[]
}

const HEADER = 'SQLite format 3\n'
const SHARED_MEMORY_BYTES = 32_768

export class Database {
  readonly directory: string
  readonly #disk: Disk
  readonly #screen: Screen

  constructor(disk: Disk, directory: string, screen: Screen) {
    this.#disk = disk
    this.directory = directory
    this.#screen = screen
  }

  get path(): string {
    return `${this.directory}/local.sqlite`
  }

  exists(): boolean {
    return this.#disk.stat(this.path) !== undefined
  }

  isWritable(): boolean {
    return !this.#disk.isReadOnly(this.directory)
  }

  /** Sorted by name. Nothing where there is no database. */
  read(): Installed[] {
    const stored = this.#stored()
    if (stored === undefined) return []
    if (this.isWritable()) this.#leave(stored)
    // sqlite.org/wal.html, "Read-Only Databases": without -shm it cannot be opened where none can be made.
    else if (stored.journal === 'wal' && this.#disk.stat(`${this.path}-shm`) === undefined) this.#cannotOpen()
    return [...stored.packages].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  write(packages: readonly Installed[]): void {
    this.#save({ journal: 'wal', packages })
    this.#leave({ journal: 'wal', packages })
  }

  /** PRAGMA journal_mode = DELETE: the log is copied back, and what is beside the database goes. */
  leaveWal(): void {
    const stored = this.#stored()
    if (stored === undefined) return
    this.#save({ ...stored, journal: 'delete' })
    for (const suffix of ['-wal', '-shm'])
      if (this.#disk.stat(this.path + suffix) !== undefined) this.#disk.remove(this.path + suffix)
  }

  /** PRAGMA wal_checkpoint(TRUNCATE). */
  checkpoint(): void {
    const log = `${this.path}-wal`
    if ((this.#disk.stat(log)?.size ?? 0) > 0) this.#disk.write(log, '')
  }

  #stored(): Stored | undefined {
    const text = this.#disk.text(this.path)
    return text === undefined ? undefined : (JSON.parse(text.slice(HEADER.length)) as Stored)
  }

  #save(stored: Stored): void {
    this.#disk.mkdirs(this.directory)
    this.#disk.write(this.path, HEADER + JSON.stringify(stored), 0o644)
  }

  /** Ends the program where there is no room to work in (09-pkg.jsonl, line 31). */
  openForWriting(): void {
    if (this.#disk.room(this.directory) < SHARED_MEMORY_BYTES) this.#cannotOpen()
  }

  #leave(stored: Stored): void {
    if (stored.journal !== 'wal') this.#save({ ...stored, journal: 'wal' })
    if (this.#disk.stat(`${this.path}-shm`) !== undefined) return
    this.#disk.write(`${this.path}-shm`, Buffer.alloc(SHARED_MEMORY_BYTES), 0o644)
    this.#disk.write(`${this.path}-wal`, '', 0o644)
  }

  #cannotOpen(): never {
    for (const [statement, line] of OPENING) {
      this.#screen.err(
        `pkg: sqlite error while executing ${statement}; in file pkgdb.c:${line}: unable to open database file\n`,
      )
    }
    throw new Exit(1)
  }
}

/** What pkg asks of a database first, and where (pkg 2.8). */
const OPENING = [
  ['PRAGMA journal_mode = WAL', 2611],
  ['PRAGMA synchronous = NORMAL', 2611],
  ['PRAGMA user_version', 2648],
] as const
