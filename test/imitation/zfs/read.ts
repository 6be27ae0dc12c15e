/** What a property's value is and where it comes from, before it is printed. */
import type { Machine } from '../machine.ts'
import { mountOf } from '../mounts.ts'
import type { Dataset, Mount } from '../state.ts'
import { type Entry, entryOf, parentName, poolName } from './names.ts'
import { readReadonly } from './status.ts'
import { findProperty, isInheritable, type Property, propertyTable } from './table.ts'

/** `none` is what `get` prints as `-`. */
export type Source = 'local' | 'default' | 'received' | 'temporary' | 'none' | { readonly from: string }

export interface Value {
  readonly value: string
  readonly source: Source
}

/** The value of a native property, or undefined where the thing has none (zfs_prop_get fails). */
export function readProperty(machine: Machine, entry: Entry, property: Property): Value | undefined {
  const { dataset, kind } = entry
  if (!property.kinds.includes(kind)) return undefined
  // get_numeric_property: of a snapshot only what its dataset has too.
  const headless = ['s', 'fvsb'].includes(property.kinds)
  if (kind === 's' && !headless && !property.kinds.includes(entryOf(dataset).kind)) return undefined
  if (property.attribute === 'readonly') return readReadonly(machine, entry, property.name)
  if (property.attribute !== 'inherit' && property.attribute !== 'default') return readFixed(dataset, property)
  if (property.name === 'mountpoint') return readMountpoint(machine, dataset)
  if (property.name === 'version') return { value: '5', source: 'none' }
  const stored = readStored(machine, dataset, property)
  return kind === 'f' ? (temporary(machine, dataset, property.name, stored.value) ?? stored) : stored
}

export function readUserProperty(machine: Machine, entry: Entry, name: string): Value | undefined {
  const own = entry.snapshot?.properties[name]
  if (own !== undefined) return { value: own, source: 'local' }
  const found = lookUp(machine, entry.dataset, name, true)
  if (found === undefined) return undefined
  return entry.kind === 's' && typeof found.source === 'string'
    ? { value: found.value, source: { from: entry.dataset.name } }
    : found
}

export function userProperties(machine: Machine, entry: Entry): string[] {
  const names = new Set(Object.keys(entry.snapshot?.properties ?? {}))
  for (let at: Dataset | undefined = entry.dataset; at !== undefined; at = above(machine, at))
    for (const name of [...Object.keys(at.local), ...Object.keys(at.received)]) if (name.includes(':')) names.add(name)
  return [...names].filter(name => readUserProperty(machine, entry, name) !== undefined).sort()
}

/** The effective value, by name, of a property that can be stored. */
export function effective(machine: Machine, dataset: Dataset, name: string): string {
  const property = findProperty(machine.state.zfsVersion, name)
  if (property === undefined) throw new Error(`no property ${name}`)
  return readProperty(machine, entryOf(dataset), property)?.value ?? property.initial
}

function readStored(machine: Machine, dataset: Dataset, property: Property): Value {
  const inheritable = isInheritable(property)
  return lookUp(machine, dataset, property.name, inheritable) ?? { value: property.initial, source: 'default' }
}

function lookUp(machine: Machine, dataset: Dataset, name: string, inheritable: boolean): Value | undefined {
  for (let at: Dataset | undefined = dataset; at !== undefined; at = inheritable ? above(machine, at) : undefined) {
    const local = at.local[name]
    const received = at.hidden.includes(name) ? undefined : at.received[name]
    const value = local ?? received
    if (value === undefined) continue
    if (at !== dataset) return { value, source: { from: at.name } }
    return { value, source: local === undefined ? 'received' : 'local' }
  }
  return undefined
}

/**
 * Set once: a value that differs from the default has no source, one that equals it is `default`
 * (dsl_prop.c, dsl_prop_nvlist_add_uint64); the three of the ZPL version never have one (01-zfs.jsonl, `get all`).
 */
function readFixed(dataset: Dataset, property: Property): Value {
  const value = dataset.fixed[property.name] ?? property.initial
  const ofZpl = ['utf8only', 'normalization', 'casesensitivity'].includes(property.name)
  return { value, source: ofZpl || value !== property.initial ? 'none' : 'default' }
}

/** zfs_prop_get, ZFS_PROP_MOUNTPOINT: an inherited path goes on with the rest of the name; altroot comes before it. */
function readMountpoint(machine: Machine, dataset: Dataset): Value {
  const found = lookUp(machine, dataset, 'mountpoint', true)
  const stored = found?.value ?? '/'
  const source = found?.source ?? 'default'
  if (!stored.startsWith('/')) return { value: stored, source }
  const from = typeof source === 'object' ? source.from : source === 'default' ? '' : dataset.name
  const rest = dataset.name.slice(from.length).replace(/^\//, '')
  const root = (machine.state.pools.find(pool => pool.name === poolName(dataset.name))?.altroot ?? '').replace(
    /\/$/,
    '',
  )
  const base = stored === '/' && (root !== '' || rest !== '') ? '' : stored
  return { value: `${root}${base}${rest === '' ? '' : `/${rest}`}` || '/', source }
}

const OPTION_OF: Readonly<Record<string, { readonly on?: string; readonly off?: string }>> = {
  atime: { on: 'atime', off: 'noatime' },
  exec: { on: 'exec', off: 'noexec' },
  readonly: { on: 'ro', off: 'rw' },
}

/** get_numeric_property: a mount option that contradicts the stored value is shown, as temporary. */
function temporary(machine: Machine, dataset: Dataset, name: string, stored: string): Value | undefined {
  const options = mountOf(machine, dataset.name)?.options ?? []
  const option = OPTION_OF[name]
  if (stored === 'off' && option?.on !== undefined && options.includes(option.on))
    return { value: 'on', source: 'temporary' }
  if (name === 'readonly') return undefined
  if (stored === 'on' && option?.off !== undefined && options.includes(option.off))
    return { value: 'off', source: 'temporary' }
  return undefined
}

/** The flags a mounted dataset's properties amount to. 02-mounts.jsonl: `nosuid` given to mount(8) is not among them. */
export function mountFlags(machine: Machine, mount: Mount): string[] {
  const dataset = machine.dataset(mount.special)
  if (dataset === undefined) return ['local']
  const is = (name: string) => effective(machine, dataset, name)
  return [
    'local',
    ...(is('atime') === 'off' ? ['noatime'] : []),
    ...(is('exec') === 'off' ? ['noexec'] : []),
    ...(is('setuid') === 'off' ? ['nosuid'] : []),
    ...(is('readonly') === 'on' ? ['read-only'] : []),
    // Whatever acltype says (01-zfs.jsonl, `mount -p` after acltype=noacl; zfs_vfsops_os.c, zfs_domount).
    'nfsv4acls',
  ]
}

export function above(machine: Machine, dataset: Dataset): Dataset | undefined {
  const parent = parentName(dataset.name)
  return parent === undefined ? undefined : machine.dataset(parent)
}

export const isKnown = (machine: Machine, name: string) => propertyTable(machine.state.zfsVersion).has(name)
