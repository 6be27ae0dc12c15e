/** What an instance_restore task asks for, with everything that can be wrong with the words alone. */
import { InvalidOptions } from '../../core/errors.ts'
import { datasetNameProblem, isAtOrBelow, snapshotNameProblem } from '../../freebsd/zfs-names.ts'
import { checkInstanceId, type InstancePlaces, instancePlaces } from '../layout.ts'
import { siteOf } from '../site.ts'
import { momentOf, type Wish } from './moment.ts'

export interface TaskOptions {
  readonly id: string
  readonly parts?: readonly string[] | undefined
  readonly files?: readonly string[] | undefined
  readonly as_of?: string | undefined
  readonly timezone: string
  readonly snapshot?: string | undefined
  readonly from?: string | undefined
  readonly in_place: boolean
  readonly adopt: boolean
  readonly hosting_dataset?: string | undefined
  readonly hosting_path?: string | undefined
}

export interface Request {
  readonly id: string
  readonly places: InstancePlaces
  /** Where the snapshots are: the instance's own dataset, or a copy of it. */
  readonly from: string
  readonly isCopy: boolean
  /** Names of datasets below the instance's; undefined for all. */
  readonly parts: readonly string[] | undefined
  /** Paths in the instance. Empty: datasets are restored, whole. */
  readonly files: readonly string[]
  readonly wish: Wish
  readonly inPlace: boolean
  /** What is made of a copy does not depend on it any more, and has its snapshots. */
  readonly adopts: boolean
}

export function requestOf(options: TaskOptions): Request {
  const { as_of, snapshot, timezone, from, in_place: inPlace } = options
  const id = checkInstanceId(options.id)
  const site = siteOf(options)
  const places = instancePlaces(site, id)
  if (options.files !== undefined && options.parts !== undefined)
    throw new InvalidOptions('give `files` or `parts`: whole datasets or some files of them')
  if (as_of !== undefined && snapshot !== undefined)
    throw new InvalidOptions('give `as_of` or `snapshot`: one of them says which it is')
  const problem =
    (from === undefined ? undefined : datasetNameProblem(from)) ??
    (snapshot === undefined ? undefined : snapshotNameProblem(`a@${snapshot}`))
  if (problem !== undefined) throw new InvalidOptions(`'${from ?? snapshot}' cannot be used: ${problem}`)
  if (
    from !== undefined &&
    from !== places.dataset &&
    (isAtOrBelow(from, places.dataset) || isAtOrBelow(places.dataset, from))
  )
    throw new InvalidOptions(`from: ${from} and ${places.dataset} lie in each other`)
  for (const [name, list] of Object.entries({ files: options.files, parts: options.parts }))
    if (list?.length === 0) throw new InvalidOptions(`${name}: the list is empty. Leave it out for the whole instance`)
  return {
    id,
    places,
    from: from ?? places.dataset,
    isCopy: from !== undefined && from !== places.dataset,
    parts: options.parts?.map(part => inside(part).replaceAll('/', '-')),
    files: options.files?.map(inside) ?? [],
    wish: {
      ...(snapshot !== undefined && { snapshot }),
      ...(as_of !== undefined && { moment: momentOf(as_of, timezone) }),
    },
    inPlace,
    adopts: options.adopt,
  }
}

/** A path in the instance, without the slash before it. */
function inside(given: string): string {
  const path = given.replace(/^\/+|\/+$/g, '')
  const words = path.split('/')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters in names are what is looked for
  if (words.some(word => word === '' || word === '.' || word === '..') || /[\x00-\x1f]/.test(path))
    throw new InvalidOptions(`'${given}' is no plain path in the instance, like home/anna/site`)
  return path
}
