/**
 * pkg(8) on a tree that is not the host's own (`-r`). Its exit status proves little (facts pkg-1, pkg-2): a repository
 * whose signature is wrong is "up to date", exit 0. Transcript: freebsd-14.2/09-pkg.jsonl.
 */
import { CommandFailed, UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import type { Command, Objection, RunStep } from '../core/step.ts'

/** A tree, and the configuration its packages come by (pkg-conf.ts). */
export interface Target {
  readonly configuration: string
  readonly root: string
}

export interface Package {
  readonly name: string
  readonly version: string
  readonly origin: string
  readonly bytes: number
  /** Installed because another needs it. */
  readonly automatic: boolean
}

const INSTALL_SECONDS = 7200
/** A catalogue of all ports takes a minute or two; a server that does not answer must not hold up the host for long. */
const UPDATE_SECONDS = 900
const pkg = ({ configuration, root }: Target): Command => ['pkg', '-C', configuration, '-r', root]

/** What is wrong though the exit status may be 0. Lines begin so: a package's own message may have any words in it. */
const OBJECTIONS: readonly Objection[] = [
  {
    said: /^pkg: (No signature found|Invalid signature|.*trusted (directory|certificate|public key)|.*certificates has been revoked)/,
    means:
      'The repository is not signed with the key or fingerprint it should be, and nothing was taken from it. If its key has changed, say so in `repository`; if not, ask who runs it.',
  },
  {
    said: /^pkg: openat\(.*\.pub\)/,
    means: 'The public key that the repository is to be checked with is not there. Look at `repository.pubkey`.',
  },
  {
    said: /^pkg: (wrong architecture:|.*packages with wrong ABI)/,
    means: 'The repository is for another release or architecture. Look at its url, or set `repository.abi`.',
  },
  {
    said: /^pkg: .*(Disc quota exceeded|No space left on device|database or disk is full)/,
    means: 'There is not enough space for the packages. Free some, or raise the quota.',
  },
  {
    said: /^(Unable to update repository |Error updating repositories!|pkg: Repository .* cannot be opened)/,
    means: 'The repository cannot be read. Look at its url, and whether this host can reach it.',
  },
  {
    said: /^pkg: No packages available to install matching/,
    means: 'The repository has no such package, and nothing was installed.',
  },
]

export const updateCatalogue = (target: Target): RunStep => ({
  kind: 'run',
  command: [...pkg(target), 'update', '-f'],
  timeoutSeconds: UPDATE_SECONDS,
  objections: OBJECTIONS,
})

/** From the catalogue that is there (`-U`): without that, pkg looks for a newer one first (09-pkg.jsonl, line 8). */
export const installPackages = (target: Target, names: readonly string[]): RunStep => ({
  kind: 'run',
  command: [...pkg(target), 'install', '-U', '-y', ...names],
  timeoutSeconds: INSTALL_SECONDS,
  objections: OBJECTIONS,
})

/**
 * Runs what packages have put off: with `-r`, a trigger that starts programs is only written down (libpkg/triggers.c of pkg,
 * trigger_execute_lua), and it can run in a chroot alone. `pkg triggers` exits 0 whatever came of it (src/triggers.c).
 */
export const runTriggers = (root: string): RunStep => ({
  kind: 'run',
  command: ['pkg', '-c', root, 'triggers'],
  timeoutSeconds: INSTALL_SECONDS,
  objections: [
    {
      said: /^pkg: (Failed to execute lua trigger|lua script failed|Unable to open the (deferred )?t|Cannot fork)/,
      means: 'What a package runs after its installation (a trigger) has failed.',
    },
  ],
})

/** Where those that have not run are. */
export const TRIGGERS = 'var/db/pkg/triggers'

/**
 * Ends the database's write-ahead log. As pkg leaves it, `local.sqlite-wal` and `-shm` stay beside it (fact pkg-6), and
 * whoever reads it through a read-only mount would need to write there. `pkg shell` exits 0 whatever came of it (src/shell.c
 * of pkg, exec_shell), and the statement answers with the mode that holds now: the old one where it could not be changed
 * (sqlite.org/pragma.html#pragma_journal_mode). Nothing of root's ~/.sqliterc is to change how it answers.
 */
export const closeDatabase = (root: string): RunStep => ({
  kind: 'run',
  command: [
    ...(['pkg', '-r', root, 'shell', '-init', '/dev/null', '-list'] as const),
    'PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE;',
  ],
  proof: {
    says: /^delete$/,
    without: `The package database ${databaseOf(root)} cannot be closed. See who has it open ('fstat ${databaseOf(root)}'), and run this again.`,
  },
})

/** What is beside it while it is not closed. */
export const OF_OPEN_DATABASE = ['var/db/pkg/local.sqlite-wal', 'var/db/pkg/local.sqlite-shm'] as const

/** What an installation would do to a tree. */
export interface Foreseen {
  readonly installed: readonly string[]
  /** What would become of packages that are there: `lang8: 8.3.1 -> 8.4.0`. */
  readonly touched: readonly string[]
}

/** Headlines of what pkg intends, src/utils.c of pkg; each is followed by lines that begin with a tab. */
const HEADLINES: readonly (readonly [RegExp, keyof Foreseen])[] = [
  [/^New packages to be INSTALLED:$/, 'installed'],
  [/^Installed packages to be (UPGRADED|DOWNGRADED|REINSTALLED|REMOVED):$/, 'touched'],
]

export function parseForeseen(stdout: string): Foreseen {
  const found: Record<keyof Foreseen, string[]> = { installed: [], touched: [] }
  let list: string[] | undefined
  for (const line of stdout.split('\n')) {
    const headline = HEADLINES.find(([pattern]) => pattern.test(line))
    if (headline !== undefined) list = found[headline[1]]
    else if (line.startsWith('\t')) list?.push(line.trim())
    else list = undefined
  }
  return found
}

/** What installing these from the catalogue that is there would do, or why it cannot be done. */
export async function foreseeInstall(
  machine: Probe,
  target: Target,
  names: readonly string[],
): Promise<Foreseen | { readonly problem: string }> {
  const command: Command = [...pkg(target), 'install', '-n', '-U', ...names]
  const answer = await machine.query(command, { exits: [0, 1, 3] })
  try {
    CommandFailed.check({ kind: 'run', command, objections: OBJECTIONS }, answer)
  } catch (error) {
    if (error instanceof CommandFailed) return { problem: error.message }
    throw error
  }
  return parseForeseen(answer.stdout)
}

const FORMAT = '%n\t%v\t%o\t%sb\t%a'

/** Installed packages by name, sorted. */
export async function listPackages(machine: Probe, root: string): Promise<Package[]> {
  const command: Command = ['pkg', '-r', root, 'query', FORMAT]
  return parsePackages((await machine.query(command)).stdout, command)
}

/** Sizes of what a repository's catalogue has, by `name-version`. */
export async function catalogueSizes(machine: Probe, target: Target): Promise<Map<string, number>> {
  const command: Command = [...pkg(target), 'rquery', '-U', '%n\t%v\t%sb']
  const { stdout } = await machine.query(command)
  return new Map(
    stdout
      .split('\n')
      .slice(0, -1)
      .map(line => {
        const [, name, version, bytes] = /^([^\t]+)\t([^\t]+)\t(\d+)$/.exec(line) ?? []
        if (bytes === undefined) throw new UnexpectedOutput(command, line)
        return [`${name}: ${version}`, Number(bytes)]
      }),
  )
}

export function parsePackages(stdout: string, command: Command = ['pkg', 'query', FORMAT]): Package[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map(line => {
      const [, name = '', version = '', origin = '', bytes, automatic] =
        /^([^\t]+)\t([^\t]+)\t([^\t]+)\t(\d+)\t([01])$/.exec(line) ?? []
      if (bytes === undefined) throw new UnexpectedOutput(command, line)
      return { name, version, origin, bytes: Number(bytes), automatic: automatic === '1' }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Where pkg has what is installed. */
export const databaseOf = (root: string) => `${root}/var/db/pkg/local.sqlite`

/** Where it has what can be: a directory for each repository (09-pkg.jsonl, line 16). */
export const cataloguesOf = (root: string) => `${root}/var/db/pkg/repos`

const NAME = /^[A-Za-z0-9][A-Za-z0-9+._-]*$/

/** What is wrong with a package's name. Globs and `name-version` are possible for pkg; here a list must say what it means. */
export const packageNameProblem = (name: string) =>
  NAME.test(name) ? undefined : `'${name}' is not a package's name: letters, digits and + . _ - are possible`
