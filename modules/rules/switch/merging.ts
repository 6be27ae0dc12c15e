/** The steps of a merge, at the seeds of an instance that does not run; and what they write, for the way back. */
import type { Step } from '../../core/step.ts'
import { makeDatabase } from '../../freebsd/mkdb.ts'
import { replaceNames } from '../../freebsd/seed.ts'
import type { Attributes } from '../merge/entry.ts'
import type { Merge, Written } from './journal.ts'
import { madeBy, type Prepared, type Work } from './prepare.ts'
import type { Part } from './standing.ts'
import { partOf, placeOf } from './tree.ts'

export function mergeSteps({ plan, directories, copies }: Prepared, { newPath }: Work, parts: readonly Part[]): Step[] {
  const at = (path: string) => {
    const part = partOf(path, parts)
    if (part === undefined) throw new TypeError(`${path} is in no part of the instance`)
    return { path: placeOf(path, part), beneath: part.seed }
  }
  const remove = (path: string): Step => ({ kind: 'remove', ...at(path), mayBeLink: true })
  const adjusted = (path: string, to: Attributes | undefined): Step[] => (to === undefined ? [] : [adjust(path, to)])
  const adjust = (path: string, { mode, uid, gid }: Attributes): Step => ({
    kind: 'mode',
    ...at(path),
    mode,
    owner: { uid, gid },
  })
  const taken = (part: Part) => plan.takes.filter(({ path }) => partOf(path, parts) === part).map(({ path }) => path)

  return [
    ...plan.removes.map(({ path }) => remove(path)),
    ...plan.setAside.flatMap(({ path, to, mode }): Step[] => [
      { kind: 'move', from: at(path).path, to: at(to).path, beneath: at(path).beneath },
      ...(mode === undefined ? [] : [{ kind: 'mode' as const, ...at(to), mode }]),
    ]),
    ...plan.takes.filter(({ replaces }) => replaces !== undefined).map(({ path }) => remove(path)),
    ...parts.flatMap(part =>
      replaceNames(
        `${newPath}/${part.path}`,
        taken(part).map(path => path.slice(part.path.length + 1)),
        part.seed,
      ),
    ),
    ...plan.takes.flatMap(({ path, adjust: to }) => adjusted(path, to)),
    ...plan.writes.flatMap(({ path, content, adjust: to }): Step[] => [
      { kind: 'write', ...at(path), content },
      ...adjusted(path, to),
    ]),
    ...plan.metadata.flatMap(({ path, adjust: to }) => adjusted(path, to)),
    ...plan.copies.flatMap(({ path, source, attributes }): Step[] => [
      // By its bytes: the other tree's names are not this one's, and tar knows no other names.
      {
        kind: 'write',
        ...at(path),
        content: (copies.get(source) as Buffer).toString('latin1'),
        encoding: 'latin1',
        mode: 0o600,
      },
      adjust(path, attributes),
    ]),
    ...directories.makes.map(({ path, mode, uid, gid }): Step => ({ kind: 'directory', ...at(path), mode, uid, gid })),
    ...plan.databases.flatMap(({ program, file, directory, clear }): Step[] => [
      ...clear.map(remove),
      makeDatabase(program, at(file).path, at(directory).path),
    ]),
  ]
}

/** Every path that these steps may change, with what was there. */
export function writtenBy({ plan, directories, own: { side } }: Prepared): Written[] {
  const paths = [
    ...plan.removes.map(({ path }) => path),
    ...plan.setAside.flatMap(({ path, to }) => [path, to]),
    ...plan.takes.map(({ path }) => path),
    ...plan.writes.map(({ path }) => path),
    ...plan.metadata.map(({ path }) => path),
    ...plan.copies.map(({ path }) => path),
    ...directories.makes.map(({ path }) => path),
    ...plan.databases.flatMap(database => [...database.clear, ...madeBy(database)]),
  ]
  return [...new Set(paths)].sort().map(path => {
    const own = side.get(path)
    if (own === undefined) return { path }
    return { path, was: own.kind, ...(own.bytes === undefined ? {} : { bytes: own.bytes }) }
  })
}

/** As a person reads it. */
export function summarize({ plan, directories }: Prepared): Merge {
  const path = (one: { readonly path: string }) => one.path
  return {
    taken: [
      ...plan.takes,
      ...plan.metadata,
      ...plan.copies.filter(copy => !isBeside(copy, plan.conflicts)),
      ...directories.makes,
    ]
      .map(path)
      .sort(),
    merged: plan.writes.map(path).sort(),
    kept: [...plan.kept].sort(),
    removed: plan.removes.map(path).sort(),
    conflicts: plan.conflicts.map(({ path: at, reason, winner, beside }) => {
      const other = winner === 'customer' ? "the new blueprint's" : "the customer's"
      const stays = winner === 'customer' ? "the customer's stays" : "the new blueprint's is there now"
      return `${at}: ${reason}; ${stays}${beside === undefined ? '' : `, and ${other} is ${beside}`}`
    }),
    barred: [...plan.barred, ...directories.barred].map(({ path: at, reason }) => `${at}: ${reason}`).sort(),
  }
}

const isBeside = ({ path }: { path: string }, conflicts: readonly { beside?: string }[]) =>
  conflicts.some(({ beside }) => beside === path)
