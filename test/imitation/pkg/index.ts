/** pkg(8), 2.8: 09-pkg.jsonl, and the sources of freebsd/pkg where that does not say. */
import { getopt, Unknown } from '../screen.ts'
import { type Steps, starting } from '../starting.ts'
import { Crash } from './catalogue.ts'
import { autoremove, install, lock, remove, upgrade } from './change.ts'
import { audit, check, config, info, query, rquery, version, which } from './look.ts'
import { create, repo } from './make.ts'
import { needPrivileges, type Session, session } from './session.ts'
import { needRepositories } from './settings.ts'
import { deferred } from './triggers.ts'

type Command = (args: readonly string[], session: Session) => Steps<number> | number

const COMMANDS: Readonly<Record<string, Command>> = {
  audit,
  autoremove,
  check,
  config,
  create,
  delete: remove,
  info,
  install,
  lock: lock(true),
  query,
  remove,
  repo,
  rquery,
  shell,
  triggers: deferred,
  unlock: lock(false),
  update,
  upgrade,
  version,
  which,
}

export const pkg = starting('pkg', function* (machine, call, screen) {
  const flags = getopt(call.args, 'c:C:dj:l46No:r:v')
  const [name, ...args] = flags.operands
  if (flags.values.has('j')) throw new Unknown('way to work in a jail (-j)')
  if (flags.set.has('v')) {
    screen.out('2.8.2\n')
    return 0
  }
  const started = session(machine, call, screen, flags)
  if (flags.set.has('N')) return isActive(started)
  const command = COMMANDS[name ?? '']
  if (command === undefined) throw new Unknown(`command '${name ?? ''}'`)
  try {
    const end = command(args, started)
    return typeof end === 'number' ? end : yield* end
  } catch (problem) {
    if (!(problem instanceof Crash)) throw problem
    const { stdout, stderr } = screen
    return { exit: 139, stdout, stderr, endedBy: problem.signal }
  }
})

function isActive({ database, screen }: Session): number {
  if (database.exists()) screen.err(`pkg: ${database.read().length} packages installed\n`)
  else screen.err('pkg: package database non-existent\n')
  return database.exists() ? 0 : 1
}

function* update(args: readonly string[], session: Session): Steps<number> {
  const { set } = getopt(args, 'fqr:')
  needPrivileges(session, 'update the repository catalogue.')
  needRepositories(session.settings, session.screen)
  return (yield* session.catalogues.update(set.has('f'), set.has('q'))) ? 0 : 1
}

/**
 * sqlite3(1) on the database of packages; of SQL, the two statements that end its write-ahead log. `-init` names what is
 * read in place of root's ~/.sqliterc. It exits 0 whatever came of it (src/shell.c, exec_shell).
 */
function shell(args: readonly string[], { database, screen }: Session): number {
  const options = ['-init', '/dev/null', '-list']
  const isPlain = options.every((option, at) => args[at] === option)
  for (const statement of args
    .slice(isPlain ? options.length : 0)
    .join(' ')
    .split(';')
    .map(each => each.trim().replace(/\s+/g, ' '))) {
    if (statement === '') continue
    if (/^pragma wal_checkpoint ?\(truncate\)$/i.test(statement)) {
      database.checkpoint()
      screen.out('0|0|0\n')
    } else if (/^pragma journal_mode ?= ?delete$/i.test(statement)) {
      database.leaveWal()
      screen.out('delete\n')
    } else throw new Unknown(`SQL: ${statement}`)
  }
  return 0
}
