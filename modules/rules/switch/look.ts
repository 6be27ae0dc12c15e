/** What each round of an instance's switch looks at: no more than its phase needs, since most of it is in the outage. */
import { isExplained } from '../../core/errors.ts'
import type { Probe } from '../../core/host.ts'
import type { Done } from '../../core/perform.ts'
import { readConsole } from '../../freebsd/console-log.ts'
import { settingsIn } from '../../freebsd/jail-conf-read.ts'
import { listJails } from '../../freebsd/jls.ts'
import { isWithin, type Mount } from '../../freebsd/mount.ts'
import type { Package } from '../../freebsd/pkg.ts'
import { type Generation, listSnapshotsBelow } from '../../freebsd/zfs-generations.ts'
import { areOpen, isUnwritten, sincePhase, succeeded, tries } from './course.ts'
import type { Jail, Remains } from './down.ts'
import { ailmentOf } from './health.ts'
import { type Journal, parseJournal, type Version } from './journal.ts'
import { atSeeds, beforeIt } from './look-at-files.ts'
import type { Layout } from './mounts.ts'
import type { Prepared, Work } from './prepare.ts'
import type { Listings } from './ready.ts'
import { remainsOf } from './remains.ts'
import type { Part, Standing } from './standing.ts'
import type { OwnFiles } from './tree.ts'

/** One instance's way; what is the same in all its rounds. */
export interface Trip {
  readonly standing: Standing
  /** Where it shall go; undefined where it only goes back, or on. */
  readonly target: Version | undefined
  /** Its files on that way. */
  readonly work: Work | undefined
  /** Why it cannot be begun; of one that was cut off, not anew. */
  readonly problem: string | undefined
  readonly listings: Listings
  /** Undefined of one that is not there: in check mode, it is still to be built. */
  readonly packages: { readonly old: readonly Package[]; readonly new: readonly Package[] | undefined }
  readonly releases: { readonly from: string; readonly to: string } | undefined
  /** The mounts of its next start, where those shall be others than now. */
  readonly layoutNext: Layout | undefined
  /** The blueprint of the last switch's way back is there. */
  readonly hasBlueprintBack: boolean
  /** `startable`: nothing is started and nothing is asked, as before jails start at boot. */
  readonly goal: 'checked' | 'startable'
}

export interface View {
  readonly journal: Journal | undefined
  readonly fstab: string | undefined
  readonly nextFstab: string | undefined
  readonly isAside: boolean
  readonly isInPlace: boolean
  /** With what its configuration says, wherever that is. */
  readonly jail: Jail
  /** Undefined where this phase knows that nothing is left of it. */
  readonly remains: Remains | undefined
  /** What is mounted at its seeds. */
  readonly seeds: readonly Mount[]
  readonly seedFolders: ReadonlySet<string>
  /** What there is to merge; or why that cannot be told. */
  readonly prepared: Prepared | undefined
  readonly trouble: string | undefined
  /** What is there of what a switch wrote. */
  readonly own: OwnFiles | undefined
  /** Why its files could not be looked at while it runs. */
  readonly unread: string | undefined
  /** Of the blueprint's files that it takes: how many bytes each has. */
  readonly sizes: ReadonlyMap<string, number>
  /** Start scripts that it enables and that go. */
  readonly vanishing: readonly string[]
  /** Asked, and what is not well. */
  readonly isAsked: boolean
  readonly ailment: string | undefined
  readonly console: readonly string[]
  readonly snapshots: readonly Generation[] | undefined
}

const NOTHING = {
  remains: undefined,
  seeds: [],
  seedFolders: new Set<string>(),
  prepared: undefined,
  trouble: undefined,
  own: undefined,
  unread: undefined,
  sizes: new Map<string, number>(),
  vanishing: [],
  isAsked: false,
  ailment: undefined,
  console: [],
  snapshots: undefined,
} satisfies Partial<View>

