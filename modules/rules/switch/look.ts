/** What each round of an instance's switch looks at: no more than its phase needs, since most of it is in the outage. */
import { isExplained } from '../../core/errors.ts'
import type { Probe } from '../../core/host.ts'
import type { Done } from '../../core/perform.ts'
import { describeStep } from '../../core/step.ts'
import { readConsole } from '../../freebsd/console-log.ts'
import { listInterfaces, unitsIn } from '../../freebsd/ifconfig.ts'
import { settingsIn } from '../../freebsd/jail-conf-read.ts'
import { listJails } from '../../freebsd/jls.ts'
import { isWithin, listMounts, type Mount, mountLegacy } from '../../freebsd/mount.ts'
import type { Package } from '../../freebsd/pkg.ts'
import { type Generation, listSnapshotsBelow } from '../../freebsd/zfs-generations.ts'
import { leftInterfaces } from '../jail/interfaces.ts'
import { type Jail, type Remains, startStep } from './down.ts'
import { ailmentOf } from './health.ts'
import { type Journal, parseJournal, type Version } from './journal.ts'
import type { Layout } from './mounts.ts'
import { type Prepared, prepare, RC_CONF, type Work } from './prepare.ts'
import type { Listings } from './ready.ts'
import type { Part, Standing } from './standing.ts'
import { type OwnFiles, readAtSeeds, readRunning } from './tree.ts'

/** One instance's way; what is the same in all its rounds. */
export interface Trip {
  readonly standing: Standing
  /** Where it shall go; undefined where it only goes back, or on. */
  readonly target: Version | undefined
  /** Its files on that way. */
  readonly work: Work | undefined
  /** Why it cannot be begun. */
  readonly problem: string | undefined
  readonly listings: Listings
  /** Undefined of one that is not there: in check mode, it is still to be built. */
  readonly packages: { readonly old: readonly Package[]; readonly new: readonly Package[] | undefined }
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
  readonly remains: Remains | undefined
  /** What is mounted at its seeds. */
  readonly seeds: readonly Mount[]
  readonly seedFolders: ReadonlySet<string>
  /** What there is to merge; or why that cannot be told. */
  readonly prepared: Prepared | undefined
  readonly trouble: string | undefined
  /** What is there of what a switch wrote. */
  readonly own: OwnFiles | undefined
  readonly rcConf: string | undefined
  /** Asked, and what is not well. */
  readonly isAsked: boolean
  readonly ailment: string | undefined
  readonly console: readonly string[]
  readonly snapshots: readonly Generation[] | undefined
}

/** What was done since the phase began: each begins with the journal's being written. */
export function sincePhase(done: readonly Done[], { places }: Jail): readonly Done[] {
  const at = done.findLastIndex(({ step }) => step.kind === 'write' && step.path === places.journal)
  return done.slice(at + 1)
}

export const succeeded = (words: string, done: readonly Done[]) =>
  done.some(one => one.setback === undefined && one.failure === undefined && describeStep(one.step) === words)

/** All of these were mounted at their seeds by this phase. */
export const areOpen = (parts: readonly Part[], done: readonly Done[]) =>
  parts.every(({ dataset, seed }) => succeeded(describeStep(mountLegacy(dataset, seed)), done))

export const hasStarted = (jail: Jail, done: readonly Done[]) => succeeded(describeStep(startStep(jail)), done)

