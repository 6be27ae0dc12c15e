/** What `pkg install`, `upgrade`, `delete` and `autoremove` are going to do. */
import type { Found } from './catalogue.ts'
import type { Installed } from './package.ts'
import { compareVersions } from './version.ts'

export type Job =
  | {
      readonly does: 'install' | 'upgrade' | 'downgrade' | 'reinstall'
      readonly take: Found
      readonly automatic: boolean
      readonly before?: Installed
    }
  | { readonly does: 'remove'; readonly before: Installed }

export interface Wish {
  readonly installed: readonly Installed[]
  readonly offered: readonly Found[]
}

/** A name, `name-version`, an origin, or a shell pattern of a name. */
export function matches(
  pattern: string,
  { name, version, origin }: { name: string; version: string; origin: string },
): boolean {
  if ([name, `${name}-${version}`, origin].includes(pattern)) return true
  if (!/[*?[]/.test(pattern)) return false
  const expression = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${expression}$`).test(name) || new RegExp(`^${expression}$`).test(`${name}-${version}`)
}

/** Dependencies before what needs them; names that match nothing are in `unknown`. */
export function toInstall(
  names: readonly string[],
  force: boolean,
  { installed, offered }: Wish,
): { jobs: Job[]; unknown: string[] } {
  const unknown = names.filter(name => !offered.some(each => matches(name, each)))
  const asked = offered.filter(each => names.some(name => matches(name, each)))
  const jobs = new Map<string, Job>()
  const visit = (take: Found, isAsked: boolean) => {
    if (jobs.has(take.name)) return
    const before = installed.find(each => each.name === take.name)
    const order = before === undefined ? 0 : compareVersions(before.version, take.version)
    // A dependency that is there in any version is left, as long as nothing asks for more of it.
    if (before !== undefined && !isAsked && order >= 0) return
    if (before !== undefined && order === 0 && !force) return
    for (const { name } of take.deps) {
      const dependency = offered.find(each => each.name === name)
      if (dependency !== undefined) visit(dependency, false)
    }
    const automatic = before?.automatic ?? !isAsked
    const does = before === undefined ? 'install' : order === 0 ? 'reinstall' : order < 0 ? 'upgrade' : 'downgrade'
    jobs.set(take.name, { does, take, automatic, ...(before !== undefined && { before }) })
  }
  for (const each of asked) visit(each, true)
  return { jobs: [...jobs.values()], unknown }
}

export function toUpgrade({ installed, offered }: Wish): Job[] {
  const newer = installed.filter(({ name, version, locked }) => {
    const found = offered.find(each => each.name === name)
    return !locked && found !== undefined && compareVersions(version, found.version) < 0
  })
  return toInstall(
    newer.map(({ name }) => name),
    false,
    { installed, offered },
  ).jobs
}

/** With all that needs them, those first. */
export function toRemove(names: readonly string[], installed: readonly Installed[]): Job[] {
  const jobs = new Map<string, Job>()
  const visit = (before: Installed) => {
    if (jobs.has(before.name)) return
    for (const other of installed) if (other.deps.some(({ name }) => name === before.name)) visit(other)
    jobs.set(before.name, { does: 'remove', before })
  }
  for (const each of installed) if (names.some(name => matches(name, each))) visit(each)
  return [...jobs.values()]
}

/** Those that came as dependencies and are none any more. */
export function toAutoremove(installed: readonly Installed[]): Job[] {
  const kept = new Set(installed.filter(each => !each.automatic).map(({ name }) => name))
  for (let grew = true; grew; ) {
    const needed = installed.filter(({ name }) => kept.has(name)).flatMap(({ deps }) => deps.map(({ name }) => name))
    grew = needed.some(name => !kept.has(name))
    for (const name of needed) kept.add(name)
  }
  return toRemove(
    installed.filter(({ name }) => !kept.has(name)).map(({ name }) => name),
    installed,
  )
}

const HEADLINES = [
  ['remove', 'Installed packages to be REMOVED', 'removed'],
  ['install', 'New packages to be INSTALLED', 'installed'],
  ['upgrade', 'Installed packages to be UPGRADED', 'upgraded'],
  ['downgrade', 'Installed packages to be DOWNGRADED', 'downgraded'],
  ['reinstall', 'Installed packages to be REINSTALLED', 'reinstalled'],
] as const

export const nameOf = (job: Job) => (job.does === 'remove' ? job.before.name : job.take.name)

/** src/utils.c, print_jobs_summary. */
export function summary(jobs: readonly Job[]): string {
  const blocks = HEADLINES.map(([does, headline]) => {
    const lines = jobs
      .filter(job => job.does === does)
      .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
      .map(describe)
    return lines.length === 0 ? '' : `${headline}:\n${lines.join('')}\n`
  })
  const counts = HEADLINES.map(([does, , word]) => {
    const count = jobs.filter(job => job.does === does).length
    return count === 0 ? '' : `Number of packages to be ${word}: ${count}\n`
  })
  return blocks.join('') + counts.join('')
}

function describe(job: Job): string {
  if (job.does === 'remove') return `\t${job.before.name}: ${job.before.version}\n`
  const { take, before, does } = job
  const change = does === 'upgrade' || does === 'downgrade' ? `${before?.version} -> ${take.version}` : take.version
  return `\t${take.name}${does === 'reinstall' ? `-${take.version}` : `: ${change}`}\n`
}
