/** Read-only properties: what ZFS reports about a thing. */
import type { Machine } from '../machine.ts'
import { mountOf } from '../mounts.ts'
import type { Dataset } from '../state.ts'
import { clonesOf, type Entry, entryOf, originOf } from './names.ts'
import { above, type Value } from './read.ts'
import * as space from './space.ts'

type Reader = (machine: Machine, entry: Entry) => string | number | undefined

export function readReadonly(machine: Machine, entry: Entry, name: string): Value | undefined {
  const value = readers[name]?.(machine, entry)
  if (value === undefined) return undefined
  // get_numeric_property: where the counts are not kept, they are the default (UINT64_MAX).
  return { value: String(value), source: name.endsWith('_count') ? 'default' : 'none' }
}

const referenced: Reader = (machine, { dataset, snapshot, bookmark }) =>
  bookmark === undefined ? (snapshot?.referenced ?? space.referenced(machine, dataset)) : undefined

const readers: Readonly<Record<string, Reader>> = {
  name: (_, { name }) => name,
  type: (_, { kind, dataset }) => (kind === 's' ? 'snapshot' : kind === 'b' ? 'bookmark' : dataset.type),
  creation: (_, { dataset, snapshot, bookmark }) => (snapshot ?? bookmark ?? dataset).creation,
  createtxg: (_, { dataset, snapshot, bookmark }) => (snapshot ?? bookmark ?? dataset).createtxg,
  guid: (_, { dataset, snapshot, bookmark }) => (snapshot ?? bookmark ?? dataset).guid,
  objsetid: (_, { dataset, snapshot }) => (snapshot === undefined ? dataset.objsetid : snapshot.createtxg * 2 + 1),
  used: (machine, { dataset, snapshot }) =>
    snapshot === undefined ? space.used(machine, dataset) : space.usedBySnapshot(machine, dataset, snapshot),
  available: (machine, { dataset }) => space.available(machine, dataset),
  referenced,
  logicalreferenced: referenced,
  logicalused: (machine, { dataset }) => space.used(machine, dataset),
  compressratio: (_, { kind }) => (kind === 'b' ? undefined : '1.00'),
  refcompressratio: () => '1.00',
  written: (machine, { dataset, snapshot }) => {
    if (snapshot === undefined) return space.written(machine, dataset)
    const before = dataset.snapshots[dataset.snapshots.indexOf(snapshot) - 1]
    if (before?.fingerprint === snapshot.fingerprint) return 0
    return Math.max(512, snapshot.referenced - (before?.referenced ?? 0))
  },
  usedbysnapshots: (machine, { dataset }) => space.usedBySnapshots(machine, dataset),
  usedbydataset: (machine, { dataset }) => space.referenced(machine, dataset),
  usedbychildren: (machine, { dataset }) => space.usedByChildren(machine, dataset),
  usedbyrefreservation: (machine, { dataset }) => space.usedByRefreservation(machine, dataset),
  mounted: (machine, { name }) => (mountOf(machine, name) === undefined ? 'no' : 'yes'),
  origin: (machine, { dataset }) => originOf(machine, dataset)?.name,
  numclones: (machine, entry) => clonesOf(machine, entry).length,
  clones: (machine, entry) => {
    const names = clonesOf(machine, entry).map(clone => clone.name)
    return names.length === 0 ? undefined : names.sort().join(',')
  },
  userrefs: (_, { snapshot }) => Object.keys(snapshot?.holds ?? {}).length,
  defer_destroy: (_, { snapshot }) => (snapshot?.deferred ? 'on' : 'off'),
  snapshots_changed: (_, { dataset, snapshot }) => (snapshot === undefined ? dataset.snapshotsChanged : undefined),
  filesystem_count: () => 'none',
  snapshot_count: () => 'none',
  receive_resume_token: (_, { dataset }) => dataset.resumeToken,
  encryptionroot: (machine, { dataset }) => encryptionRoot(machine, dataset)?.name,
  keystatus: (machine, { dataset }) => {
    const root = encryptionRoot(machine, dataset)
    return root === undefined ? undefined : root.key?.loaded ? 'available' : 'unavailable'
  },
}

/** The nearest dataset upwards that has a key of its own; undefined where nothing is encrypted. */
export function encryptionRoot(machine: Machine, dataset: Dataset): Dataset | undefined {
  if ((dataset.fixed.encryption ?? 'off') === 'off') return undefined
  for (let at: Dataset | undefined = dataset; at !== undefined; at = above(machine, at))
    if (at.key !== undefined) return at
  return entryOf(dataset).dataset
}

export const isLocked = (machine: Machine, dataset: Dataset) => encryptionRoot(machine, dataset)?.key?.loaded === false
