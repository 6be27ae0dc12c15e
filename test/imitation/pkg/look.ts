/** Commands that only look: info, query, rquery, which, check, version, config, audit. */
import { posix } from 'node:path'
import { getopt, Unknown } from '../screen.ts'
import type { Steps } from '../starting.ts'
import { checksum } from './checksum.ts'
import { matches } from './jobs.ts'
import { fullName, type Installed, rawJson } from './package.ts'
import { format, holds } from './query.ts'
import type { Session } from './session.ts'
import { needRepositories } from './settings.ts'
import { compareVersions } from './version.ts'

export function info(args: readonly string[], { database, screen }: Session): number {
  const { set, values, operands } = getopt(args, 'aelqRF:', { '--raw': 'R', '--raw-format': 'F' })
  const installed = database.read()
  const chosen =
    operands.length === 0 ? installed : installed.filter(each => operands.some(name => matches(name, each)))
  if (set.has('e')) return operands.every(name => installed.some(each => matches(name, each))) ? 0 : 1
  if (set.has('R')) {
    if (values.get('F')?.at(-1) !== 'json-compact') throw new Unknown('format of raw information')
    screen.out(`[${chosen.map(rawJson).join(',')}]\n`)
  } else if (set.has('l')) {
    for (const each of chosen)
      screen.out(
        `${fullName(each)}:\n${Object.keys(each.files)
          .map(path => `\t${path}\n`)
          .join('')}`,
      )
  } else if (operands.length > 0 && !set.has('q')) throw new Unknown('way to show all about a package')
  else
    for (const each of chosen)
      screen.out(set.has('q') ? `${fullName(each)}\n` : `${fullName(each).padEnd(30)} ${each.comment}\n`)
  for (const name of operands) {
    if (!installed.some(each => matches(name, each))) screen.err(`pkg: No package(s) matching ${name}\n`)
  }
  return operands.length > 0 && chosen.length === 0 ? 1 : 0
}

const QUERY_USAGE = `Usage: pkg query <query-format> <pkg-name>
       pkg query [-a] <query-format>
       pkg query -F <pkg-name> <query-format>
       pkg query -e <evaluation> <query-format>
       pkg query [-Cgix] <query-format> <pattern> <...>

For more information see 'pkg help query'.
`

export function query(args: readonly string[], { database, screen }: Session): number {
  const strange = args.find(word => word.startsWith('--'))
  if (strange !== undefined) {
    screen.err(`pkg: unrecognized option \`${strange}'\n${QUERY_USAGE}`)
    return 1
  }
  const { values, operands } = getopt(args, 'ae:')
  const [pattern, ...names] = operands
  if (pattern === undefined) {
    screen.err(QUERY_USAGE)
    return 1
  }
  const installed = database.read()
  const condition = values.get('e')?.at(-1)
  const chosen = installed
    .filter(each => names.length === 0 || names.some(name => matches(name, each)))
    .filter(each => condition === undefined || holds(condition, each))
  for (const each of chosen)
    screen.out(
      format(pattern, each, installed)
        .map(line => `${line}\n`)
        .join(''),
    )
  return names.length > 0 && chosen.length === 0 ? 1 : 0
}

export function* rquery(args: readonly string[], session: Session): Steps<number> {
  const { screen, catalogues, settings } = session
  const { set, values, operands } = getopt(args, 'ae:r:U')
  const [pattern, ...names] = operands
  if (pattern === undefined) throw new Unknown('number of operands')
  needRepositories(settings, screen)
  // Quietly: 09-pkg.jsonl, line 19.
  if (!set.has('U') && !(yield* catalogues.update(false, true))) return 3
  const offered = catalogues.read()
  const condition = values.get('e')?.at(-1)
  const chosen = offered
    .map(each => ({ ...each, repository: each.repository.name }))
    .filter(each => names.length === 0 || names.some(name => matches(name, each)))
    .filter(each => condition === undefined || holds(condition, each))
  for (const each of chosen)
    screen.out(
      format(pattern, each, chosen)
        .map(line => `${line}\n`)
        .join(''),
    )
  return chosen.length === 0 ? 1 : 0
}

