/** Where two blueprints differ in what instances have of their own, and where to look in an instance. */
import { dirname } from 'node:path/posix'
import type { Listing } from '../../freebsd/mtree.ts'
import { besideName, NEW_BESIDE, OLD_BESIDE } from './beside.ts'
import { ACCOUNTS, clearedFor, isAccounts } from './databases.ts'
import { type Attributes, type Entry, isBelow, isSame, type Scope, type Side, sideOf } from './entry.ts'
import type { Comparison } from './plan-shape.ts'
import { sampledBy } from './samples.ts'

export function compareParts(older: Listing, newer: Listing, scope: Scope): Comparison {
  const [before, after] = [sideOf(older, scope), sideOf(newer, scope)]
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter(
    path => !isSame(before.get(path), after.get(path)),
  )
  return { scope, old: before, new: after, paths: paths.sort(byPath) }
}

/** Directories before what is in them. */
export const byPath = (one: string, other: string) => {
  const [a, b] = [one.split('/').join('\0'), other.split('/').join('\0')]
  return a < b ? -1 : a > b ? 1 : 0
}

/** The directories between a part and `path`, the outermost first. */
export function directoriesTo(path: string, { parts }: Scope): string[] {
  const above: string[] = []
  for (let each = dirname(path); parts.some(part => isBelow(each, part)); each = dirname(each)) above.unshift(each)
  return above
}

/** What is to be looked at in an instance for a plan, without following links; directories before what is in them. */
export function placesToLook({ scope, paths, ...sides }: Comparison): string[] {
  const places = [...paths, ...(paths.some(isAccounts) ? ACCOUNTS : [])].flatMap(path => {
    const used = sampledBy(path)
    return [
      path,
      ...(sides.new.get(path)?.kind === 'file' ? [besideName(path, NEW_BESIDE)] : []),
      besideName(path, OLD_BESIDE),
      ...(used === undefined ? [] : [used]),
      ...clearedFor(path),
    ]
  })
  return [...new Set(places.flatMap(path => [...directoriesTo(path, scope), path]))].sort(byPath)
}

/** Directories of which a plan needs the names that are in them: the new blueprint has none there. */
export const directoriesToList = (comparison: Comparison): string[] =>
  comparison.paths.filter(
    path => comparison.old.get(path)?.kind === 'directory' && comparison.new.get(path)?.kind !== 'directory',
  )

export interface NewDirectory extends Attributes {
  readonly path: string
}

/** Directories that came with the new blueprint, like a package's `var/log/nginx`. Nothing else is ever added there. */
export function newDirectories(older: Listing, newer: Listing, scope: Scope): NewDirectory[] {
  const before = sideOf(older, scope)
  return [...sideOf(newer, scope)]
    .filter(([path, { kind }]) => kind === 'directory' && !before.has(path))
    .map(([path, { mode, uid, gid }]) => ({ path, mode, uid, gid }))
    .sort((one, other) => byPath(one.path, other.path))
}

/** What is to be looked at in an instance before directories are made. */
export const placesOfDirectories = (directories: readonly NewDirectory[], scope: Scope): string[] =>
  [...new Set(directories.flatMap(({ path }) => [...directoriesTo(path, scope), path]))].sort(byPath)

export interface DirectoriesPlan {
  readonly makes: readonly NewDirectory[]
  readonly barred: readonly { readonly path: string; readonly reason: string }[]
}

/** What is there already stays as it is; where something bars the way, nothing is made below it. */
export function planDirectories(directories: readonly NewDirectory[], own: Side, scope: Scope): DirectoriesPlan {
  const made = new Set<string>()
  const barred: { path: string; reason: string }[] = []
  for (const { path } of directories) {
    const reason = barAbove(path, scope, above => (made.has(above) ? 'directory' : own.get(above)?.kind))
    const there = own.get(path)
    if (reason !== undefined) barred.push({ path, reason })
    else if (there === undefined) made.add(path)
    else if (there.kind !== 'directory') barred.push({ path, reason: `${path} is ${KIND_WORDS[there.kind]}` })
  }
  return { makes: directories.filter(({ path }) => made.has(path)), barred }
}

export const KIND_WORDS: Readonly<Record<Entry['kind'], string>> = {
  file: 'a file',
  directory: 'a directory',
  link: 'a symbolic link',
  other: 'neither a file, a directory nor a link',
}

/** Why nothing can be written at `path`, in words, or undefined. */
export function barAbove(
  path: string,
  scope: Scope,
  kindAt: (path: string) => Entry['kind'] | undefined,
): string | undefined {
  const above = directoriesTo(path, scope).find(each => kindAt(each) !== 'directory')
  if (above === undefined) return undefined
  const kind = kindAt(above)
  if (kind === undefined) return `the directory ${above} is not there: the customer has removed it`
  if (kind === 'link') return `${above} is a symbolic link, and nothing is written through one`
  return `${above} is no directory`
}
