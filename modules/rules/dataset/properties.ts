/** Whether a dataset already has a wanted property, and if not, how it gets it or why it cannot. */
import type { Dataset, PropertyState } from '../../freebsd/zfs.ts'
import { type DatasetType, humanSize, type Property, parseSize, printSize } from '../../freebsd/zfs-properties.ts'
import { type Known, lookUp, tidyPath, type Wanted } from './values.ts'

export interface Circumstances {
  readonly known: Known
  /** `own`: what can be inherited must be set on the dataset itself; `effective`: only the value counts. */
  readonly settings?: 'own' | 'effective' | undefined
  readonly allowShrink?: boolean | undefined
  /** Where the pool's mountpoints are moved to. Needed only where `looksRelocated`. */
  readonly altroot?: string | undefined
  /** Inherit means back to the received value (`zfs inherit -S`). */
  readonly received?: boolean | undefined
  /** What volsize is wanted for this volume: a change of it moves refreservation (fact zfs-6). */
  readonly volsize?: string | undefined
}

export type Decision =
  | { readonly kind: 'same'; readonly warning?: string }
  /** `after` is what zfs will then show, and undefined if only ZFS can tell. */
  | { readonly kind: 'set'; readonly value: string; readonly after: string | undefined }
  | { readonly kind: 'inherit'; readonly received: boolean }
  /** A sentence without the dataset's name, which belongs before it. */
  | { readonly kind: 'refuse'; readonly reason: string }

const SAME: Decision = { kind: 'same' }
const refuse = (reason: string): Decision => ({ kind: 'refuse', reason })

/** `wanted` comes from `normalizeWanted`, for a dataset of this type. Equal is never set again: that can fail (fact zfs-5). */
export function compareProperty(wanted: Wanted, dataset: Dataset, circumstances: Circumstances): Decision {
  const { property: name, value } = wanted
  const property = lookUp(name, circumstances.known)
  const state = dataset.properties.get(name)
  if (property === undefined) return refuse(`there is no property '${name}' on this host.`)
  if (value === null) return inherit(name, state, dataset, circumstances.received ?? false)

  const set: Decision = { kind: 'set', value, after: shownAfter(name, value, circumstances) }
  if (state === undefined && property.user) return set
  if (state === undefined || (state.value === '-' && !property.user)) return refuse(explainUnreadable(name, dataset))

  const stored = storedValue(state)
  if (!isEqual(property, value, stored, dataset, circumstances)) {
    const objection = objectTo(property, value, stored, dataset, circumstances)
    return objection === undefined ? set : refuse(objection)
  }
  if (state.source === 'temporary')
    return {
      kind: 'same',
      warning: `${name} is ${state.value} through a mount option, so whether ${stored} is set here or inherited cannot be seen.`,
    }
  // A mountpoint that is right is left alone whatever its source: setting it would unmount (ansible issue 29422).
  const mustBeOwn = property.inheritable && property.settable === 'always' && name !== 'mountpoint'
  if (!mustBeOwn || circumstances.settings === 'effective' || !/^(default|inherited)/.test(state.source)) return SAME
  const objection = objectToJailed(name, dataset)
  return objection === undefined ? set : refuse(objection)
}

function inherit(name: string, state: PropertyState | undefined, dataset: Dataset, received: boolean): Decision {
  if (state?.source === 'temporary')
    return {
      kind: 'same',
      warning: `${name} is ${state.value} through a mount option, so whether it is inherited cannot be seen, and it is left alone.`,
    }
  if (state?.source !== 'local' && (state?.source !== 'received' || received)) return SAME
  const objection = objectToJailed(name, dataset)
  return objection === undefined ? { kind: 'inherit', received } : refuse(objection)
}

/**
 * `temporary` is shown only where a mount option contradicts a stored switch, so that is the other one
 * (get_numeric_property(), openzfs lib/libzfs/libzfs_dataset.c).
 */
const storedValue = ({ value, source }: PropertyState) =>
  source !== 'temporary' ? value : value === 'on' ? 'off' : 'on'

