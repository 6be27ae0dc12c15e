/** A dataset comes into being: what `zfs create`, `zfs clone` and `zfs receive` have in common. */
import type { Machine } from '../machine.ts'
import type { Dataset } from '../state.ts'
import { parentName } from './names.ts'
import { findProperty, isSetOnce } from './table.ts'

export interface Birth {
  readonly name: string
  readonly type: Dataset['type']
  /** As validated, by canonical name; set-once ones among them go into `fixed`. */
  readonly stored?: ReadonlyMap<string, string>
  readonly fixed?: Readonly<Record<string, string>>
  readonly key?: NonNullable<Dataset['key']>
  readonly origin?: string
  /** Storage to copy; empty without. */
  readonly from?: string
}

/** Kept by children from their parents for life (zfs_ioctl.c, zfs_fill_zplprops). */
const HANDED_DOWN = ['utf8only', 'normalization', 'casesensitivity']

export function giveBirth(machine: Machine, birth: Birth): Dataset {
  const parent = machine.dataset(parentName(birth.name) ?? '')
  const fixed: Record<string, string> = {}
  for (const name of HANDED_DOWN) if (parent?.fixed[name] !== undefined) fixed[name] = parent.fixed[name]
  const local: Record<string, string> = {}
  for (const [name, value] of birth.stored ?? []) {
    const property = findProperty(machine.state.zfsVersion, name)
    if (property !== undefined && isSetOnce(property)) fixed[name] = value
    else local[name] = value
  }
  const storage = machine.id('storage')
  if (birth.from === undefined) machine.tree.createStorage(storage)
  else machine.tree.copyStorage(birth.from, storage)
  const createtxg = machine.changed()
  const dataset: Dataset = {
    name: birth.name,
    type: birth.type,
    guid: machine.guid(),
    createtxg,
    creation: machine.seconds,
    objsetid: createtxg * 2,
    storage,
    local,
    received: {},
    hidden: [],
    fixed: { ...fixed, ...birth.fixed },
    snapshots: [],
    bookmarks: [],
    allows: {},
    ...(birth.key && { key: birth.key }),
    ...(birth.origin === undefined ? {} : { origin: birth.origin }),
  }
  machine.add(dataset)
  return dataset
}