export async function lookAt(trip: Trip, machine: Probe, done: readonly Done[]): Promise<View> {
  const { request } = trip.standing
  const { id, places } = request
  const [journalText, fstab, nextFstab, inPlace, aside] = await Promise.all(
    [places.journal, places.fstab, places.nextFstab, places.jailConf, places.jailConfAside].map(path =>
      machine.read(path),
    ),
  )
  const journal = parseJournal(journalText, places.journal)
  const jail = { id, places, conf: inPlace ?? aside ?? '' }
  const view = {
    ...NOTHING,
    journal,
    fstab,
    nextFstab,
    isAside: aside !== undefined,
    isInPlace: inPlace !== undefined,
    jail,
  }
  const recent = sincePhase(done)
  if (journal !== undefined && isUnwritten(recent)) return { ...view, ...(await remainsOf(trip, view, machine)) }
  switch (journal?.phase) {
    case undefined:
      return { ...view, ...(await beforeIt(trip, view, machine)) }
    case 'finishing':
      return { ...view, ...(await oldSnapshots(places.dataset, machine)) }
    case 'merged':
    case 'returned':
      if (succeeded(recent, 'start')) return { ...view, ...(await afterStart(journal, view, machine)) }
      return { ...view, ...(await beforeStart(trip, journal, view, recent, machine)) }
    case 'stopping':
    case 'returning': {
      const openings = openingsOf(trip, journal)
      if (openings.length > 0 && areOpen(openings, recent))
        return { ...view, ...(await atSeeds(trip, journal, openings, machine)) }
      return {
        ...view,
        ...(await remainsOf(trip, view, machine)),
        ...(journal.phase === 'returning' && journal.rollsBackData
          ? { snapshots: await listSnapshotsBelow(machine, places.dataset) }
          : {}),
      }
    }
    case 'merging':
      return { ...view, ...(await remainsOf(trip, view, machine)) }
  }
}

/** Where they cannot be seen, none goes; nothing else hangs on them any more. */
async function oldSnapshots(dataset: string, machine: Probe): Promise<Partial<View>> {
  try {
    return { snapshots: await listSnapshotsBelow(machine, dataset) }
  } catch (error) {
    if (!isExplained(error)) throw error
    return { trouble: (error as Error).message }
  }
}

/** The parts that are opened in this phase. */
export function openingsOf({ standing, work }: Trip, journal: Journal | undefined): readonly Part[] {
  if (journal?.phase !== 'returning') return work?.openings ?? []
  if (journal.rollsBackData) return []
  const paths = journal.written.map(({ path }) => path)
  return standing.parts.filter(({ path }) => paths.some(each => isWithin(each, path)))
}

async function afterStart(journal: Journal, { jail }: Pick<View, 'jail'>, machine: Probe): Promise<Partial<View>> {
  const runs = (await listJails(machine)).some(({ name, isDying }) => name === jail.id && !isDying)
  const remains = { isRunning: runs, isDying: false, mounts: [], interfaces: [] }
  if (!runs) return { remains, ...(await lastWords(jail, machine)) }
  return { remains, isAsked: true, ailment: await ailmentOf(jail.id, journal.health, jail.conf, machine) }
}

/** Where another run was cut off: it may run already. */
async function beforeStart(
  trip: Trip,
  journal: Journal,
  view: Pick<View, 'jail' | 'fstab' | 'isInPlace'>,
  recent: readonly Done[],
  machine: Probe,
): Promise<Partial<View>> {
  const found = await remainsOf(trip, view, machine)
  const { fstab, nextFstab, phase } = journal
  const isAsItShallBe = view.isInPlace && view.fstab === (phase === 'merged' ? nextFstab : fstab)
  if (found.remains.isRunning && isAsItShallBe && journal.ran && trip.goal === 'checked')
    return { ...found, isAsked: true, ailment: await ailmentOf(view.jail.id, journal.health, view.jail.conf, machine) }
  return tries(recent, 'start') > 0 ? { ...found, ...(await lastWords(view.jail, machine)) } : found
}

async function lastWords({ conf }: Jail, machine: Probe): Promise<Partial<View>> {
  const log = (settingsIn(conf) ?? []).find(([name]) => name === 'exec.consolelog')?.[1]
  return typeof log === 'string' ? { console: await readConsole(machine, log) } : {}
}
