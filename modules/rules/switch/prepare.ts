/** What a switch will do to an instance's files: what to look at, and what follows from it. The merge itself is rules/merge. */
import { Refused } from '../../core/errors.ts'
import type { Probe } from '../../core/host.ts'
import type { Listing } from '../../freebsd/mtree.ts'
import { unvis } from '../../freebsd/vis.ts'
import { MERGED_PARTS } from '../layout.ts'
import {
  compareParts,
  type DirectoriesPlan,
  directoriesToList,
  type NewDirectory,
  newDirectories,
  placesOfDirectories,
  placesToLook,
  planDirectories,
} from '../merge/compare.ts'
import { contentsNeeded } from '../merge/contents.ts'
import { planDatabases } from '../merge/databases.ts'
import type { Scope } from '../merge/entry.ts'
import { planMerge } from '../merge/plan.ts'
import { type Comparison, LARGEST_MERGED_BYTES, type MergePlan, type Policy } from '../merge/plan-shape.ts'
import { describeVersion, type Version } from './journal.ts'
import { type Listings, revisionPath } from './ready.ts'
import { baseOf, type Part, type Standing } from './standing.ts'
import { type OwnFiles, partOf, type ReadOwn } from './tree.ts'

export interface Work {
  readonly comparison: Comparison
  readonly directories: readonly NewDirectory[]
  readonly scopeOfDirectories: Scope
  /** To be looked at; of `folders` also what is in them. */
  readonly places: readonly string[]
  readonly folders: readonly string[]
  /** The parts in which something may have to be done. */
  readonly openings: readonly Part[]
  /** As each side's blueprint was: for files of it. */
  readonly oldPath: (path: string) => string
  readonly newPath: string
}

/** Or why it cannot be told. */
export function workOf(standing: Standing, target: Version, listings: Listings): Work | { readonly problem: string } {
  const { parts, request } = standing
  const { id, site } = request
  const merged = parts.filter(({ path }) => MERGED_PARTS.includes(path))
  const others = parts.filter(part => !merged.includes(part))
  const lost = parts.map(part => baseOf(part, standing)).find(version => !listings.has(describeVersion(version)))
  if (lost !== undefined)
    return {
      problem: `${id}: its files came from ${describeVersion(lost)}, and the list of what that had is not there (${revisionPath(site, lost)}): the blueprint was removed or is damaged. Without it nobody can tell what the customer changed. Build that blueprint again.`,
    }
  // Of one that is still to be built nothing is known, and so far nothing differs.
  const newerThan = (older: Listing) => listings.get(describeVersion(target))?.listing ?? older
  const scope = scopeOf(merged, standing)
  const older = olderOf(merged, standing, listings)
  const comparison = compareParts(older, newerThan(older), scope)
  const scopeOfDirectories = scopeOf(others, standing)
  const olderOthers = olderOf(others, standing, listings)
  const directories = newDirectories(olderOthers, newerThan(olderOthers), scopeOfDirectories)
  const places = [
    ...placesToLook(comparison),
    ...placesOfDirectories(directories, scopeOfDirectories),
    ...outputsOf(comparison.paths),
  ]
  const all = [...new Set(places)]
  const touched = new Set([...all].flatMap(path => partOf(path, parts) ?? []))
  return {
    comparison,
    directories,
    scopeOfDirectories,
    places: all,
    folders: directoriesToList(comparison),
    openings: parts.filter(part => touched.has(part)),
    oldPath: path => {
      const part = partOf(path, parts)
      return `${revisionPath(site, part === undefined ? target : baseOf(part, standing))}/${path}`
    },
    newPath: revisionPath(site, target),
  }
}

function scopeOf(parts: readonly Part[], { layout }: Standing): Scope {
  const paths = parts.map(({ path }) => path)
  return {
    parts: paths,
    apart: (layout?.mounts ?? []).map(({ path }) => path).filter(path => path !== '' && !paths.includes(path)),
  }
}

