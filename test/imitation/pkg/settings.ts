/** pkg.conf(5) and the options before the command: which tree, which repositories, which ABI. */
import { posix } from 'node:path'
import type { Disk } from '../disk.ts'
import type { Machine } from '../machine.ts'
import { Exit, type Flags, type Screen } from '../screen.ts'
import { isOn, listOf, objectOf, parseUcl, textOf, type Ucl, UclError } from './ucl.ts'

export interface Repository {
  readonly name: string
  readonly url: string
  readonly signature: 'none' | 'pubkey' | 'fingerprints'
  readonly pubkey: string
  readonly fingerprints: string
  readonly priority: number
}

export interface Settings {
  /** `''` for the host's own. */
  readonly root: string
  /** By `-r`: programs run by packages would still see the host's files. */
  readonly isRelocated: boolean
  readonly databaseDirectory: string
  /** Of the host also where packages go into another tree (libpkg, pkg_get_cachedirfd). */
  readonly cacheDirectory: string
  readonly repositories: readonly Repository[]
  readonly abi: string
  readonly osversion: string
  readonly assumeYes: boolean
  readonly autoUpdate: boolean
}

/** The host's own, as uname(1) has it; of a tree by -r the same (09-pkg.jsonl, line 13). */
export const hostAbi = (machine: Machine) => {
  const osversion = machine.state.sysctls['kern.osreldate'] ?? '1402000'
  return { abi: `FreeBSD:${osversion.slice(0, 2)}:${machine.state.sysctls['hw.machine_arch'] ?? 'amd64'}`, osversion }
}

export function readSettings(machine: Machine, disk: Disk, flags: Flags, screen: Screen): Settings {
  const { values } = flags
  const chroot = values.get('c')?.at(-1)
  const root = (values.get('r')?.at(-1) ?? chroot ?? '').replace(/\/+$/, '')
  const inside = chroot === undefined ? '' : root
  const configuration = parse(disk, values.get('C')?.at(-1) ?? `${inside}/usr/local/etc/pkg.conf`, screen) ?? {}
  for (const option of values.get('o') ?? []) {
    const [name = '', value = ''] = option.split(/=(.*)/s)
    configuration[name.toUpperCase()] = value
  }
  const host = hostAbi(machine)
  const abi = textOf(configuration.ABI) ?? host.abi
  const osversion = textOf(configuration.OSVERSION) ?? `${abi.split(':')[1]}00000`
  if (abi !== host.abi && configuration.OSVERSION === undefined)
    screen.err(`pkg: Setting ABI requires setting OSVERSION, guessing the OSVERSION as: ${osversion}\n`)
  if (Number(abi.split(':')[1]) > Number(host.abi.split(':')[1]))
    screen.err('pkg: Warning: Major OS version upgrade detected.  Running "pkg bootstrap -f" recommended\n')
  const directories = listOf(configuration.REPOS_DIR ?? ['/etc/pkg/', '/usr/local/etc/pkg/repos/']).map(String)
  return {
    root,
    isRelocated: values.has('r'),
    databaseDirectory: posix.join('/', root, textOf(configuration.PKG_DBDIR) ?? '/var/db/pkg'),
    cacheDirectory: textOf(configuration.PKG_CACHEDIR) ?? `${inside}/var/cache/pkg`,
    repositories: directories.flatMap(directory => repositoriesIn(disk, `${inside}${directory}`, abi, screen)),
    abi,
    osversion: abi === host.abi && configuration.OSVERSION === undefined ? host.osversion : osversion,
    assumeYes: isOn(configuration.ASSUME_ALWAYS_YES),
    autoUpdate: configuration.REPO_AUTOUPDATE === undefined || isOn(configuration.REPO_AUTOUPDATE),
  }
}

function parse(disk: Disk, path: string, screen: Screen): { [key: string]: Ucl } | undefined {
  const text = disk.text(path)
  if (text === undefined) return undefined
  try {
    return parseUcl(text)
  } catch (error) {
    if (!(error instanceof UclError)) throw error
    screen.err(`pkg: Error parsing: '${path}': ${error.message}\n`)
    return undefined
  }
}

/** Files end in `.conf`; a later one's settings of the same name replace an earlier one's. */
function repositoriesIn(disk: Disk, directory: string, abi: string, screen: Screen): Repository[] {
  const found = new Map<string, Repository>()
  for (const name of (disk.list(directory) ?? []).filter(each => each.endsWith('.conf'))) {
    for (const [repository, value] of Object.entries(parse(disk, posix.join(directory, name), screen) ?? {})) {
      const given = objectOf(value)
      if (given.enabled !== undefined && !isOn(given.enabled)) continue
      const signature = (textOf(given.signature_type) ?? 'none').toLowerCase()
      found.set(repository, {
        name: repository,
        url: (textOf(given.url) ?? '')
          .replace(/\$\{ABI\}/g, abi)
          .replace(/^pkg\+/, '')
          .replace(/\/+$/, ''),
        signature: signature === 'pubkey' || signature === 'fingerprints' ? signature : 'none',
        pubkey: textOf(given.pubkey) ?? '',
        fingerprints: textOf(given.fingerprints) ?? '',
        priority: Number(textOf(given.priority) ?? 0),
      })
    }
  }
  return [...found.values()].sort((a, b) => b.priority - a.priority)
}

/** Ends the program where there is none. */
export function needRepositories(settings: Settings, screen: Screen): void {
  if (settings.repositories.length > 0) return
  screen.err('No active remote repositories configured.\n')
  throw new Exit(1)
}
