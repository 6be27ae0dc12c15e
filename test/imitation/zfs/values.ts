/** Numbers as ZFS reads and prints them (lib/libzfs/libzfs_util.c: zfs_nicestrtonum; lib/libzutil: zfs_nicenum_format). */
import { type Failing, failure } from './errors.ts'

const UNITS = 'BKMGTPEZ'

/** `16K`, `16kib`, `1.5G`, `42` to a number; fails with libzfs' own words. */
export function parseNumber(text: string, failing: Failing): bigint {
  const match = /^([0-9.]+)(.*)$/s.exec(text)
  if (match === null || match[1] === undefined || match[2] === undefined)
    throw failure(failing, `bad numeric value '${text}'`)
  const [, digits, suffix] = match
  const shift = suffix === '' ? 0 : 10 * UNITS.indexOf(suffix[0]?.toUpperCase() ?? '')
  if (shift < 0 || !['', 'B', 'IB'].includes(suffix.slice(1).toUpperCase()) || /^B./i.test(suffix))
    throw failure(failing, `invalid numeric suffix '${suffix}'`)
  // strtod, so that 1.5G is 1.5 times 2^30, and a bare 1.5 is 1.
  const number = digits.includes('.')
    ? BigInt(Math.trunc(Number.parseFloat(digits) * 2 ** shift))
    : BigInt(digits) << BigInt(shift)
  if (number >= 1n << 64n) throw failure(failing, 'numeric value is too large')
  return number
}

/** 96K, 10.1G, 42.5K, 0B: at most five characters, exact powers without a fraction. */
export function niceBytes(bytes: bigint): string {
  return nice(bytes, 'B')
}

export function niceNumber(number: bigint): string {
  return nice(number, '')
}

function nice(number: bigint, unit: string): string {
  let power = 0
  while (number >> BigInt(10 * power) >= 1024n) power += 1
  const letter = power === 0 ? unit : (UNITS[power] ?? '')
  const whole = number >> BigInt(10 * power)
  if (power === 0 || number === whole << BigInt(10 * power)) return `${whole}${letter}`
  const value = Number(number) / 2 ** (10 * power)
  for (const decimals of [2, 1]) {
    const printed = value.toFixed(decimals) + letter
    if (printed.length <= 5) return printed
  }
  return `${value.toFixed(0)}${letter}`
}

/** strftime `%a %b %e %k:%M %Y` in UTC, as a host's clock should be. */
export function niceDate(seconds: number): string {
  const [day, date, month, year, time] = new Date(seconds * 1000).toUTCString().replace(',', '').split(' ')
  const hour = Number(time?.slice(0, 2))
  const pad = (value: number) => String(value).padStart(2)
  return `${day} ${month} ${pad(Number(date))} ${pad(hour)}:${time?.slice(3, 5)} ${year}`
}

/**
 * zvol_volsize_to_reservation (libzfs_dataset.c): the size and its indirect blocks, kept twice; 1024 block pointers in
 * each of 128 KiB. 01-zfs.jsonl: 104857600 gives 108789760, 209715200 gives 215220224.
 */
export function volumeReservation(volsize: bigint, blocksize: bigint, copies = 1n): bigint {
  let blocks = volsize / blocksize
  let metadata = 7n
  while (blocks > 1n) {
    blocks = (blocks + 1023n) / 1024n
    metadata += blocks
  }
  const kept = copies + 1n < 3n ? copies + 1n : 3n
  return volsize * copies + metadata * kept * 131072n
}

export const isPowerOf2 = (number: bigint) => number > 0n && (number & (number - 1n)) === 0n