function isEqual(
  property: Property,
  value: string,
  stored: string,
  dataset: Dataset,
  { altroot, volsize }: Circumstances,
) {
  switch (property.name) {
    case 'mountpoint':
      return tidyPath(withoutAltroot(stored, altroot)) === value
    case 'refreservation':
      // A change of volsize would take it along, so it goes into the same command.
      if (volsize !== undefined && !hasVolsize(dataset, volsize)) return value === 'none' && stored === 'none'
      return value === 'auto' ? numberOf(stored) >= numberOf(shown(dataset, 'volsize')) : stored === value
    case 'volsize':
      return hasVolsize(dataset, value)
    default:
      // Both sides, so that a table of another version does no harm.
      return (property.names.get(stored) ?? stored) === value
  }
}

/** A size that is no multiple of the block was rounded up when the volume was made. */
const hasVolsize = (dataset: Dataset, volsize: string) =>
  [volsize, createdVolsize(volsize, shown(dataset, 'volblocksize'))].includes(shown(dataset, 'volsize'))

/** Why ZFS would refuse to change a property from `stored` to `value`, or why that would lose something. */
function objectTo(property: Property, value: string, stored: string, dataset: Dataset, { allowShrink }: Circumstances) {
  const { name } = property
  if (property.settable === 'creation') {
    const [here, there] = apart(property, stored, value)
    const wayOut = /^(keyformat|pbkdf2iters)$/.test(name)
      ? "Use 'zfs change-key'."
      : 'Make a new one and copy what is in it.'
    return `${name} is fixed when a ${dataset.type} is created; it is ${here} here, not ${there}. ${wayOut}`
  }
  switch (name) {
    case 'quota':
      return objectToQuota(property, value, 'used', dataset)
    case 'refquota':
      return objectToQuota(property, value, 'referenced', dataset)
    case 'volsize':
      return objectToVolsize(property, value, stored, dataset, allowShrink ?? false)
    case 'keylocation':
      return objectToKeylocation(value, dataset)
    case 'copies':
      return value === '3' && isEncrypted(dataset) ? 'copies cannot be 3: the dataset is encrypted.' : undefined
    case 'version':
      return Number(value) < Number(stored) ? `version cannot go down from ${stored} to ${value}.` : undefined
    default:
      return objectToJailed(name, dataset)
  }
}

function objectToQuota(property: Property, value: string, measure: 'used' | 'referenced', dataset: Dataset) {
  const taken = shown(dataset, measure)
  if (value === 'none' || numberOf(value) >= numberOf(taken)) return undefined
  const [limit, use] = apart(property, value, taken)
  return `${property.name} cannot become ${limit}: ${use} are in use (${measure}). Free space, or choose a larger one.`
}

function objectToVolsize(property: Property, value: string, stored: string, dataset: Dataset, allowShrink: boolean) {
  const block = shown(dataset, 'volblocksize')
  if (createdVolsize(value, block) !== value)
    return `volsize cannot become ${printSize(numberOf(value))}: it must be a multiple of the volume's block size, ${humanSize(numberOf(block))}.`
  const [size, current] = apart(property, value, stored)
  return numberOf(value) < numberOf(stored) && !allowShrink
    ? `volsize would shrink from ${current} to ${size}, and what lies beyond is lost. If that is meant, say allow_shrink: true.`
    : undefined
}

function objectToKeylocation(value: string, dataset: Dataset) {
  const root = shown(dataset, 'encryptionroot')
  if (!isEncrypted(dataset)) return `keylocation cannot be '${value}': the dataset is not encrypted.`
  if (root !== dataset.name) return `keylocation belongs to ${root}, whose key this dataset uses. Set it there.`
  return value === 'none' ? "keylocation cannot be 'none': the dataset is encrypted." : undefined
}

/** libzfs refuses these from the host while the dataset belongs to a jail (zfs_valid_proplist(), zfs_prop_inherit()). */
function objectToJailed(name: string, owner: Dataset): string | undefined {
  const isMountOrShare = /^(mountpoint|sharenfs|sharesmb)$/.test(name)
  return isMountOrShare && shown(owner, 'jailed') === 'on'
    ? `${name} cannot be changed from the host while jailed is on. Change it inside the jail, or set jailed to off in a task before.`
    : undefined
}

