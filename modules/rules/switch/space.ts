/** Whether there is room for a switch, and for its way back, before the instance is stopped for it. */
import type { Probe } from '../../core/host.ts'
import type { Journal } from './journal.ts'
import { openingsOf, type Trip, type View } from './look.ts'
import { writtenBy } from './merging.ts'
import type { Prepared, Work } from './prepare.ts'
import type { Part } from './standing.ts'
import { partOf } from './tree.ts'

/** What a file system needs to work at all, a snapshot's own, and databases that are made anew. */
const RESERVE_BYTES = 16 << 20
/** A file's own, and what it fills up of its last block. */
const BESIDE_FILE_BYTES = 8 << 10
/** Where nobody has written down how large it was. */
const UNKNOWN_FILE_BYTES = 64 << 10

/** How large the files are that it takes from the new blueprint. */
export async function sizesOf(
  prepared: Prepared | undefined,
  work: Work | undefined,
  machine: Probe,
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for (const { path, kind } of prepared?.plan.takes ?? [])
    if (kind === 'file') sizes.set(path, (await machine.status(`${work?.newPath}/${path}`))?.bytes ?? 0)
  return sizes
}

/** In sentences. `journal`: of the way back; without one, it is the way forward. */
export function lackingRoom(trip: Trip, view: View, journal?: Journal): string[] {
  const { id, places } = trip.standing.request
  const files = journal === undefined ? writtenForward(view) : writtenBack(journal)
  const openings = journal === undefined ? (trip.work?.openings ?? []) : openingsOf(trip, journal)
  const needs = new Map(openings.map((part): [Part, number] => [part, RESERVE_BYTES]))
  let all = RESERVE_BYTES
  for (const { path, bytes } of files) {
    const part = partOf(path, openings)
    if (part === undefined) continue
    needs.set(part, (needs.get(part) ?? 0) + bytes)
    all += bytes
  }
  const lacks = (what: string, available: number, needed: number) =>
    `${id}: ${what} has ${mebibytes(available)} left, and ${journal === undefined ? 'a switch' : 'the way back'} needs ${Math.ceil(needed / (1 << 20))} MiB to be safe. Free some space in the pool, or raise its quota.`
  const { available } = trip.standing
  return [
    ...(available < all ? [lacks(`${places.dataset}, with its journal and fstab,`, available, all)] : []),
    ...[...needs]
      // One that is as full because of that is not told again.
      .filter(([part, needed]) => part.available < needed && (available >= all || part.available < available))
      .map(([part, needed]) => lacks(part.dataset, part.available, needed)),
  ]
}

interface Sized {
  readonly path: string
  readonly bytes: number
}

/** What is written, and what would be put back: the snapshot keeps the space of both. */
function writtenForward({ prepared, sizes }: View): Sized[] {
  if (prepared === undefined) return []
  const { plan, copies, directories, own } = prepared
  const sized = [
    ...plan.takes.map(({ path }) => ({ path, bytes: sizes.get(path) ?? 0 })),
    ...plan.writes.map(({ path, content }) => ({ path, bytes: Buffer.byteLength(content) })),
    ...plan.copies.map(({ path, source }) => ({ path, bytes: copies.get(source)?.length ?? 0 })),
    ...directories.makes.map(({ path }) => ({ path, bytes: 0 })),
    ...writtenBy(prepared).map(({ path }) => ({ path, bytes: own.side.get(path)?.bytes ?? 0 })),
  ]
  return sized.map(({ path, bytes }) => ({ path, bytes: bytes + BESIDE_FILE_BYTES }))
}

/** Where all datasets are rolled back, nothing is written. */
const writtenBack = ({ written, rollsBackData }: Journal): Sized[] =>
  rollsBackData
    ? []
    : written.flatMap(({ path, was, bytes }) =>
        was === undefined
          ? []
          : [{ path, bytes: (was === 'file' ? (bytes ?? UNKNOWN_FILE_BYTES) : 0) + BESIDE_FILE_BYTES }],
      )

const mebibytes = (bytes: number) => `${Math.floor(bytes / (1 << 20))} MiB`
