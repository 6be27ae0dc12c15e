/** What was seen of a host, and what it says of an instance and its datasets. */
import type { PathStatus } from '../../core/host.ts'
import type { Jail } from '../../freebsd/jls.ts'
import { isWithin, type Mount } from '../../freebsd/mount.ts'
import { ownValue, type Selected } from '../../freebsd/zfs-selected.ts'
import { blueprintDataset, PROPERTY, sharedDataset, type Writable } from '../layout.ts'
import { arriving } from '../restore/names.ts'
import type { Difference } from './amend-compare.ts'
import type { PlannedMount } from './mounts.ts'
import type { Request } from './requests.ts'

/** What the kernel and ZFS say: three processes, however many instances. */
export interface Kernel {
  /** In the order of mounting. */
  readonly mounts: readonly Mount[]
  readonly jails: readonly Jail[]
  readonly datasets: ReadonlyMap<string, Selected>
}

export interface World extends Kernel {
  /** Of the paths that were looked at, those where something is. */
  readonly status: ReadonlyMap<string, PathStatus>
  readonly texts: ReadonlyMap<string, string>
  readonly names: ReadonlyMap<string, readonly string[]>
  /** Between revisions of blueprints, as instance-amend.ts names them. */
  readonly differences: ReadonlyMap<string, Difference>
}

/** What is read of each dataset. */
export const DATASET_PROPERTIES: readonly string[] = [
  'type',
  'mountpoint',
  'mounted',
  'encryptionroot',
  'keystatus',
  'logicalreferenced',
  PROPERTY.format,
  PROPERTY.seeded,
  PROPERTY.blueprint,
  PROPERTY.revision,
  PROPERTY.added,
  PROPERTY.moved,
  PROPERTY.arrived,
]

export const datasetsOf = ({ site, places, blueprint, state, writables, extras }: Request): string[] =>
  state === 'absent'
    ? [places.dataset]
    : [
        places.dataset,
        blueprintDataset(site, blueprint),
        ...writables.map(({ dataset }) => `${places.dataset}/${dataset}`),
        ...extras.flatMap(({ source }) => (source.kind === 'shared' ? [sharedDataset(site, source.name)] : [])),
      ]

/** What a restore that was cut off has yet to put in the place of a part that is not there, or that holds nothing of an instance. */
export const arrivingAt = (requests: readonly Request[], kernel: Kernel): string[] =>
  requests
    .filter(({ state }) => state === 'present')
    .flatMap(request => partsOf(request, kernel))
    .filter(({ seeded }) => seeded === 'no')
    .map(({ dataset }) => arriving(dataset))

/** `dying`: gone, but the kernel has not let go of everything yet. */
export function lifeOf({ id, places }: Request, jails: readonly Jail[]): 'running' | 'dying' | 'stopped' {
  const own = jails.filter(({ name, path }) => name === id || isWithin(path, places.root))
  if (own.some(({ isDying }) => !isDying)) return 'running'
  return own.length > 0 ? 'dying' : 'stopped'
}

/** A writable dataset of an instance. */
export interface Part extends Pick<Writable, 'path'> {
  readonly dataset: string
  /** Where it is mounted to be filled, or to be given mount points. */
  readonly seed: string
  readonly properties: Selected | undefined
  /** `begun`: we were interrupted, and all that is in it is ours. */
  readonly seeded: 'yes' | 'begun' | 'no'
  readonly mountedAt: string | undefined
}

export function partsOf({ places, writables }: Request, { datasets, mounts }: Kernel): Part[] {
  const nodes = nodesOfDatasets(mounts)
  return writables.map(({ path, dataset: short }) => {
    const dataset = `${places.dataset}/${short}`
    const properties = datasets.get(dataset)
    const mark = properties === undefined ? undefined : ownValue(properties, PROPERTY.seeded)
    return {
      path,
      dataset,
      seed: `${places.seed}/${short}`,
      properties,
      seeded: mark === undefined || mark === 'no' ? 'no' : mark === BEGUN ? 'begun' : 'yes',
      mountedAt: nodes.get(dataset),
    }
  })
}

/** Made once for a table: with fifty instances it has hundreds of lines, and is asked about hundreds of datasets. */
function nodesOfDatasets(mounts: readonly Mount[]): ReadonlyMap<string, string> {
  const known = indexes.get(mounts)
  if (known !== undefined) return known
  const zfs = mounts.filter(({ fstype }) => fstype === 'zfs')
  // The first of equal names counts.
  const nodes = new Map(zfs.reverse().map(({ special, node }) => [special, node]))
  indexes.set(mounts, nodes)
  return nodes
}
const indexes = new WeakMap<readonly Mount[], ReadonlyMap<string, string>>()

/** Values of PROPERTY.seeded. An operator who has filled a dataset by hand may set any other but `no`. */
export const BEGUN = 'begun'
export const SEEDED = 'yes'

/** What an instance's plan is made from. */
export interface Instance {
  readonly request: Request
  readonly planned: readonly PlannedMount[]
  readonly parts: readonly Part[]
  readonly life: 'running' | 'dying' | 'stopped'
}

export const property = (properties: Selected | undefined, name: string): string | undefined =>
  properties?.get(name)?.value
