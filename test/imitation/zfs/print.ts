/** A property as `zfs get` and `zfs list` write it, exactly (`-p`) or for people. */
import type { Machine } from '../machine.ts'
import { Unknown } from '../screen.ts'
import type { Entry } from './names.ts'
import { readProperty, readUserProperty, type Source } from './read.ts'
import { written } from './space.ts'
import { findProperty, isUserProperty, isUserQuota, isWrittenSince, type Property } from './table.ts'
import { accountOf } from './userquota.ts'
import { niceBytes, niceDate, niceNumber } from './values.ts'

export interface Cell {
  readonly value: string
  readonly source: Source
}

/** undefined where the thing has no such property: `get all` leaves it out, everything else prints `-`. */
export function cell(machine: Machine, entry: Entry, name: string, exact: boolean): Cell | undefined {
  const property = findProperty(machine.state.zfsVersion, name)
  if (property !== undefined) {
    const found = readProperty(machine, entry, property)
    return found && { value: exact ? found.value : printNicely(property, found.value), source: found.source }
  }
  if (isUserProperty(name)) return readUserProperty(machine, entry, name)
  if (isUserQuota(name)) return printUserQuota(machine, entry, name, exact)
  if (isWrittenSince(name)) return printWritten(machine, entry, name, exact)
  return undefined
}

const COUNTS = ['createtxg', 'guid', 'objsetid', 'userrefs', 'pbkdf2iters', 'numclones']

function printNicely(property: Property, value: string): string {
  const { name, form, values } = property
  if (form === 'date') return niceDate(Number(value))
  if (name.endsWith('compressratio')) return `${value}x`
  if (form !== 'number' || value === 'none') return value
  if (values === '<size> | none' && value === '0') return 'none'
  if (COUNTS.includes(name)) return value
  return name.endsWith('_limit') || name === 'special_small_blocks'
    ? niceNumber(BigInt(value))
    : niceBytes(BigInt(value))
}

/** zfs_prop_get_userquota (libzfs_dataset.c): unset is 0 with -p and `none` without; only a file system has any. */
function printUserQuota(machine: Machine, entry: Entry, name: string, exact: boolean): Cell | undefined {
  const key = accountOf(machine, name)
  if (key === undefined || entry.kind !== 'f') return undefined
  if (/used@/.test(name)) throw new Unknown(`property ${name}`)
  const value = entry.dataset.local[key] ?? '0'
  if (exact) return { value, source: 'local' }
  return { value: value === '0' ? 'none' : niceBytes(BigInt(value)), source: 'local' }
}

function printWritten(machine: Machine, entry: Entry, name: string, exact: boolean): Cell | undefined {
  const tag = name.slice('written@'.length)
  const snapshot = entry.dataset.snapshots.find(
    each => each.name === tag || `${entry.dataset.name}@${each.name}` === tag,
  )
  if (snapshot === undefined || entry.kind === 's') return undefined
  const bytes = written(machine, entry.dataset, snapshot)
  return { value: exact ? String(bytes) : niceBytes(BigInt(bytes)), source: 'local' }
}

export function printSource(source: Source): string {
  if (typeof source === 'object') return `inherited from ${source.from}`
  return source === 'none' ? '-' : source
}
