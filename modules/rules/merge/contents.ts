/** Of which files a plan needs to see what is in them: those that both sides changed. */
import { GROUP, MASTER_PASSWD } from './databases.ts'
import { type Entry, type Side, sameContent } from './entry.ts'
import type { Comparison, Wanted } from './plan-shape.ts'
import { isSampleInUse } from './samples.ts'

/** Users and groups belong together: where the customer changed either, both are merged. */
export const ACCOUNTS: readonly string[] = [MASTER_PASSWD, GROUP]

export function contentsNeeded({ old, new: newer, paths, own }: Comparison & { readonly own: Side }): Wanted[] {
  const accounts = ACCOUNTS.filter(path => paths.includes(path))
  const touched = accounts.some(path => isOwnFile(path) && !sameContent(own.get(path), old.get(path)))
  return paths
    .filter(
      path =>
        (touched && accounts.includes(path)) || bothChanged(baseOf(path, old, own), newer.get(path), own.get(path)),
    )
    .flatMap(path => (['old', 'new', 'own'] as const).map(side => ({ side, path })))
    .filter(({ side, path }) => ({ old, new: newer, own })[side].get(path)?.kind === 'file')

  function isOwnFile(path: string): boolean {
    return own.get(path)?.kind === 'file'
  }
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