const NOTHING = {
  remains: undefined,
  seeds: [],
  seedFolders: new Set<string>(),
  prepared: undefined,
  trouble: undefined,
  own: undefined,
  rcConf: undefined,
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
  const recent = sincePhase(done, jail)
  switch (journal?.phase) {
    case undefined:
      return { ...view, ...(await beforeIt(trip, view, machine)) }
    case 'finishing':
      return { ...view, snapshots: await listSnapshotsBelow(machine, places.dataset) }
    case 'merged':
    case 'returned':
      if (hasStarted(jail, recent)) return { ...view, ...(await afterStart(journal, view, machine)) }
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

/** The parts that are opened in this phase. */
export function openingsOf({ standing, work }: Trip, journal: Journal | undefined): readonly Part[] {
  if (journal?.phase !== 'returning') return work?.openings ?? []
  if (journal.rollsBackData) return []
  const paths = journal.written.map(({ path }) => path)
  return standing.parts.filter(({ path }) => paths.some(each => isWithin(each, path)))
}

async function remainsOf({ standing }: Trip, { jail }: Pick<View, 'jail'>, machine: Probe) {
  const { id, places } = standing.request
  const [jails, mounts, interfaces] = await Promise.all([
    listJails(machine),
    listMounts(machine),
    listInterfaces(machine),
  ])
  const seedFolders = new Set<string>()
  for (const path of [places.seed, ...standing.parts.map(({ seed }) => seed)])
    if ((await machine.status(path)) !== undefined) seedFolders.add(path)
  return {
    remains: {
      isRunning: jails.some(({ name, isDying }) => name === id && !isDying),
      isDying: jails.some(({ name, isDying }) => name === id && isDying),
      mounts: mounts.filter(({ node }) => isWithin(node, places.root)),
      interfaces: jails.some(({ name, isDying }) => name === id && !isDying)
        ? []
        : leftInterfaces(id, unitsIn(jail.conf), interfaces),
    },
    seeds: mounts.filter(({ node }) => isWithin(node, places.seed)),
    seedFolders,
  }
}

async function beforeIt(trip: Trip, view: Pick<View, 'jail'>, machine: Probe): Promise<Partial<View>> {
  const { standing, work } = trip
  const { id, places, state, conflicts } = standing.request
  const found = await remainsOf(trip, view, machine)
  const snapshots = await listSnapshotsBelow(machine, places.dataset)
  const written = state === 'rolled_back' ? (standing.last?.written ?? []) : []
  const paths = [...(work?.places ?? []), ...written.map(({ path }) => path), RC_CONF]
  const folders = [...(work?.folders ?? []), ...written.filter(({ was }) => was === undefined).map(({ path }) => path)]
  const own = found.remains.isRunning
    ? await readRunning(machine, id, [...new Set(paths)], folders)
    : { side: work?.comparison.old ?? new Map(), bytes: new Map<string, Buffer>(), links: new Map<string, string>() }
  return {
    ...found,
    snapshots,
    own,
    rcConf: own.bytes.get(RC_CONF)?.toString(),
    prepared: work === undefined ? undefined : await prepare(work, own, conflicts, machine),
  }
}

async function atSeeds(
  { standing, work }: Trip,
  journal: Journal,
  openings: readonly Part[],
  machine: Probe,
): Promise<Partial<View>> {
  const isBack = journal.phase === 'returning'
  const places = isBack ? journal.written.map(({ path }) => path) : (work?.places ?? [])
  const folders = isBack
    ? journal.written.filter(({ was }) => was !== 'file' && was !== 'link').map(({ path }) => path)
    : (work?.folders ?? [])
  try {
    const own = await readAtSeeds(machine, places, folders, openings)
    if (isBack || work === undefined) return { own }
    return { own, prepared: await prepare(work, own, standing.request.conflicts, machine) }
  } catch (error) {
    if (!isExplained(error)) throw error
    return { trouble: (error as Error).message }
  }
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
  const isTried = recent.some(({ step }) => describeStep(step) === describeStep(startStep(view.jail)))
  return isTried ? { ...found, ...(await lastWords(view.jail, machine)) } : found
}

async function lastWords({ conf }: Jail, machine: Probe): Promise<Partial<View>> {
  const log = (settingsIn(conf) ?? []).find(([name]) => name === 'exec.consolelog')?.[1]
  return typeof log === 'string' ? { console: await readConsole(machine, log) } : {}
}