/** Parts can have received their files from different revisions. */
function olderOf(parts: readonly Part[], standing: Standing, listings: Listings): Listing {
  const byVersion = new Map<string, Part[]>()
  for (const part of parts) {
    const version = describeVersion(baseOf(part, standing))
    byVersion.set(version, [...(byVersion.get(version) ?? []), part])
  }
  const found = [...byVersion].map(([version, of]) => ({ of, listing: listings.get(version)?.listing ?? new Map() }))
  const [only] = found
  if (found.length === 1 && only !== undefined) return only.listing
  return new Map(
    found.flatMap(({ of, listing }) =>
      [...listing].filter(([name]) => {
        const part = partOf(unvis(name).replace(/^\.\//, ''), parts)
        return part !== undefined && of.includes(part)
      }),
    ),
  )
}

/** What the programs make that run when these files are changed. */
const outputsOf = (paths: readonly string[]): string[] => planDatabases(paths, new Map()).databases.flatMap(madeBy)

export const madeBy = ({ program, directory, file }: MergePlan['databases'][number]): string[] => {
  switch (program) {
    case 'pwd_mkdb':
      return [file, ...['passwd', 'pwd.db', 'spwd.db'].map(name => `${directory}/${name}`)]
    case 'cap_mkdb':
      return [`${directory}/login.conf.db`]
    case 'services_mkdb':
      return [`${directory}/services.db`]
  }
}

/** Held in memory while they are copied; no configuration file comes near it. */
const LARGEST_COPIED_BYTES = 256 << 20

export interface Prepared {
  readonly plan: MergePlan
  readonly directories: DirectoriesPlan
  /** Bytes of the new blueprint's files that go under another name. */
  readonly copies: ReadonlyMap<string, Buffer>
  readonly own: OwnFiles
}

/** Of the customer's files; those beyond count as too large to be merged. */
const MOST_MERGED_BYTES = 32 << 20

export async function prepare(
  work: Work,
  own: OwnFiles,
  read: ReadOwn,
  policy: Policy,
  machine: Probe,
): Promise<Prepared> {
  const contents = await contentsOf(work, own, read, machine)
  const plan = planMerge({ ...work.comparison, own: own.side, contents, policy })
  const copies = new Map<string, Buffer>()
  for (const { source } of plan.copies) {
    const place = `${work.newPath}/${source}`
    const found = await machine.bytes(place, LARGEST_COPIED_BYTES)
    if (found === undefined) throw new Refused(`${place} is gone: the blueprint was removed meanwhile.`)
    if (found === 'too large')
      throw new Refused(
        `${place}, which a conflict puts beside the customer's file, has more than ${LARGEST_COPIED_BYTES >> 20} MiB. Settle that file by hand in the instance, and switch again.`,
      )
    copies.set(source, found)
  }
  return { plan, directories: planDirectories(work.directories, own.side, work.scopeOfDirectories), copies, own }
}

/** Of each file that a plan has to see into, what each side has; none of it where the customer's is too much. */
async function contentsOf({ comparison, oldPath, newPath }: Work, own: OwnFiles, read: ReadOwn, machine: Probe) {
  const contents = {
    old: new Map<string, Uint8Array>(),
    new: new Map<string, Uint8Array>(),
    own: new Map<string, Uint8Array>(),
  }
  const wanted = contentsNeeded({ ...comparison, own: own.side })
  let left = MOST_MERGED_BYTES
  for (const path of wanted.filter(({ side }) => side === 'own').map(one => one.path)) {
    const bytes = (own.side.get(path)?.bytes ?? 0) > left ? undefined : await read(path)
    if (bytes === undefined) continue
    left -= bytes.length
    contents.own.set(path, bytes)
  }
  const isTooMuch = (path: string) => own.side.get(path)?.kind === 'file' && !contents.own.has(path)
  for (const { side, path } of wanted) {
    if (side === 'own' || isTooMuch(path)) continue
    const found = await machine.bytes(side === 'old' ? oldPath(path) : `${newPath}/${path}`, LARGEST_MERGED_BYTES)
    if (found !== undefined && found !== 'too large') contents[side].set(path, found)
  }
  return contents
}
