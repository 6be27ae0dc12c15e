/** Catalogues of repositories: ROOT/var/db/pkg/repos/NAME, brought up to date as `pkg update` does (09-pkg.jsonl). */
import { posix } from 'node:path'
import type { Disk } from '../disk.ts'
import { strerror } from '../errno.ts'
import { type Document, retrieve } from '../fetch/transfer.ts'
import type { Machine } from '../machine.ts'
import type { Screen } from '../screen.ts'
import { type Steps, wait } from '../starting.ts'
import { digest } from './archive.ts'
import { done } from './progress.ts'
import { fingerprintOf, isSignedBy, type Offered, type ReadCatalogue, readCatalogue } from './repository.ts'
import type { Repository, Settings } from './settings.ts'
import { objectOf, parseUcl, textOf } from './ucl.ts'

interface Stored {
  readonly url: string
  /** Of data.pkg. */
  readonly digest: string
  readonly modified: number
  readonly packages: readonly Offered[]
}

export interface Found extends Offered {
  readonly repository: Repository
}

/** The process was ended by this signal, after it had written what it has. */
export class Crash extends Error {
  readonly signal: NodeJS.Signals

  constructor(signal: NodeJS.Signals) {
    super(signal)
    this.signal = signal
  }
}

export class Catalogues {
  readonly #machine: Machine
  readonly #disk: Disk
  readonly #settings: Settings
  readonly #screen: Screen

  constructor(machine: Machine, disk: Disk, settings: Settings, screen: Screen) {
    this.#machine = machine
    this.#disk = disk
    this.#settings = settings
    this.#screen = screen
  }

