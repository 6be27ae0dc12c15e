/** What a property value of a playbook means, in ZFS's own spelling, or why ZFS would refuse it. */
import { closest, distance } from 'fastest-levenshtein'
import type { Dataset } from '../../freebsd/zfs.ts'
import {
  type DatasetType,
  findProperty,
  firstVersionWith,
  humanSize,
  nativeNames,
  type Property,
  parseSize,
  UNLIMITED,
  versionShowing,
  type ZfsVersion,
} from '../../freebsd/zfs-properties.ts'

export interface Wanted {
  /** The full name, whatever alias was used. */
  readonly property: string
  /** As `zfs set` takes it and `zfs get -p` would print it; null: inherited from the parent. */
  readonly value: string | null
}

export interface Refusal {
  /** A sentence without the dataset's name, which belongs before it. */
  readonly refusal: string
}

/** What a host's ZFS is known to have, from the datasets that were read. */
export interface Known {
  readonly version: ZfsVersion | undefined
  /** Names of native properties that `zfs get all` showed. */
  readonly shown: ReadonlySet<string>
}

export function knownFrom(datasets: Iterable<Dataset>): Known {
  const shown = new Set([...datasets].flatMap(dataset => [...dataset.properties.keys()]))
  return { version: versionShowing(shown), shown }
}

/** A value as a playbook has it, or why ZFS would not take it. `inherit` is a way to write null. */
export function normalizeWanted(
  name: string,
  value: string | number | boolean | null,
  type: DatasetType,
  known: Known,
): Wanted | Refusal {
  const property = lookUp(name, known)
  if (property === undefined) return { refusal: explainUnknown(name, known) }
  if (property.settable === 'never') return { refusal: `${name} is read-only: ZFS itself gives it its value.` }
  if (!property.types.includes(type))
    return { refusal: `${name} does not apply to a ${type}, only to a ${property.types.join(' or ')}.` }

  if (value === null || value === 'inherit') {
    if (property.inheritable && property.settable === 'always') return { property: property.name, value: null }
    const instead = property.none === undefined ? 'give a value, or leave it out' : "write 'none'"
    return { refusal: `${name} cannot be inherited: ${instead}.` }
  }
  if (property.name === 'refreservation' && value === 'auto' && type !== 'volume')
    return { refusal: `${name} cannot be 'auto' on a ${type}: that is for volumes.` }
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    return {
      refusal: `${name} cannot be the number ${value}: write it as a string, with its unit, like '1.5G'.`,
    }
  const text = typeof value === 'boolean' ? wordOf(value, property) : String(value)
  const spelled =
    text === undefined
      ? { refusal: `${name} is no switch: '${value}' means nothing there.` }
      : spell(property, text, known)
  return typeof spelled === 'string' ? { property: property.name, value: spelled } : spelled
}

/** A property newer than this table, but shown by this host, is compared as it stands. */
export function lookUp(name: string, known: Known): Property | undefined {
  const property = findProperty(name, known.version)
  if (property !== undefined || !known.shown.has(name)) return property
  return {
    name,
    kind: 'string',
    settable: 'always',
    inheritable: false,
    types: ['filesystem', 'volume'],
    names: new Map(),
    values: '',
    user: false,
  }
}

function explainUnknown(name: string, { version }: Known): string {
  const since = firstVersionWith(name)
  if (since !== undefined) return `${name} needs OpenZFS ${since}; this host has ${version}.`
  if (/^[^@]+@/.test(name)) return `there is no property '${name}': after the '@' comes one user, group or project.`
  if (name.includes(':'))
    return `'${name}' cannot name a property of your own: lower-case letters, digits and : . _ - are possible, up to 255 of them.`
  const similar = closest(name.toLowerCase(), nativeNames(version))
  const guess = distance(name.toLowerCase(), similar) <= 3 ? ` Did you mean '${similar}'?` : ''
  return `there is no property '${name}' in OpenZFS ${version ?? '2.2 to 2.4'}.${guess} One of your own has a colon in its name, like 'site:${name}'.`
}

/** What true and false are called here. YAML turns `on`, `yes`, `off` and `no` into them. */
function wordOf(value: boolean, property: Property): string | undefined {
  const isSwitch = property.names.has('off') || /^share(nfs|smb)$/.test(property.name)
  if (isSwitch) return value ? 'on' : 'off'
  return property.user || property.kind === 'index' ? String(value) : undefined
}

/** The one spelling of a value that `zfs set` takes and `zfs get -p` prints. */
function spell(property: Property, text: string, known: Known): string | Refusal {
  if (text.includes('\0')) return { refusal: `${property.name} cannot hold a NUL character.` }
  switch (property.kind) {
    case 'index':
      return spellIndex(property, text)
    case 'size':
    case 'count':
      return spellNumber(property, text, known)
    case 'string':
      return spellString(property, text)
  }
}