export function which(args: readonly string[], { database, screen }: Session): number {
  const { set, operands } = getopt(args, 'oq')
  let status = 0
  for (const path of operands) {
    const owner = database.read().find(({ files }) => path in files)
    if (owner === undefined) {
      if (!set.has('q')) screen.out(`${path} was not found in the database\n`)
      status = 1
      continue
    }
    const shown = set.has('o') ? owner.origin : fullName(owner)
    screen.out(set.has('q') ? `${shown}\n` : `${path} was installed by package ${shown}\n`)
  }
  return status
}

export function check(args: readonly string[], session: Session): number {
  const { database, screen } = session
  const { set, operands } = getopt(args, 'adnqsyv')
  if (set.has('d') || !set.has('s')) throw new Unknown('check other than -s')
  const installed = database.read()
  const chosen = set.has('a') ? installed : installed.filter(each => operands.some(name => matches(name, each)))
  let status = 0
  screen.out('Checking all packages: ')
  for (const each of chosen) {
    const problems = faults(each, session)
    if (problems.length > 0) {
      // The line that was begun ends, and begins anew after the message.
      screen.err(problems.join(''))
      screen.out('\nChecking all packages...')
      status = 1
    } else screen.out('.')
  }
  screen.out(' done\n')
  return status
}

function faults(each: Installed, { disk, settings }: Session): string[] {
  return Object.entries(each.files).flatMap(([path, { sum }]) => {
    const place = posix.join('/', settings.root, path)
    const status = disk.status(place)
    if (status === undefined) return [`${fullName(each)}: missing file ${path}\n`]
    const content = status.type === 'link' ? Buffer.from(disk.target(place)) : (disk.bytes(place) ?? Buffer.alloc(0))
    return checksum(content) === sum ? [] : [`${fullName(each)}: checksum mismatch for ${path}\n`]
  })
}

export function* version(args: readonly string[], session: Session): Steps<number> {
  const { screen, database, catalogues, settings } = session
  const { set, values, operands } = getopt(args, 'Il:L:oqRTtUv')
  if (set.has('t')) {
    const [a = '', b = ''] = operands
    screen.out(`${['<', '=', '>'][compareVersions(a, b) + 1]}\n`)
    return 0
  }
  if (set.has('I')) {
    screen.err(
      `pkg: Can't access ${settings.root}/usr/ports/INDEX-${settings.abi.split(':')[1]}: No such file or directory\n`,
    )
    return 1
  }
  if (!set.has('R') || values.size > 0) throw new Unknown('way to compare versions')
  if (!set.has('U') && !(yield* catalogues.update(false, false))) return 1
  const offered = catalogues.read()
  for (const each of database.read()) {
    const remote = offered.find(({ name }) => name === each.name)?.version
    const sign = remote === undefined ? '?' : ('<=>'[compareVersions(each.version, remote) + 1] ?? '?')
    const words = {
      '<': `needs updating (remote has ${remote})`,
      '=': 'up-to-date with remote',
      '>': `succeeds remote (remote has ${remote})`,
      '?': `orphaned: ${each.origin}`,
    }[sign]
    screen.out(
      set.has('v') ? `${fullName(each).padEnd(34)} ${sign}   ${words}\n` : `${fullName(each).padEnd(34)} ${sign}\n`,
    )
  }
  return 0
}

export function config(args: readonly string[], { screen, settings }: Session): number {
  if (args.length !== 1 || args[0]?.toLowerCase() !== 'abi') throw new Unknown(`setting ${args.join(' ')}`)
  screen.out(`${settings.abi}\n`)
  return 0
}

export function audit(args: readonly string[], { screen }: Session): number {
  if (args.some(word => word !== '-q')) throw new Unknown(`way to audit: ${args.join(' ')}`)
  screen.err("pkg: vulnxml file vuln.xml does not exist. Try running 'pkg audit -F' first\n")
  return 1
}
