/** What decides about snapshots, read in two processes however many datasets and snapshots there are. */
import type { Probe } from '../../core/host.ts'
import { isAtOrBelow } from '../../freebsd/zfs-names.ts'
import { listAllDatasets, listSnapshotsBelow } from '../../freebsd/zfs-snapshots.ts'
import { instancePlaces, type Site } from '../layout.ts'
import { type Attached, attach, decisive } from './attach.ts'
import { timeOfOwn } from './names.ts'
import type { Settings } from './settings.ts'

export interface Snapshot {
  readonly name: string
  /** Seconds since 1970 by its name; undefined where the name is not ours. */
  readonly time: number | undefined
}

/** What the datasets say of themselves. */
export interface Survey {
  readonly attached: readonly Attached[]
  /** Every dataset there is. */
  readonly datasets: ReadonlySet<string>
  /** Datasets that are left alone for now, and why. */
  readonly skipped: ReadonlyMap<string, string>
  /** Datasets to which nothing was written since their newest snapshot. */
  readonly untouched: ReadonlySet<string>
  /** When snapshots of a dataset last came or went, in seconds since 1970; not of those that never had any. */
  readonly changes: ReadonlyMap<string, number>
  readonly problems: readonly string[]
}

export interface Look extends Survey {
  /** Of every dataset below one that has a policy, from the oldest to the newest by transaction. */
  readonly snapshots: ReadonlyMap<string, readonly Snapshot[]>
}

export async function surveyDatasets(settings: Settings, machine: Probe): Promise<Survey> {
  const watchesWrites = [...settings.policies.values()].some(({ skipEmpty }) => skipEmpty)
  const own = ['receive_resume_token', 'snapshots_changed', ...(watchesWrites ? ['written'] : [])]
  const datasets = await listAllDatasets(machine, [...decisive(settings), ...own])
  const { attached, problems } = attach(datasets, settings)
  const switching = await instancesInSwitch(settings.site, attached, machine)
  const skipped = new Map<string, string>()
  const changes = new Map<string, number>()
  for (const { name } of attached) {
    const row = datasets.get(name)
    const instance = instanceOf(settings.site, name)
    if (instance !== undefined && switching.has(instance))
      skipped.set(name, `${instance} is being switched to another blueprint`)
    else if (row?.has('receive_resume_token')) skipped.set(name, 'it is half received')
    const changed = row?.get('snapshots_changed')
    if (changed !== undefined) changes.set(name, Number(changed))
  }
  return {
    attached,
    problems,
    skipped,
    changes,
    datasets: new Set(datasets.keys()),
    untouched: new Set([...datasets].filter(([, row]) => row.get('written') === '0').map(([name]) => name)),
  }
}

export async function lookAtSnapshots(settings: Settings, machine: Probe, surveyed?: Survey): Promise<Look> {
  const survey = surveyed ?? (await surveyDatasets(settings, machine))
  const listed = await listSnapshotsBelow(machine, topmost(survey.attached.map(({ name }) => name)))
  const timed = (all: readonly { readonly name: string }[]) =>
    all.map(({ name }): Snapshot => ({ name, time: timeOfOwn(name) }))
  return { ...survey, snapshots: new Map([...listed].map(([name, all]) => [name, timed(all)])) }
}

/** The id of the instance that a dataset belongs to. */
export function instanceOf(site: Site, dataset: string): string | undefined {
  const above = `${site.dataset}/instances/`
  return dataset.startsWith(above) ? dataset.slice(above.length).split('/')[0] : undefined
}

/** A switch's journal exists exactly while it is under way, or was cut off and waits to be resumed. */
async function instancesInSwitch(site: Site, attached: readonly Attached[], machine: Probe): Promise<Set<string>> {
  const ids = new Set(attached.flatMap(({ name }) => instanceOf(site, name) ?? []))
  const journals = await Promise.all(
    [...ids].map(async id => [id, await machine.status(instancePlaces(site, id).journal)] as const),
  )
  return new Set(journals.filter(([, status]) => status !== undefined).map(([id]) => id))
}

/** Those that are not below another. `names` are in the order of `zfs list`: what is below a dataset follows it. */
function topmost(names: readonly string[]): string[] {
  const tops: string[] = []
  for (const name of names) if (!tops.some(top => isAtOrBelow(name, top))) tops.push(name)
  return tops
}
