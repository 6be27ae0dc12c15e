/** Which properties of datasets have to be read for a task: those it speaks of, and those that decide whether they can change. */
import type { Dataset } from '../../freebsd/zfs.ts'
import { findProperty, isHiddenFromAll, isOfAllVersions } from '../../freebsd/zfs-properties.ts'
import { formerNames, type Request, typeOf } from './requests.ts'
import { knownFrom, normalizeWanted } from './values.ts'

/** Where a dataset is mounted, what it comes from, whose key it uses, and who may change it. */
const ALWAYS = ['mountpoint', 'mounted', 'canmount', 'origin', 'encryption', 'encryptionroot', 'keystatus', 'jailed']
const OF_VOLUMES = ['volsize', 'volblocksize', 'refreservation']
/** What a limit is held against, and takes ZFS a while to add up. */
export const MEASURES: readonly string[] = ['used', 'referenced']

/** Undefined where all have to be read: they tell which ZFS this is, and so whether it has a property, or what its values are. */
export function propertiesToRead(requests: readonly Request[]): string[] | undefined {
  const given = [...new Set(requests.flatMap(({ properties }) => Object.keys(properties)))]
  const plain = given.filter(name => !isHiddenFromAll(name))
  if (!plain.every(isOfAllVersions)) return undefined
  const names = plain.map(name => findProperty(name)?.name ?? name)
  const volumes = requests.some(request => typeOf(request) === 'volume') ? OF_VOLUMES : []
  const ofVolumes = names.some(name => OF_VOLUMES.includes(name)) ? OF_VOLUMES : volumes
  return [...new Set([...ALWAYS, ...names, ...ofVolumes])].filter(name => name !== 'type')
}

/** Those whose limits are to change, by the names that they have. */
export function datasetsToMeasure(requests: readonly Request[], datasets: ReadonlyMap<string, Dataset>): string[] {
  const known = knownFrom(datasets.values())
  const formerName = formerNames(requests)
  const changes = ({ properties }: Request, dataset: Dataset) =>
    Object.entries(properties).some(([name, value]) => {
      if (name !== 'quota' && name !== 'refquota') return false
      const wanted = normalizeWanted(name, value, dataset.type, known)
      return 'value' in wanted && wanted.value !== dataset.properties.get(name)?.value
    })
  return requests.flatMap(request => {
    const dataset = datasets.get(request.name) ?? datasets.get(formerName(request.name))
    const isMeasured = dataset === undefined || MEASURES.every(name => dataset.properties.has(name))
    return isMeasured || request.state === 'absent' || !changes(request, dataset) ? [] : [dataset.name]
  })
}
