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

export interface Look {
  readonly attached: readonly Attached[]
  /** Every dataset there is. */
  readonly datasets: ReadonlySet<string>
  /** Of every dataset below one that has a policy, from the oldest to the newest by transaction. */
  readonly snapshots: ReadonlyMap<string, readonly Snapshot[]>
  /** Datasets that are left alone for now, and why. */
  readonly skipped: ReadonlyMap<string, string>
  /** Datasets to which nothing was written since their newest snapshot. */
  readonly untouched: ReadonlySet<string>
  readonly problems: readonly string[]
}

export async function lookAtSnapshots(settings: Settings, machine: Probe): Promise<Look> {
  const watchesWrites = [...settings.policies.values()].some(({ skipEmpty }) => skipEmpty)
  const properties = [...decisive(settings), 'receive_resume_token', ...(watchesWrites ? ['written'] : [])]
  const datasets = await listAllDatasets(machine, properties)
  const { attached, problems } = attach(datasets, settings)
  const [listed, switching] = await Promise.all([
    listSnapshotsBelow(machine, topmost(attached.map(({ name }) => name))),
    instancesInSwitch(settings.site, attached, machine),
  ])
  const skipped = new Map<string, string>()
  for (const { name } of attached) {
    const instance = instanceOf(settings.site, name)
    if (instance !== undefined && switching.has(instance))
      skipped.set(name, `${instance} is being switched to another blueprint`)
    else if (datasets.get(name)?.has('receive_resume_token')) skipped.set(name, 'it is half received')
  }
  return {
    attached,
    problems,
    skipped,
    datasets: new Set(datasets.keys()),
    snapshots: new Map(
      [...listed].map(([name, all]) => [name, all.map(each => ({ name: each.name, time: timeOfOwn(each.name) }))]),
    ),
    untouched: new Set([...datasets].filter(([, row]) => row.get('written') === '0').map(([name]) => name)),
  }
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
