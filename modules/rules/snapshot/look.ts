/** What decides about snapshots, read in one or two processes however many datasets and snapshots there are. */
import type { Probe } from '../../core/host.ts'
import { isAtOrBelow } from '../../freebsd/zfs-names.ts'
import { listAllDatasets, listSnapshotsBelow } from '../../freebsd/zfs-snapshots.ts'
import type { Row } from '../../freebsd/zfs-tree.ts'
import { instancePlaces, type Site } from '../layout.ts'
import { type Attached, attach, decisive } from './attach.ts'
import { isRipe, KNOWN_FILE, type Known, readKnown } from './known.ts'
import { timeOfOwn } from './names.ts'
import type { Settings } from './settings.ts'

export interface Snapshot {
  readonly name: string
  /** Seconds since 1970 by its name; undefined where the name is not ours. */
  readonly time: number | undefined
}

/** What the datasets say of themselves. */
interface Survey {
  readonly attached: readonly Attached[]
  /** Every dataset there is, with what changes when its snapshots do. */
  readonly datasets: ReadonlyMap<string, Stamp>
  /** Datasets that are left alone for now, and why. */
  readonly skipped: ReadonlyMap<string, string>
  /** Datasets to which nothing was written since their newest snapshot. */
  readonly untouched: ReadonlySet<string>
  /** Datasets that are not among those, since a property of theirs cannot be told from others. */
  readonly unreadable: readonly string[]
  readonly problems: readonly string[]
}

interface Stamp {
  readonly stamp: string
  /** When snapshots of it last came or went, in seconds since 1970; undefined where it never had any, or does not say. */
  readonly changed: number | undefined
}

export interface Look extends Survey {
  /** Of every dataset below one that has a policy, from the oldest to the newest by transaction. */
  readonly snapshots: ReadonlyMap<string, readonly Snapshot[]>
  /** Of how many datasets the snapshots had to be listed, since they were not known from an earlier run. */
  readonly listed: number
}

/** Nobody can give these a value that is read as another's. */
export const STAMP = ['guid', 'snapshots_changed', 'origin']

export async function lookAtSnapshots(settings: Settings, machine: Probe): Promise<Look> {
  const known = readKnown(await machine.read(KNOWN_FILE))
  const survey = await surveyDatasets(settings, machine)
  const tops = topmost(survey.attached.map(({ name }) => name))
  const snapshots = new Map<string, Snapshot[]>()
  const strange: string[] = []
  let count = 0
  for (const [dataset, { stamp }] of survey.datasets) {
    if (!tops.some(top => isAtOrBelow(dataset, top))) continue
    count += 1
    const one = known.get(dataset)
    if (one?.stamp === stamp) snapshots.set(dataset, one.names.map(timed))
    else strange.push(dataset)
  }
  // Of a few, each by itself is less; of many, all at once.
  const listed = await listSnapshotsBelow(machine, strange.length * 2 > count ? { below: tops } : { of: strange })
  for (const dataset of strange)
    snapshots.set(
      dataset,
      (listed.get(dataset) ?? []).map(({ name }) => timed(name)),
    )
  return { ...survey, snapshots, listed: strange.length }
}

const timed = (name: string): Snapshot => ({ name, time: timeOfOwn(name) })

/** What later runs need not list, of a look that was taken at this time. */
export function knownFrom({ datasets, snapshots }: Look, clock: number): Known {
  return new Map(
    [...snapshots].flatMap(([dataset, all]) => {
      const { stamp, changed } = datasets.get(dataset) ?? {}
      return stamp === undefined || !isRipe(changed, clock)
        ? []
        : [[dataset, { stamp, names: all.map(({ name }) => name) }] as const]
    }),
  )
}

async function surveyDatasets(settings: Settings, machine: Probe): Promise<Survey> {
  const watchesWrites = [...settings.policies.values()].some(({ skipEmpty }) => skipEmpty)
  const own = ['receive_resume_token', ...STAMP, ...(watchesWrites ? ['written'] : [])]
  const { rows, unreadable } = await listAllDatasets(machine, [...decisive(settings), ...own])
  const { attached, problems } = attach(rows, settings)
  const names = attached.map(({ name }) => name)
  const skipped = await inSwitch(settings.site, names, machine)
  for (const name of names)
    if (rows.get(name)?.has('receive_resume_token') && !skipped.has(name)) skipped.set(name, 'it is half received')
  return {
    attached,
    unreadable,
    // Most likely somebody else's: what was received has such properties as its sender gave it.
    problems: [
      ...problems,
      ...unreadable.map(
        name =>
          `${name} is left alone: a property of it has a tab or a line break in its value. Look for it with 'zfs get all'.`,
      ),
    ],
    skipped,
    datasets: new Map([...rows].map(([name, row]) => [name, stampOf(row)])),
    untouched: new Set([...rows].filter(([, row]) => row.get('written') === '0').map(([name]) => name)),
  }
}

function stampOf(row: Row): Stamp {
  const changed = row.get('snapshots_changed')
  return {
    stamp: STAMP.map(property => row.get(property) ?? '-').join(' '),
    changed: changed === undefined ? undefined : Number(changed),
  }
}

/**
 * Datasets with snapshots of which nobody has decided whether they may go: what could not be read, what has come since the
 * look or has another name, and what has no policy and other snapshots than then. `since` are stamps of datasets, read later.
 */
export function unjudged(
  { attached, skipped, datasets, unreadable }: Look,
  since: ReadonlyMap<string, Row> = new Map(),
): string[] {
  const judged = new Set(attached.map(({ name }) => name).filter(name => !skipped.has(name)))
  const others = [...since].filter(([name, row]) => {
    const then = datasets.get(name)
    return then === undefined || (!judged.has(name) && then.stamp !== stampOf(row).stamp)
  })
  return [...unreadable, ...others.map(([name]) => name)]
}

/** The id of the instance that a dataset belongs to. */
export function instanceOf(site: Site, dataset: string): string | undefined {
  const above = `${site.dataset}/instances/`
  return dataset.startsWith(above) ? dataset.slice(above.length).split('/')[0] : undefined
}

/**
 * Which of these datasets belong to an instance that is being switched right now, or whose switch was cut off and waits to be
 * resumed: exactly then its journal is there.
 */
export async function inSwitch(
  site: Site,
  datasets: readonly string[],
  machine: Pick<Probe, 'status'>,
): Promise<Map<string, string>> {
  const ids = new Set(datasets.flatMap(name => instanceOf(site, name) ?? []))
  const journals = await Promise.all(
    [...ids].map(async id => [id, await machine.status(instancePlaces(site, id).journal)] as const),
  )
  const switching = new Set(journals.filter(([, status]) => status !== undefined).map(([id]) => id))
  return new Map(
    datasets.flatMap(name => {
      const id = instanceOf(site, name)
      return id !== undefined && switching.has(id)
        ? [[name, `${id} is being switched to another blueprint`] as const]
        : []
    }),
  )
}

/** Those that are not below another. `names` are in the order of `zfs list`: what is below a dataset follows it. */
function topmost(names: readonly string[]): string[] {
  const tops: string[] = []
  for (const name of names) if (!tops.some(top => isAtOrBelow(name, top))) tops.push(name)
  return tops
}