function explainUnreadable(name: string, dataset: Dataset): string {
  if (name.includes('@')) return `${name} cannot be read: does this host know that user, group or project?`
  const wayOut = shown(dataset, 'keystatus') === 'unavailable' ? ' Its key is not loaded: load it first.' : ''
  return `${name} cannot be read on this ${dataset.type}.${wayOut}`
}

/**
 * Why a dataset cannot be made with these properties, or undefined. `parent` is the one it will have, if that exists.
 * Encryption: zfs_crypto_create(), openzfs lib/libzfs/libzfs_crypto.c.
 */
export function objectToCreation(
  wanted: readonly Wanted[],
  type: DatasetType,
  parent: Dataset | undefined,
): string | undefined {
  const given = new Map(wanted.map(({ property, value }) => [property, value]))
  if (parent?.type === 'volume') return `${parent.name} is a volume, and only a filesystem can have datasets below it.`
  if (type === 'volume' && !given.has('volsize')) return 'a volume needs a size: give volsize.'
  for (const [name, value] of given)
    if (value !== null && parent !== undefined && objectToJailed(name, parent) !== undefined)
      return `${name} cannot be set from the host below ${parent.name}, where jailed is on.`
  if ((given.get('normalization') ?? 'none') !== 'none' && given.get('utf8only') === 'off')
    return 'utf8only cannot be off where normalization is wanted.'

  const encryption = given.get('encryption') ?? (parent === undefined ? undefined : shown(parent, 'encryption'))
  const keyProperty = ['keyformat', 'pbkdf2iters', 'keylocation'].find(name => (given.get(name) ?? 'none') !== 'none')
  if (keyProperty !== undefined && encryption === 'off') return `${keyProperty} needs encryption: give that too.`
  const startsEncryption = (given.get('encryption') ?? 'off') !== 'off' && parent !== undefined && !isEncrypted(parent)
  return startsEncryption && !given.has('keyformat')
    ? 'encryption needs a keyformat: passphrase, hex or raw.'
    : undefined
}

/** What `zfs create -V` makes of a size: full blocks. Its default block is 16K, except on dRAID pools. */
export function createdVolsize(volsize: string, volblocksize = '16384'): string {
  const block = numberOf(volblocksize)
  return block === 0n ? volsize : String(((numberOf(volsize) + block - 1n) / block) * block)
}

/** An alternate root would explain the difference; reading it costs a process, so it is asked for only then. */
export function looksRelocated({ property, value }: Wanted, dataset: Dataset): boolean {
  const path = shown(dataset, 'mountpoint')
  return (
    property === 'mountpoint' &&
    value?.startsWith('/') === true &&
    path !== value &&
    path.endsWith(value === '/' ? '' : value)
  )
}

function withoutAltroot(path: string, altroot = '/'): string {
  if (altroot === '/' || (path !== altroot && !path.startsWith(`${altroot}/`))) return path
  return path.slice(altroot.length) || '/'
}

function shownAfter(name: string, value: string, { altroot = '/' }: Circumstances): string | undefined {
  if (name === 'refreservation' && value === 'auto') return undefined
  if (name !== 'mountpoint' || !value.startsWith('/') || altroot === '/') return value
  return value === '/' ? altroot : `${altroot}${value}`
}

/** For people: `10G` for a size, else the value itself. */
export const describeValue = (property: Property, value: string) =>
  property.kind === 'size' && /^\d+$/.test(value) ? humanSize(BigInt(value)) : value

/** Two values for one sentence; in full where rounding would make them look alike. */
function apart(property: Property, one: string, other: string): [string, string] {
  const [a, b] = [describeValue(property, one), describeValue(property, other)]
  return a === b || (property.kind === 'size' && parseSize(a) === parseSize(b))
    ? [`${one} bytes`, `${other} bytes`]
    : [a, b]
}

const shown = (dataset: Dataset, name: string) => dataset.properties.get(name)?.value ?? '-'
const isEncrypted = (dataset: Dataset) => !['-', 'off'].includes(shown(dataset, 'encryption'))
const numberOf = (text: string) => parseSize(text) ?? 0n