  /** All packages on offer, of every repository, sorted by name; the first repository that has one goes before others. */
  read(): Found[] {
    const found = new Map<string, Found>()
    for (const repository of this.#settings.repositories) {
      for (const each of this.#stored(repository)?.packages ?? [])
        if (!found.has(each.name)) found.set(each.name, { ...each, repository })
    }
    return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Whether all went well; a signature that is wrong counts as well (facts.md pkg-1). */
  *update(force: boolean, quiet: boolean): Steps<boolean> {
    const screen = quiet ? { ...silent, err: (text: string) => this.#screen.err(text) } : this.#screen
    let isWell = true
    for (const repository of this.#settings.repositories) {
      screen.out(`Updating ${repository.name} repository catalogue...\n`)
      const outcome = yield* this.#updateOne(repository, force, screen as Screen)
      if (outcome === 'same') screen.out(`${repository.name} repository is up to date.\n`)
      if (outcome === 'failed') {
        screen.out(`Unable to update repository ${repository.name}\n`)
        isWell = false
      }
    }
    screen.out(isWell ? 'All repositories are up to date.\n' : 'Error updating repositories!\n')
    return isWell
  }

  *#updateOne(repository: Repository, force: boolean, screen: Screen): Steps<'same' | 'news' | 'failed' | 'waited'> {
    const { name, url } = repository
    try {
      this.#disk.mkdirs(this.#place(repository))
      this.#disk.write(posix.join(this.#place(repository), 'lock'), '#', 0o644)
    } catch (error) {
      screen.err(`pkg: openat(lock): ${strerror(error)}\n`)
      screen.out(`Waiting for another process to update repository ${name}\n`)
      return 'waited'
    }
    const before = this.#stored(repository)
    if (before !== undefined && before.url !== url) {
      screen.err(`pkg: Repository ${name} has a wrong packagesite, need to re-create database\n`)
      this.#forget(repository)
    }
    const meta = yield* wait(retrieve(this.#machine, `${url}/meta.conf`))
    const data = typeof meta === 'string' ? meta : yield* wait(retrieve(this.#machine, `${url}/data.pkg`))
    if (typeof meta === 'string' || typeof data === 'string') return this.#unreachable(repository, String(data), screen)
    if (data.content.length !== data.size) {
      screen.err('pkg: An error occurred while fetching package\n')
      return 'failed'
    }

    const isSame = before?.url === url && before.digest === digest(data.content) && before.modified === data.modified
    if (isSame && !force) return 'same'
    done(screen, 'Fetching meta.conf')
    done(screen, 'Fetching data')
    const catalogue = readCatalogue(data.content)
    if (!this.#isTrusted(repository, catalogue, screen)) return 'same'
    return this.#take(repository, catalogue, data, screen)
  }

  #unreachable({ name, url }: Repository, reason: string, screen: Screen): 'failed' {
    screen.out(`repository ${name} has no meta file, using default settings\n`)
    // The port is left out (09-pkg.jsonl, line 22).
    const shown = url.replace(/^(https?:\/\/[^/]+):\d+/, '$1')
    for (const file of ['meta.txz', 'data.pkg', 'data.tzst', 'packagesite.pkg', 'packagesite.tzst'])
      screen.err(`pkg: ${shown}/${file}: ${reason}\n`)
    return 'failed'
  }

  #isTrusted(repository: Repository, catalogue: ReadCatalogue, screen: Screen): boolean {
    switch (repository.signature) {
      case 'none':
        return true
      case 'pubkey': {
        const key = this.#disk.text(repository.pubkey)
        if (key === undefined) {
          screen.err(`pkg: openat(${repository.pubkey}): No such file or directory\n`)
          throw new Crash('SIGSEGV')
        }
        if (catalogue.signature === undefined) {
          screen.err('pkg: No signature found\n')
          return false
        }
        if (isSignedBy(catalogue, key)) return true
        screen.err(`pkg: ${key}: signature verification failure\npkg: Invalid signature, removing repository.\n`)
        this.#forget(repository)
        return false
      }
      case 'fingerprints': {
        const problem = this.#fingerprintProblem(repository, catalogue)
        if (problem !== undefined) screen.err(`pkg: ${problem}\n`)
        return problem === undefined
      }
    }
  }

  /** libpkg/pkg_repo.c, pkg_repo_check_fingerprint. With -r the directory is looked for in the tree. */
  #fingerprintProblem({ fingerprints }: Repository, catalogue: ReadCatalogue): string | undefined {
    const { signature, certificate } = catalogue
    if (signature === undefined || certificate === undefined) return 'No signature found'
    const directory = (kind: string) => posix.join('/', this.#settings.root, fingerprints, kind)
    const known = (kind: string) => this.#fingerprints(directory(kind))
    if (this.#disk.list(directory('trusted')) === undefined)
      return `Error opening the trusted directory ${directory('trusted')}`
    if (known('trusted').length === 0) return 'No trusted certificates'
    if (known('revoked').includes(fingerprintOf(certificate)))
      return 'At least one of the certificates has been revoked'
    if (!known('trusted').includes(fingerprintOf(certificate))) return 'No trusted public keys found'
    return isSignedBy(catalogue, certificate) ? undefined : 'Invalid signature, removing repository.'
  }

  #fingerprints(directory: string): string[] {
    return (this.#disk.list(directory) ?? []).map(
      name => textOf(objectOf(parseUcl(this.#disk.text(posix.join(directory, name)) ?? '')).fingerprint) ?? '',
    )
  }

  #take(repository: Repository, catalogue: ReadCatalogue, data: Document, screen: Screen): 'news' | 'failed' {
    const { name, url } = repository
    const { abi } = this.#settings
    const foreign = catalogue.packages.find(each => !isFor(each.abi, abi))
    if (foreign !== undefined) {
      screen.out('Processing entries: \nProcessing entries...\n')
      screen.err(`pkg: wrong architecture: ${foreign.abi} instead of ${abi}\n`)
      screen.err(`pkg: repository ${name} contains packages with wrong ABI: ${foreign.abi}\n`)
      this.#forget(repository)
      return 'failed'
    }
    const stored: Stored = { url, digest: digest(data.content), modified: data.modified, packages: catalogue.packages }
    try {
      for (const [file, content] of [
        ['data', catalogue.data],
        ['meta', 'version = 2;\n'],
        ['db', JSON.stringify(stored)],
      ] as const)
        this.#disk.write(posix.join(this.#place(repository), file), content, 0o644)
    } catch (error) {
      screen.err(`pkg: openat(${name}): ${strerror(error)}\n`)
      this.#forget(repository)
      return 'failed'
    }
    done(screen, 'Processing entries')
    screen.out(`${name} repository update completed. ${catalogue.packages.length} packages processed.\n`)
    return 'news'
  }

  #stored(repository: Repository): Stored | undefined {
    const text = this.#disk.text(posix.join(this.#place(repository), 'db'))
    return text === undefined ? undefined : (JSON.parse(text) as Stored)
  }

  #forget(repository: Repository): void {
    for (const file of ['db', 'data', 'meta']) {
      const path = posix.join(this.#place(repository), file)
      if (this.#disk.stat(path) !== undefined) this.#disk.remove(path)
    }
  }

  #place = ({ name }: Repository) => posix.join(this.#settings.databaseDirectory, 'repos', name)
}

const silent = { out: () => {}, stdout: '', stderr: '' }

/** `FreeBSD:14:*` is for any processor. */
export const isFor = (abi: string, wanted: string) => abi === wanted || abi === wanted.replace(/:[^:]*$/, ':*')
