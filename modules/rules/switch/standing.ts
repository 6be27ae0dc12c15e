/** How each instance stands to what is asked for, from files and one look at ZFS: all that a task without work needs. */
import { isExplained } from '../../core/errors.ts'
import type { Probe } from '../../core/host.ts'
import { ownValue, readSelected, type Selected } from '../../freebsd/zfs-selected.ts'
import { type Manifest, parseManifest } from '../blueprint/manifest.ts'
import { BEGUN } from '../instance/world.ts'
import { blueprintDataset, blueprintPath, MANIFEST, PROPERTY, type Site } from '../layout.ts'
import { siteOf } from '../site.ts'
import { type Journal, parseJournal, sameVersion, type Version } from './journal.ts'
import { type Layout, layoutOf } from './mounts.ts'
import { namedIn, type Options, type Request, requestsOf } from './requests.ts'

/** A writable dataset. */
export interface Part {
  readonly path: string
  readonly dataset: string
  /** Where it is mounted while its files are merged. */
  readonly seed: string
  /** What it last received; undefined where nobody wrote it down. */
  readonly base: Version | undefined
  readonly hasAdded: boolean
  readonly isFilled: boolean
  readonly isLocked: boolean
  readonly available: number
}

export interface Blueprint {
  readonly name: string
  /** Whether there is a dataset of that name. */
  readonly exists: boolean
  readonly revision: number
  readonly stage: string | undefined
  readonly manifest: Manifest | undefined
  /** Why its manifest cannot be read. */
  readonly problem: string | undefined
}

export interface Standing {
  readonly request: Request
  readonly fstab: string | undefined
  /** What instance_mounts has for the next start. */
  readonly waiting: string | undefined
  readonly layout: Layout | undefined
  /** Why its fstab cannot be read as one of ours. */
  readonly problem: string | undefined
  readonly parts: readonly Part[]
  /** What is left for its own dataset, where its journal and fstab are. */
  readonly available: number
  readonly from: Version | undefined
  readonly journal: Journal | undefined
  /** Why its journal, or what it runs on, cannot be read: it is left alone, and others are not. */
  readonly unreadable: string | undefined
  /** Its last switch that came to an end; or why that cannot be told. */
  readonly last: Journal | undefined
  readonly lastProblem: string | undefined
}

export interface Stand {
  readonly site: Site
  readonly standings: readonly Standing[]
  readonly blueprints: ReadonlyMap<string, Blueprint>
}

const OF_DATASETS = [
  PROPERTY.blueprint,
  PROPERTY.revision,
  PROPERTY.added,
  PROPERTY.seeded,
  PROPERTY.stage,
  'keystatus',
  'available',
]

/** One process, however many instances. */
export async function lookAtStand(options: Options, machine: Probe): Promise<Stand> {
  const site = siteOf(options)
  const named = namedIn(options)
  const ids = named ?? (await machine.list(`${site.path}/instances`)) ?? []
  const texts = await Promise.all(requestsOf(options, ids).map(request => readTexts(request, machine)))
  const all = texts.filter(one => named !== undefined || ranOn(one, options.running_on))

  const blueprints = new Set(
    all.flatMap(({ layout, request, last }) =>
      [layout?.blueprint, request.blueprint, last?.from.blueprint].map(name => name ?? ''),
    ),
  )
  blueprints.delete('')
  const wanted = [
    ...[...blueprints].map(name => blueprintDataset(site, name)),
    ...all.flatMap(one => [one.request.places.dataset, ...partPaths(one).map(({ dataset }) => dataset)]),
  ]
  const datasets = wanted.length === 0 ? new Map<string, Selected>() : await readSelected(machine, wanted, OF_DATASETS)
  const known = new Map<string, Blueprint>()
  for (const name of blueprints) known.set(name, await readBlueprint(name, site, datasets, machine))
  return { site, standings: all.map(one => standingOf(one, datasets, known)), blueprints: known }
}

/** It does; or it did before the switch that it is on, or that a run before this one has brought to its end. */
const ranOn = ({ layout, journal, last, request }: Texts, blueprint: string | undefined) =>
  layout?.blueprint === blueprint ||
  journal?.from.blueprint === blueprint ||
  (last?.outcome === 'switched' && last.from.blueprint === blueprint && last.to.blueprint === request.blueprint)

type Texts = Omit<Standing, 'parts' | 'available' | 'from'>

async function readTexts(request: Request, machine: Probe): Promise<Texts> {
  const { places, site } = request
  const journalAt = (path: string) => told(async () => parseJournal(await machine.read(path), path))
  const [{ value: texts, problem: unread }, journal, last] = await Promise.all([
    told(() => Promise.all([places.fstab, places.nextFstab].map(path => machine.read(path)))),
    journalAt(places.journal),
    journalAt(places.lastSwitch),
  ])
  const [fstab, waiting] = texts ?? []
  const found = fstab === undefined ? undefined : layoutOf(fstab, places, site)
  const layout = found === undefined || 'problem' in found ? undefined : found
  return {
    request,
    fstab,
    waiting,
    layout,
    problem: found !== undefined && 'problem' in found ? found.problem : undefined,
    journal: journal.value,
    unreadable: journal.problem ?? unread,
    last: last.value,
    lastProblem: last.problem,
  }
}

