/** Commands that change what is installed: install, upgrade, delete, autoremove, lock, unlock. */
import { getopt, Unknown } from '../screen.ts'
import type { Steps } from '../starting.ts'
import { type Job, summary, toAutoremove, toInstall, toRemove, toUpgrade } from './jobs.ts'
import { fullName } from './package.ts'
import { perform } from './perform.ts'
import { done } from './progress.ts'
import { needPrivileges, type Session } from './session.ts'
import { needRepositories } from './settings.ts'

/** EX_… of src/install.c: the catalogue could not be brought up to date (09-pkg.jsonl, line 30). */
const NOT_UPDATED = 3
/** 09-pkg.jsonl, line 33. */
const LOCKED = 7
const UP_TO_DATE = 'The most recent versions of packages are already installed\n'
const INTEGRITY = 'Checking integrity... done (0 conflicting)\n'

export function* install(args: readonly string[], session: Session): Steps<number> {
  const { screen, database, catalogues, settings } = session
  const { set, operands } = getopt(args, 'AfFgiIMnqr:RUxXy')
  for (const flag of 'gixX') if (set.has(flag)) throw new Unknown(`way to use install -${flag}`)
  if (operands.length === 0) return usage(session, 'install [-AfInFMqRUy] [-r reponame] [-Cgix] <pkg-name> ...')
  needPrivileges(session, 'install packages')
  needRepositories(settings, screen)
  if (!set.has('U') && settings.autoUpdate && !(yield* catalogues.update(false, set.has('q')))) return NOT_UPDATED
  database.openForWriting()
  const wish = { installed: database.read(), offered: catalogues.read() }
  const { jobs, unknown } = toInstall(operands, set.has('f'), wish)
  for (const name of unknown)
    screen.err(`pkg: No packages available to install matching '${name}' have been found in the repositories\n`)
  if (unknown.length > 0) return 1
  screen.out(INTEGRITY)
  if (jobs.length === 0) {
    const asked = operands.map(name => wish.offered.find(each => each.name === name)?.name ?? name)
    database.write(wish.installed.map(each => (asked.includes(each.name) ? { ...each, automatic: false } : each)))
    screen.out(UP_TO_DATE)
    return 0
  }
  if (!agreed(session, set, affected(jobs))) return 1
  if (set.has('n')) {
    screen.out(UP_TO_DATE)
    return 0
  }
  yield* perform(jobs, session)
  return 0
}

export function* upgrade(args: readonly string[], session: Session): Steps<number> {
  const { screen, database, catalogues, settings } = session
  const { set, operands } = getopt(args, 'fFnqr:Uy')
  if (operands.length > 0 || set.has('F')) throw new Unknown('way to upgrade some packages alone')
  needPrivileges(session, 'upgrade packages')
  needRepositories(settings, screen)
  if (!set.has('U') && settings.autoUpdate && !(yield* catalogues.update(false, set.has('q')))) return NOT_UPDATED
  database.openForWriting()
  const jobs = toUpgrade({ installed: database.read(), offered: catalogues.read() })
  const candidates = `(${jobs.filter(job => job.does !== 'install').length} candidates)`
  done(screen, `Checking for upgrades ${candidates}`)
  done(screen, `Processing candidates ${candidates}`)
  screen.out(INTEGRITY)
  if (jobs.length === 0) {
    screen.out('Your packages are up to date.\n')
    return 0
  }
  if (!agreed(session, set, affected(jobs))) return 1
  if (!set.has('n')) yield* perform(jobs, session)
  return 0
}

export function* remove(args: readonly string[], session: Session): Steps<number> {
  const { screen, database } = session
  const { set, operands } = getopt(args, 'DfnqRy')
  needPrivileges(session, 'delete packages')
  const installed = database.read()
  const jobs = toRemove(operands, installed)
  screen.out(INTEGRITY)
  const locked = jobs.flatMap(job => (job.does === 'remove' && job.before.locked ? [job.before] : []))
  const missing = operands.filter(name => toRemove([name], installed).length === 0)
  if (locked.length > 0 || (missing.length > 0 && jobs.length === 0)) {
    if (locked.length > 0) screen.out('The following package(s) are locked or vital and may not be removed:\n\n')
    for (const { name } of locked) screen.out(`\t${name} (locked)\n`)
    if (locked.length > 0) screen.out('\n')
    screen.out(
      `${operands.length} packages requested for removal: ${locked.length} locked, ${missing.length} missing\n`,
    )
    return locked.length > 0 ? LOCKED : 1
  }
  if (!agreed(session, set, deinstallation(jobs))) return 1
  if (!set.has('n')) yield* perform(jobs, session)
  return 0
}

export function* autoremove(args: readonly string[], session: Session): Steps<number> {
  const { set } = getopt(args, 'nqy')
  needPrivileges(session, 'autoremove packages')
  const jobs = toAutoremove(session.database.read())
  session.screen.out(INTEGRITY)
  if (jobs.length === 0) {
    session.screen.out('Nothing to do.\n')
    return 0
  }
  if (!agreed(session, set, deinstallation(jobs))) return 1
  if (!set.has('n')) yield* perform(jobs, session)
  return 0
}

export const lock =
  (locks: boolean) =>
  (args: readonly string[], session: Session): number => {
    const { screen, database } = session
    const { operands } = getopt(args, 'aqy')
    needPrivileges(session, `${locks ? 'lock' : 'unlock'} packages`)
    const installed = database.read()
    const chosen = installed.filter(({ name }) => operands.includes(name))
    for (const each of chosen) {
      const word = locks ? 'ocking' : 'nlocking'
      screen.out(
        each.locked === locks
          ? `${fullName(each)}: already ${locks ? 'locked' : 'unlocked'}\n`
          : `${locks ? 'L' : 'U'}${word} ${fullName(each)}\n`,
      )
    }
    database.write(installed.map(each => (chosen.includes(each) ? { ...each, locked: locks } : each)))
    return chosen.length === 0 ? 1 : 0
  }

const affected = (jobs: readonly Job[]) =>
  `The following ${jobs.length} package(s) will be affected (of 0 checked):\n\n${summary(jobs)}`

const deinstallation = (jobs: readonly Job[]) =>
  `Deinstallation has been requested for the following ${jobs.length} packages (of 0 packages in the universe):\n\n${summary(jobs)}`

/** Asked where nobody can answer, the answer is no. */
function agreed({ screen, settings }: Session, set: ReadonlySet<string>, question: string): boolean {
  if (!set.has('q')) screen.out(question)
  if (settings.assumeYes || set.has('y') || set.has('n')) return true
  screen.out('\nProceed with this action? [y/N]: ')
  return false
}

export function usage({ screen }: Session, text: string): number {
  screen.err(`Usage: pkg ${text}\n`)
  return 1
}
