/** Which values properties accept, in what words others are refused (libzfs_dataset.c, zfs_valid_proplist; zprop_parse_value). */
import type { Machine } from '../machine.ts'
import { type Failing, failure } from './errors.ts'
import type { Entry } from './names.ts'
import { effective } from './read.ts'
import {
  findProperty,
  isReadonly,
  isSetOnce,
  isUserProperty,
  isUserQuota,
  isWrittenSince,
  type Property,
} from './table.ts'
import { accountOf } from './userquota.ts'
import { isPowerOf2, niceBytes, parseNumber } from './values.ts'

export type Assignments = ReadonlyMap<string, string>

/** SPA_MAXBLOCKSIZE: the pools have large_blocks (01-zfs.jsonl: "from 512B to 16M"). */
const MAXIMAL_BLOCK = 16n << 20n

export interface Target {
  readonly kind: 'f' | 'v' | 's'
  /** Missing where it is being created. */
  readonly entry?: Entry
}

/** The values as they are stored, by canonical name; throws at the first that is refused. */
export function validate(
  machine: Machine,
  wanted: Assignments,
  target: Target,
  failing: Failing,
  warn: (text: string) => void = () => {},
): Map<string, string> {
  const stored = new Map<string, string>()
  for (const [name, value] of wanted) {
    const property = findProperty(machine.state.zfsVersion, name)
    if (property === undefined) {
      const [key, kept] = validateOther(machine, name, value, target, failing)
      stored.set(key, kept)
      continue
    }
    if (target.kind === 's') throw failure(failing, 'this property can not be modified for snapshots')
    if (!property.kinds.includes(target.kind))
      throw failure(failing, `'${name}' does not apply to datasets of this type`)
    const settable = !isReadonly(property) || (isSetOnce(property) && target.entry === undefined)
    if (!settable) throw failure(failing, `'${name}' is readonly`)
    const parsed = parseValue(property, name, value, target, failing)
    checkValue(machine, property.name, name, parsed, target, failing)
    if (property.name === 'special_small_blocks') warn(`${name}: property requires a special device in the pool\n`)
    stored.set(property.name, parsed)
  }
  return withUtf8(stored, failing)
}

function validateOther(
  machine: Machine,
  name: string,
  value: string,
  target: Target,
  failing: Failing,
): [name: string, value: string] {
  if (isUserProperty(name)) {
    // ZAP_MAXNAMELEN; ZFS_MAXPROPLEN is checked by the kernel (zfs_ioctl.c, zfs_check_userprops).
    if (name.length >= 256) throw failure(failing, `property name '${name}' is too long`)
    if (Buffer.byteLength(value) >= 8192) throw failure(failing, 'property value too long')
    return [name, value]
  }
  if (target.kind === 's') throw failure(failing, 'this property can not be modified for snapshots')
  if (isUserQuota(name)) {
    const key = accountOf(machine, name)
    if (key === undefined) throw failure(failing, `'${name}' has an invalid user/group name`)
    if (/used@/.test(name)) throw failure(failing, `'${name}' is readonly`)
    return [key, value === 'none' ? '0' : String(parseNumber(value, failing))]
  }
  if (isWrittenSince(name)) throw failure(failing, `'${name}' is readonly`)
  throw failure(failing, `invalid property '${name}'`)
}

function parseValue(property: Property, name: string, value: string, target: Target, failing: Failing): string {
  if (property.form === 'index') {
    const kept = property.names?.get(value)
    if (kept === undefined) throw failure(failing, `'${name}' must be one of '${property.values}'`)
    return kept
  }
  if (property.form === 'string') return value
  if (value === 'none') return property.name.endsWith('_limit') ? 'none' : '0'
  if (value === 'auto' && property.name === 'refreservation') {
    if (target.kind !== 'v') throw failure(failing, `'${name}=auto' only allowed on volumes`)
    return 'auto'
  }
  const number = parseNumber(value, failing)
  if (number === 0n && ['quota', 'refquota'].includes(property.name))
    throw failure(failing, "use 'none' to disable quota/refquota")
  return String(number)
}

function checkValue(
  machine: Machine,
  property: string,
  name: string,
  value: string,
  target: Target,
  failing: Failing,
): void {
  const dataset = target.entry?.dataset
  switch (property) {
    case 'recordsize':
    case 'volblocksize':
      if (BigInt(value) < 512n || BigInt(value) > MAXIMAL_BLOCK || !isPowerOf2(BigInt(value)))
        throw failure(failing, `'${name}' must be power of 2 from 512B to ${niceBytes(MAXIMAL_BLOCK)}`)
      return
    case 'special_small_blocks':
      if (value !== '0' && (BigInt(value) < 512n || BigInt(value) > MAXIMAL_BLOCK || !isPowerOf2(BigInt(value))))
        throw failure(
          failing,
          `invalid '${name}=${value}' property: must be zero or a power of 2 from 512B to ${niceBytes(MAXIMAL_BLOCK)}`,
        )
      return
    case 'mlslabel':
      throw failure(failing, 'mlslabels are unsupported')
    case 'mountpoint':
      if (value !== 'none' && value !== 'legacy' && !value.startsWith('/'))
        throw failure(failing, `'${name}' must be an absolute path, 'none', or 'legacy'`)
      if (value.split('/').some(part => part.length >= 256))
        throw failure(failing, `component of '${name}' is too long`)
      break
    case 'keylocation':
      checkKeylocation(value, target, failing)
      return
    case 'pbkdf2iters':
      if (BigInt(value) < 100_000n) throw failure(failing, 'minimum pbkdf2 iterations is 100000')
      return
    case 'volsize': {
      if (dataset === undefined) return
      const block = BigInt(dataset.fixed.volblocksize ?? 16_384)
      if (BigInt(value) % block !== 0n)
        throw failure(failing, `'${name}' must be a multiple of volume block size (${niceBytes(block)})`)
      if (value === '0') throw failure(failing, `'${name}' cannot be zero`)
      return
    }
    case 'copies':
      if (dataset !== undefined && (dataset.fixed.encryption ?? 'off') !== 'off' && value === '3')
        throw failure(failing, 'encrypted datasets cannot have 3 copies')
      return
  }
  const isShared = ['mountpoint', 'sharenfs', 'sharesmb'].includes(property)
  if (isShared && dataset?.type === 'filesystem' && effective(machine, dataset, 'jailed') === 'on')
    throw failure(failing, `'${name}' cannot be set on dataset in a non-global zone`)
}

function checkKeylocation(value: string, target: Target, failing: Failing): void {
  if (value !== 'none' && value !== 'prompt' && !/^(file:\/\/\/|https?:\/\/)./.test(value))
    throw failure(failing, 'invalid keylocation')
  if (target.entry === undefined) return
  const encrypted = (target.entry.dataset.fixed.encryption ?? 'off') !== 'off'
  if (!encrypted && value !== 'none') throw failure(failing, "keylocation must be 'none' for unencrypted datasets")
  if (encrypted && value === 'none') throw failure(failing, "keylocation must not be 'none' for encrypted datasets")
}

/** A chosen normalization brings utf8only with it. */
function withUtf8(stored: Map<string, string>, failing: Failing): Map<string, string> {
  const chosen = stored.get('normalization')
  if (chosen === undefined || chosen === 'none') return stored
  if (stored.get('utf8only') === 'off') throw failure(failing, "'utf8only' must be set 'on' if normalization chosen")
  return stored.set('utf8only', 'on')
}
