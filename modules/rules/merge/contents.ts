/** Of which files a plan needs to see what is in them: those that both sides changed. */
import { ACCOUNTS } from './databases.ts'
import { type Entry, type Side, sameContent } from './entry.ts'
import type { Comparison, Wanted } from './plan-shape.ts'
import { isSampleInUse } from './samples.ts'

export function contentsNeeded({ old, new: newer, paths, own }: Comparison & { readonly own: Side }): Wanted[] {
  const isTouched = (path: string) => own.get(path)?.kind === 'file' && !sameContent(own.get(path), old.get(path))
  const accounts = ACCOUNTS.some(path => paths.includes(path)) && ACCOUNTS.some(isTouched) ? ACCOUNTS : []
  const isNeeded = (path: string) => bothChanged(baseOf(path, old, own), newer.get(path), own.get(path))
  return [...new Set([...accounts, ...paths.filter(isNeeded)])]
    .flatMap(path => (['old', 'new', 'own'] as const).map(side => ({ side, path })))
    .filter(({ side, path }) => ({ old, new: newer, own })[side].get(path)?.kind === 'file')
}

/** What the customer began with: the old blueprint's file, or its sample. */
export const baseOf = (path: string, old: Side, own: Side): Entry | undefined =>
  isSampleInUse(path, old, own) ? own.get(path) : old.get(path)

/** Files on both sides, and neither as before nor alike. */
export const bothChanged = (old: Entry | undefined, newer: Entry | undefined, own: Entry | undefined) =>
  newer?.kind === 'file' &&
  own?.kind === 'file' &&
  !sameContent(own, newer) &&
  !sameContent(own, old) &&
  !sameContent(old, newer)
