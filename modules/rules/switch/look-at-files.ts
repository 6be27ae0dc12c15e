/** What an instance's own files are: before it goes, as far as that can be told, and once they are open at its seeds. */
import { isExplained } from '../../core/errors.ts'
import type { Probe } from '../../core/host.ts'
import { listSnapshotsBelow } from '../../freebsd/zfs-generations.ts'
import type { Journal } from './journal.ts'
import type { Trip, View } from './look.ts'
import { placesOfRc, readGoing, vanishingIn } from './parcel.ts'
import { prepare } from './prepare.ts'
import { remainsOf } from './remains.ts'
import { sizesOf } from './space.ts'
import type { Part } from './standing.ts'
import { type OwnFiles, partOf, placeOf, type ReadOwn, readAtSeeds, readRunning, readsAtSeeds } from './tree.ts'

export async function beforeIt(trip: Trip, view: Pick<View, 'jail'>, machine: Probe): Promise<Partial<View>> {
  const { standing, work } = trip
  const { id, places, state, conflicts } = standing.request
  const found = await remainsOf(trip, view, machine)
  const snapshots = await listSnapshotsBelow(machine, places.dataset)
  const written = state === 'rolled_back' ? (standing.last?.written ?? []) : []
  const going = await readGoing(trip, machine)
  const rc = placesOfRc(going)
  const paths = [...(work?.places ?? []), ...written.map(({ path }) => path), ...rc.files, ...rc.folders]
  const folders = [
    ...(work?.folders ?? []),
    ...written.filter(({ was }) => was === undefined).map(({ path }) => path),
    ...rc.folders,
  ]
  const { own, read, unread } = await foretaste(trip, found.remains.isRunning, async () =>
    readRunning(machine, id, [...new Set(paths)], folders),
  )
  const prepared = work === undefined ? undefined : await prepare(work, own, read, conflicts, machine)
  return {
    ...found,
    snapshots,
    own,
    unread,
    vanishing: await vanishingIn(trip, going, own, read),
    prepared,
    sizes: await sizesOf(prepared, work, machine),
  }
}

/** Of one that does not run, or cannot be looked into, nothing is known before its files are at hand. */
async function foretaste(
  { work }: Trip,
  isRunning: boolean,
  look: () => Promise<{ own: OwnFiles; read: ReadOwn }>,
): Promise<{ own: OwnFiles; read: ReadOwn; unread?: string }> {
  const nothing = { own: { side: work?.comparison.old ?? new Map(), links: new Map() }, read: async () => undefined }
  if (!isRunning) return nothing
  try {
    return await look()
  } catch (error) {
    if (!isExplained(error)) throw error
    return { ...nothing, unread: (error as Error).message }
  }
}

export async function atSeeds(
  trip: Trip,
  journal: Journal,
  openings: readonly Part[],
  machine: Probe,
): Promise<Partial<View>> {
  const { standing, work } = trip
  try {
    if (journal.phase === 'returning') {
      const { written } = journal
      const folders = written.filter(({ was }) => was !== 'file' && was !== 'link').map(({ path }) => path)
      const paths = written.map(({ path }) => path)
      return { own: await readAtSeeds(machine, paths, folders, openings) }
    }
    if (work === undefined) return { own: await readAtSeeds(machine, [], [], openings) }
    // Of one that ran, its own rc.conf was asked before.
    const going = journal.ran ? new Map<string, string>() : await readGoing(trip, machine)
    const rc = placesOfRc(going)
    const paths = [...new Set([...work.places, ...rc.files, ...rc.folders])]
    const own = await readAtSeeds(machine, paths, [...work.folders, ...rc.folders], openings)
    const read = readsAtSeeds(machine, openings)
    return {
      own,
      vanishing: await vanishingIn(trip, going, own, read),
      trouble: await mountPointProblem(trip, openings, machine),
      prepared: await prepare(work, own, read, standing.request.conflicts, machine),
    }
  } catch (error) {
    if (!isExplained(error)) throw error
    return { trouble: (error as Error).message }
  }
}

/** jail(8) refuses a link there, and would do so only when it starts: neither blueprint can be started on that. */
async function mountPointProblem(
  { standing: { layout, request }, layoutNext }: Trip,
  openings: readonly Part[],
  machine: Probe,
): Promise<string | undefined> {
  for (const { path, special } of (layoutNext ?? layout)?.mounts ?? []) {
    const part = partOf(path, openings)
    if (part === undefined || path === part.path) continue
    const status = await machine.status(placeOf(path, part), part.seed)
    if (status?.type !== 'link') continue
    const link = `${request.places.root}/${part.path}${status.at.slice(part.seed.length)}`
    return `${link}, where ${special} is to be mounted, is a symbolic link of the customer's (to ${status.target}), and nothing is mounted through one. Put a directory in its place: 'mount -t zfs ${part.dataset} ${part.seed}', 'rm ${status.at}', 'mkdir ${status.at}', 'umount ${part.seed}'`
  }
  return undefined
}
