/** Which properties of datasets have to be read for a task: those it speaks of, and those that decide whether they can change. */
import { findProperty, isHiddenFromAll, isOfAllVersions } from '../../freebsd/zfs-properties.ts'
import { type Request, typeOf } from './requests.ts'

/** Where a dataset is mounted, what it comes from, whose key it uses, and who may change it. */
const ALWAYS = ['mountpoint', 'mounted', 'canmount', 'origin', 'encryption', 'encryptionroot', 'keystatus', 'jailed']
const OF_VOLUMES = ['volsize', 'volblocksize', 'refreservation']
/** What a limit is held against. */
const MEASURES: Readonly<Record<string, string>> = { quota: 'used', refquota: 'referenced' }

/** Undefined where all have to be read: they tell which ZFS this is, and so whether it has a property, or what its values are. */
export function propertiesToRead(requests: readonly Request[]): string[] | undefined {
  const given = [...new Set(requests.flatMap(({ properties }) => Object.keys(properties)))]
  const plain = given.filter(name => !isHiddenFromAll(name))
  if (!plain.every(isOfAllVersions)) return undefined
  const names = plain.map(name => findProperty(name)?.name ?? name)
  const measures = names.flatMap(name => MEASURES[name] ?? [])
  const volumes = requests.some(request => typeOf(request) === 'volume') ? OF_VOLUMES : []
  const ofVolumes = names.some(name => OF_VOLUMES.includes(name)) ? OF_VOLUMES : volumes
  return [...new Set([...ALWAYS, ...names, ...measures, ...ofVolumes])].filter(name => name !== 'type')
}