function spellIndex(property: Property, text: string): string | Refusal {
  const { name, names } = property
  // ZFS tells 1k from 1K; here a value in other case is taken, for no two differ in case alone.
  const lower = text.toLowerCase()
  const known = names.get(text) ?? [...names].find(([synonym]) => synonym.toLowerCase() === lower)?.[1]
  if (known !== undefined) return known
  // Strings of templates and of the command line: `atime=no`, '{{ flag }}'.
  const flag = /^(true|yes)$/.test(lower) ? 'on' : /^(false|no)$/.test(lower) ? 'off' : undefined
  if (flag !== undefined && names.has(flag)) return names.get(flag) ?? flag
  const similar = closest(lower, [...names.keys()])
  const guess = distance(lower, similar) <= 2 ? ` Did you mean '${similar}'?` : ''
  return { refusal: `${name} cannot be '${text}'.${guess} Possible: ${property.values}.` }
}

const SMALLEST_BLOCK = 512n
const LARGEST_BLOCK = 16n * 1024n ** 2n

function spellNumber(property: Property, text: string, known: Known): string | Refusal {
  const { name, none } = property
  if (name === 'refreservation' && text === 'auto') return text
  // A fraction without a unit is most likely one whose unit was forgotten; ZFS would cut it to whole bytes.
  const amount =
    text === 'none' ? (none === 'unlimited' ? UNLIMITED : 0n) : /\.\d*$/.test(text) ? undefined : parseSize(text)
  if (amount === undefined)
    return {
      refusal: `${name} cannot be '${text}': write a number${property.kind === 'size' ? " of bytes, or one with a unit, like '16K' or '1.5G'" : ''}${none ? ", or 'none'" : ''}.`,
    }
  if (none === 'zero' && amount === 0n) return 'none'
  if (none === 'unlimited' && amount === UNLIMITED) return 'none'

  // zfs_valid_proplist(), openzfs lib/libzfs/libzfs_dataset.c; since 2.4 special_small_blocks may be any size (PR 17497).
  const isPowerOf2 = (amount & (amount - 1n)) === 0n
  const isBlock = amount >= SMALLEST_BLOCK && amount <= LARGEST_BLOCK && isPowerOf2
  if ((name === 'recordsize' || name === 'volblocksize') && !isBlock)
    return { refusal: `${name} cannot be ${humanSize(amount)}: it is a power of 2 from 512B to 16M.` }
  if (
    name === 'special_small_blocks' &&
    amount !== 0n &&
    !(known.version === '2.4' ? amount <= LARGEST_BLOCK : isBlock)
  )
    return {
      refusal: `${name} cannot be ${humanSize(amount)}: it is 0 or ${known.version === '2.4' ? 'at most' : 'a power of 2 from 512B to'} 16M.`,
    }
  if (name === 'volsize' && amount === 0n) return { refusal: 'volsize cannot be 0.' }
  return String(amount)
}

/** MAXPATHLEN of FreeBSD, and ZAP_MAXVALUELEN for one's own. */
const LONGEST_STRING = 1023
const LONGEST_USER_STRING = 8191

function spellString(property: Property, text: string): string | Refusal {
  const { name, user } = property
  const longest = user ? LONGEST_USER_STRING : LONGEST_STRING
  if (Buffer.byteLength(text) > longest) return { refusal: `${name} is longer than ${longest} bytes.` }
  if (text === '-' && !user) return { refusal: `${name} cannot be '-': that is how ZFS shows what is not set.` }
  if (name === 'mountpoint') return spellMountpoint(text)
  if (name === 'keylocation' && !/^(none|prompt|file:\/\/\/.+|https?:\/\/.+)$/.test(text))
    return {
      refusal: `keylocation cannot be '${text}': it is 'prompt' or a URL beginning with file:///, https:// or http://.`,
    }
  return text
}

function spellMountpoint(text: string): string | Refusal {
  if (text === 'none' || text === 'legacy') return text
  if (!text.startsWith('/'))
    return { refusal: `mountpoint cannot be '${text}': it is an absolute path, 'none' or 'legacy'.` }
  if (/\p{Cc}/u.test(text))
    return { refusal: 'mountpoint cannot contain a tab, a line break or another control character.' }
  if (text.split('/').some(component => Buffer.byteLength(component) > 255))
    return { refusal: 'mountpoint has a component longer than 255 bytes.' }
  return tidyPath(text)
}

/** Slashes that change nothing are no reason to unmount. */
export const tidyPath = (path: string) => path.replaceAll(/\/+/g, '/').replace(/(?<=.)\/$/, '')