/** What comes of it, or why nothing does: what is wrong with one keeps nobody from the others. */
async function told<T>(look: () => Promise<T>): Promise<{ readonly value?: T; readonly problem?: string }> {
  try {
    return { value: await look() }
  } catch (error) {
    if (!isExplained(error)) throw error
    return { problem: (error as Error).message }
  }
}

const partPaths = ({ layout }: Texts) =>
  (layout?.mounts ?? [])
    .filter(({ part }) => part === 'writable')
    .map(({ path, special }) => ({ path, dataset: special }))

function standingOf(
  texts: Texts,
  datasets: ReadonlyMap<string, Selected>,
  blueprints: ReadonlyMap<string, Blueprint>,
): Standing {
  const { layout, request } = texts
  const parts = partPaths(texts).map(({ path, dataset }): Part => {
    const properties: Selected = datasets.get(dataset) ?? new Map()
    const own = (name: string) => ownValue(properties, name)
    const [blueprint, revision] = [own(PROPERTY.blueprint), Number(own(PROPERTY.revision) ?? 0)]
    const seeded = own(PROPERTY.seeded)
    return {
      path,
      dataset,
      seed: `${request.places.seed}/${dataset.slice(request.places.dataset.length + 1)}`,
      base: blueprint === undefined || !(revision > 0) ? undefined : { blueprint, revision },
      hasAdded: own(PROPERTY.added) !== undefined,
      isFilled: seeded !== undefined && seeded !== 'no' && seeded !== BEGUN,
      isLocked: properties.get('keystatus')?.value === 'unavailable',
      available: Number(properties.get('available')?.value ?? 0),
    }
  })
  const bases = parts.flatMap(({ base }) => (base?.blueprint === layout?.blueprint && base !== undefined ? [base] : []))
  const revision = Math.min(...bases.map(one => one.revision))
  const from = layout && {
    blueprint: layout.blueprint,
    revision: Number.isFinite(revision) ? revision : (blueprints.get(layout.blueprint)?.revision ?? 1),
  }
  const available = Number(datasets.get(request.places.dataset)?.get('available')?.value ?? 0)
  return { ...texts, parts, available, from }
}

async function readBlueprint(
  name: string,
  site: Site,
  datasets: ReadonlyMap<string, Selected>,
  machine: Probe,
): Promise<Blueprint> {
  const properties = datasets.get(blueprintDataset(site, name))
  const path = `${blueprintPath(site, name)}/${MANIFEST}`
  const revision = Number(properties?.get(PROPERTY.revision)?.value)
  const stage = properties && ownValue(properties, PROPERTY.stage)
  const manifest = properties && (await told(async () => parseManifest(await machine.read(path), path)))
  return {
    name,
    exists: properties !== undefined,
    revision: Number.isInteger(revision) && revision > 0 ? revision : 1,
    stage,
    manifest: manifest?.value,
    problem: manifest?.problem,
  }
}

/** What a part has received; where nobody wrote it down, it is taken for what the instance runs on. */
export const baseOf = ({ base }: Part, { from }: Standing): Version => base ?? from ?? { blueprint: '', revision: 1 }

export function targetOf({ request }: Standing, { blueprints }: Stand): Version {
  return {
    blueprint: request.blueprint,
    revision: request.revision ?? blueprints.get(request.blueprint)?.revision ?? 1,
  }
}

/** It was on its way there, and was cut off: once it is back, it sets out anew. */
export const goesOn = (standing: Standing, stand: Stand): boolean =>
  standing.request.state === 'switched' &&
  standing.journal !== undefined &&
  standing.journal.isAsked !== true &&
  sameVersion(standing.journal.to, targetOf(standing, stand))

/** It came back by itself, and the snapshot still has its data of before: those can be had back, too. */
export const hasDataBack = (last: Journal | undefined) => last?.mayHaveRun === true && last.isAsked !== true

/** Whether it is on the way, or has to go, or cannot. */
export function needsWork(standing: Standing, stand: Stand): boolean {
  const { request, journal, unreadable, last, from, parts } = standing
  if (journal !== undefined || unreadable !== undefined) return true
  if (request.state === 'resumed') return false
  if (request.state === 'rolled_back')
    return last === undefined || last.outcome === 'switched' || (request.rollsBackData && hasDataBack(last))
  const target = targetOf(standing, stand)
  return !sameVersion(from, target) || parts.some(part => !sameVersion(baseOf(part, standing), target))
}
