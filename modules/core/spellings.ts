/**
 * How a value may be spelled in a playbook. YAML types survive on their way to us, `-a 'k=v'` gives strings only, and some
 * values change on the way (`0700` is an octal number, `omit` in a list leaves a placeholder on some releases).
 */

/** Says what was expected instead; whoever reads options turns it into a message that names the place. */
export class NotTaken extends Error {}

export type Scalar = string | number | boolean | null

const TRUE = new Set(['yes', 'on', 'true', 'y', 't', '1'])
const FALSE = new Set(['no', 'off', 'false', 'n', 'f', '0'])
const OMITTED = /^__omit_place_holder__[0-9a-f]+$/

export function readText(given: unknown): string {
  if (typeof given === 'number') return String(exact(given))
  if (typeof given === 'boolean') throw new NotTaken('text: put it in quotes if it is meant as text')
  if (typeof given !== 'string' || given === '') throw new NotTaken('text')
  if (/[\n\r\0]/.test(given)) throw new NotTaken('text of a single line')
  return given
}

export function readContent(given: unknown): string {
  if (typeof given !== 'string') throw new NotTaken('text, in quotes or as a block')
  return given
}

export function readSecret(given: unknown): string {
  if (typeof given !== 'string' || given === '') throw new NotTaken('text')
  return given
}

export function readFlag(given: unknown): boolean {
  const word = String(given).toLowerCase()
  if (TRUE.has(word)) return true
  if (FALSE.has(word)) return false
  throw new NotTaken('yes or no')
}

export function readInteger(given: unknown, min: number, max: number): number {
  const number = typeof given === 'string' && /^-?\d+$/.test(given) ? Number(given) : given
  if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max) return number
  throw new NotTaken(
    max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`,
  )
}

export function readFileMode(given: unknown): number {
  const mode = typeof given === 'string' && /^0?[0-7]{3,4}$/.test(given) ? Number.parseInt(given, 8) : given
  if (typeof mode === 'number' && Number.isInteger(mode) && mode >= 0 && mode <= 0o7777) return mode
  throw new NotTaken("a mode in octal digits, such as '0700'")
}

export function readScalar(given: unknown): Scalar {
  if (typeof given === 'number') return exact(given)
  if (given === null || typeof given === 'string' || typeof given === 'boolean') return given
  throw new NotTaken('text, a number, yes, no or null')
}

export function readList(given: unknown): unknown[] {
  if (given === undefined) throw new NotTaken('a list')
  if (Array.isArray(given)) return given.filter(item => !isOmitted(item))
  if (typeof given !== 'string') return [given]
  return given.startsWith('[')
    ? asJson(given, Array.isArray, 'a list in JSON')
    : given.split(',').map(item => item.trim())
}

/** `k=v,k=v`: a comma or an equals sign inside a value needs JSON. */
export function readMapping(given: unknown): Record<string, unknown> {
  if (typeof given !== 'string') return withoutOmitted(asObject(given))
  if (given.startsWith('{')) return asJson(given, isObject, 'a mapping in JSON')
  return Object.fromEntries(
    given.split(',').map(pair => {
      const [, key, value] = /^\s*([^=]+)=(.*)$/s.exec(pair) ?? []
      if (key === undefined) throw new NotTaken('written as key=value,key=value or as JSON')
      return [key, value]
    }),
  )
}

/** As `readMapping`; a key without a value counts as not given, so that it takes its default. */
export const readRecord = (given: unknown) =>
  Object.fromEntries(Object.entries(readMapping(given)).filter(([, value]) => value !== null && value !== undefined))

/** A value as a message shows it, short. */
export function describeValue(given: unknown): string {
  if (given === undefined) return 'nothing'
  const words = JSON.stringify(given)
  return words.length <= 80 ? words : `${words.slice(0, 77)}…`
}

/** Beyond 2^53 a number has lost digits before it reaches us: acting on it would be guessing. */
function exact(given: number): number {
  if (Number.isFinite(given) && Math.abs(given) <= Number.MAX_SAFE_INTEGER) return given
  throw new NotTaken('a number that can be read exactly: put it in quotes')
}

const isOmitted = (given: unknown) => typeof given === 'string' && OMITTED.test(given)
const isObject = (given: unknown): given is Record<string, unknown> =>
  typeof given === 'object' && given !== null && !Array.isArray(given)
const withoutOmitted = (given: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => !isOmitted(value)))

function asObject(given: unknown): Record<string, unknown> {
  if (isObject(given)) return given
  throw new NotTaken('a mapping of keys to values')
}

function asJson<T>(given: string, accept: (value: unknown) => value is T, what: string): T {
  try {
    const value: unknown = JSON.parse(given)
    if (accept(value)) return value
  } catch {
    // Told below: the parser's own words speak of positions in a text the person never saw as one.
  }
  throw new NotTaken(what)
}
