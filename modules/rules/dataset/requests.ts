/** What a zfs_dataset task asks for, one request a dataset, in the order in which datasets can be made. */
import { InvalidOptions } from '../../core/errors.ts'
import type { Scalar } from '../../core/options.ts'
import { datasetNameProblem, parentOf, snapshotNameProblem } from '../../freebsd/zfs-names.ts'
import type { DatasetType } from '../../freebsd/zfs-properties.ts'
import { oneOrList, repeatedIn, withoutUndefined } from '../listed.ts'

/** The options that a dataset of the list and the task itself have alike. */
export interface DatasetOptions {
  readonly state?: 'present' | 'absent' | undefined
  readonly type?: DatasetType | undefined
  readonly properties?: Readonly<Record<string, Scalar>> | undefined
  readonly origin?: string | undefined
  readonly promoted?: boolean | undefined
  readonly renamed_from?: string | undefined
  readonly parents?: boolean | undefined
  readonly reserved_by?: string | undefined
  readonly sparse?: boolean | undefined
  readonly mounted?: boolean | undefined
  readonly mode?: number | undefined
  readonly key?: string | undefined
  readonly recursive?: boolean | undefined
  readonly allow_shrink?: boolean | undefined
  readonly settings?: 'own' | 'effective' | undefined
}

export interface TaskOptions extends DatasetOptions {
  readonly name?: string | undefined
  readonly datasets?: readonly ({ readonly name: string } & DatasetOptions)[] | undefined
}

export interface Request extends DatasetOptions {
  readonly name: string
  readonly state: 'present' | 'absent'
  readonly properties: Readonly<Record<string, Scalar>>
}

/**
 * One request for each dataset, ancestors before descendants. What stands beside `datasets` holds for each dataset that
 * does not say otherwise; properties are put together key by key.
 */
export function requestsOf(task: TaskOptions): Request[] {
  const { name, datasets, ...common } = task
  const listed = oneOrList('dataset', 'name', name, datasets)
  const requests = listed.map(own => ({
    ...common,
    ...withoutUndefined(own),
    state: own.state ?? common.state ?? 'present',
    properties: { ...common.properties, ...own.properties },
  }))
  const problems = [...requests.flatMap(problemsOf), ...repeatedIn(requests.map(({ name }) => name))]
  if (problems.length > 0) throw new InvalidOptions(problems.join('; '))
  return requests.sort((a, b) => depthOf(a.name) - depthOf(b.name))
}

export const depthOf = (name: string) => name.split('/').length

/** The dataset that keeps this name for itself, where it is there. */
export const reservingName = ({ name, reserved_by: ending }: Request) =>
  ending === undefined ? undefined : name + ending

/** Those that must be looked for: of datasets that are not there. */
export const reservingNames = (requests: readonly Request[], datasets: ReadonlyMap<string, unknown>): string[] =>
  requests
    .filter(({ name, state }) => state === 'present' && !datasets.has(name))
    .flatMap(request => reservingName(request) ?? [])

/** Every dataset above `name`, the pool's own first. */
export function ancestorsOf(name: string): string[] {
  const parent = parentOf(name)
  return parent === undefined ? [] : [...ancestorsOf(parent), parent]
}

/** What datasets are called before the renames of `requests` are done. */
export function formerNames(requests: readonly Request[]): (name: string) => string {
  const renames = new Map(
    requests.flatMap(({ name, renamed_from, state }) =>
      renamed_from === undefined || state === 'absent' ? [] : [[name, renamed_from] as const],
    ),
  )
  return name => {
    const nearest = [name, ...ancestorsOf(name).reverse()].find(above => renames.has(above)) ?? name
    return (renames.get(nearest) ?? nearest) + name.slice(nearest.length)
  }
}

function problemsOf(request: Request): string[] {
  const { name, origin, renamed_from, reserved_by } = request
  const say = (option: string, value: string | undefined, problem: string | undefined) =>
    problem === undefined ? [] : [`${option} ${JSON.stringify(value)} cannot be used: ${problem}`]
  const clashes = (
    ['origin', 'promoted', 'renamed_from', 'reserved_by', 'sparse', 'mounted', 'mode', 'key', 'parents'] as const
  ).filter(option => request.state === 'absent' && request[option] !== undefined && request[option] !== false)

  return [
    ...say('the dataset name', name, datasetNameProblem(name)),
    ...say('origin', origin, origin === undefined ? undefined : snapshotNameProblem(origin)),
    ...say('renamed_from', renamed_from, renamed_from === undefined ? undefined : datasetNameProblem(renamed_from)),
    ...say('reserved_by', reserved_by, reserved_by === undefined ? undefined : datasetNameProblem(name + reserved_by)),
    ...(renamed_from === name ? [`${name}: renamed_from is the name itself`] : []),
    ...(clashes.length > 0 ? [`${name}: with state=absent these mean nothing: ${clashes.join(', ')}`] : []),
    ...(request.type === 'filesystem' && (request.sparse || 'volsize' in request.properties)
      ? [`${name}: volsize and sparse are for volumes, and type=filesystem was asked for`]
      : []),
    ...(typeOf(request) === 'volume' && (request.mounted !== undefined || request.mode !== undefined)
      ? [`${name}: a volume is not mounted, so \`mounted\` and \`mode\` mean nothing for it`]
      : []),
  ]
}

/** What kind of dataset is asked for, where the request tells. */
export function typeOf({ type, sparse, properties }: Request): DatasetType | undefined {
  return type ?? ('volsize' in properties || sparse !== undefined ? 'volume' : undefined)
}
