/**
 * Option types as playbooks write them: what a value may look like is in spellings.ts, what it means and how it is
 * documented is declared here. (`z.coerce` would turn null into "null" and "no" into true.)
 */
import { closest } from 'fastest-levenshtein'
import * as z from 'zod/mini'
import {
  describeValue,
  NotTaken,
  readContent,
  readFileMode,
  readFlag,
  readInteger,
  readList,
  readMapping,
  readRecord,
  readScalar,
  readSecret,
  readText,
  type Scalar,
} from './spellings.ts'

export type { Scalar }
export type AnsibleType = 'str' | 'bool' | 'int' | 'list' | 'dict' | 'raw'
export type Option<T> = z.ZodMiniType<T>
export type Shape = Readonly<Record<string, z.ZodMiniType>>
export type ValuesOf<S extends Shape> = z.output<z.ZodMiniObject<S>>

/** What the documentation says of an option, and what masking needs to know of it. */
export interface OptionDoc {
  readonly about: string
  readonly type: AnsibleType
  readonly required: boolean
  readonly default?: string | number | boolean
  readonly choices?: readonly string[]
  /** Of a list: its items. Of a dict without fixed keys: its values. */
  readonly elements?: OptionDoc
  readonly suboptions?: Shape
  readonly secret?: true
}

const docs = new WeakMap<object, OptionDoc>()

export function docOf(option: z.ZodMiniType): OptionDoc {
  const doc = docs.get(option)
  if (doc === undefined) throw new TypeError('this option was not made with core/options.ts')
  return doc
}

/** Text of one line. */
export const text = (about: string) => simple({ about, type: 'str' }, readText)

/** Text of any number of lines, or none: what a file shall hold. */
export const content = (about: string) => simple({ about, type: 'str' }, readContent)

/** A password or a key: never shown. */
export const secret = (about: string) => simple({ about, type: 'str', secret: true }, readSecret)

export const flag = (about: string) => simple({ about, type: 'bool' }, readFlag)

export const integer = (about: string, min = 0, max = Number.MAX_SAFE_INTEGER) =>
  simple({ about, type: 'int' }, given => readInteger(given, min, max))

/** Permission bits, of a file or a directory. */
export const fileMode = (about: string) => simple({ about, type: 'raw' }, readFileMode)

/** Whatever YAML can write on one line: for values that ZFS, jail(8) or rctl(8) gives a meaning to. */
export const scalar = (about: string) => simple({ about, type: 'raw' }, readScalar)

export const choice = <const C extends string>(choices: readonly C[], about: string) =>
  simple({ about, type: 'str', choices }, (given): C => {
    const chosen = choices.find(one => one === given)
    if (chosen === undefined) throw new NotTaken(`one of: ${choices.join(', ')}`)
    return chosen
  })

/** Items may also come as `a,b,c`, as JSON, or as a single item. */
export const listOf = <T>(item: Option<T>, about: string) =>
  composed<T[]>({ about, type: 'list', elements: docOf(item) }, readList, z.array(item))

/** Any keys, values of one type. May also come as `k=v,k=v` or as JSON. */
export const mapping = <T>(value: Option<T>, about: string) =>
  composed<Record<string, T>>({ about, type: 'dict', elements: docOf(value) }, readMapping, z.record(z.string(), value))

/** Fixed keys. Where `short` names a key, a bare string or number stands for a record with that key alone. */
export const record = <S extends Shape>(shape: S, about: string, short?: keyof S & string) =>
  composed<ValuesOf<S>>(
    { about, type: 'dict', suboptions: shape },
    given =>
      short !== undefined && (typeof given === 'number' || (typeof given === 'string' && !given.startsWith('{')))
        ? { [short]: given }
        : readRecord(given),
    strictly(shape),
  )

export function optional<T>(inner: Option<T>): z.ZodMiniOptional<Option<T>> {
  const schema = z.optional(inner)
  docs.set(schema, { ...docOf(inner), required: false })
  return schema
}

export function withDefault<T extends string | number | boolean>(inner: Option<T>, value: NoInfer<T>): Option<T> {
  const schema = z._default(inner, value as never)
  docs.set(schema, { ...docOf(inner), required: false, default: value })
  return schema as unknown as Option<T>
}

/**
 * Reads what a task gave into the values a module works with. Returns them, or what is wrong, each line naming the
 * option's place, as in `datasets[2].properties: …`.
 */
export function readOptions<S extends Shape>(
  shape: S,
  given: unknown,
): { values: ValuesOf<S> } | { problems: string[] } {
  const parsed = record(shape, '').safeParse(given)
  return parsed.success ? { values: parsed.data } : { problems: parsed.error.issues.map(describeIssue) }
}

/** Every secret in what a task gave, also where the rest of it cannot be read. */
export function secretsIn(shape: Shape, given: unknown): string[] {
  if (typeof given !== 'object' || given === null) return []
  return Object.entries(given).flatMap(([key, value]) =>
    Object.hasOwn(shape, key) ? secretsOf(docOf(shape[key] as Option<unknown>), value) : [],
  )
}

function secretsOf(doc: OptionDoc, given: unknown): string[] {
  if (doc.secret) return typeof given === 'string' || typeof given === 'number' ? [String(given)] : []
  if (!holdsSecrets(doc)) return []
  if (typeof given === 'string') return secretsInText(doc, given)
  if (doc.suboptions !== undefined) return secretsIn(doc.suboptions, given)
  const { elements } = doc
  return elements === undefined ? [] : Object.values(given ?? {}).flatMap(item => secretsOf(elements, item))
}

const holdsSecrets = ({ secret, elements, suboptions }: OptionDoc): boolean =>
  secret === true ||
  (elements !== undefined && holdsSecrets(elements)) ||
  Object.values(suboptions ?? {}).some(option => holdsSecrets(docOf(option)))

/** Written as one string, a secret in it may be escaped, or the whole unreadable: then all of it is one. */
function secretsInText(doc: OptionDoc, given: string): string[] {
  try {
    const found = secretsOf(doc, doc.type === 'list' ? readList(given) : readMapping(given))
    return found.length > 0 ? [given, ...found] : []
  } catch {
    return /^[[{]/.test(given) ? [given] : []
  }
}

function simple<T>(doc: Omit<OptionDoc, 'required'>, read: (given: unknown) => T): Option<T> {
  return documented(doc, z.transform(reading(read)) as unknown as Option<T>)
}

function composed<T>(
  doc: Omit<OptionDoc, 'required'>,
  read: (given: unknown) => unknown,
  inner: z.ZodMiniType,
): Option<T> {
  return documented(doc, z.pipe(z.transform(reading(read)), inner as never) as unknown as Option<T>)
}

function documented<T>(doc: Omit<OptionDoc, 'required'>, schema: Option<T>): Option<T> {
  docs.set(schema, { ...doc, required: true })
  return schema
}

const reading =
  <T>(read: (given: unknown) => T) =>
  (given: unknown, context: z.core.ParsePayload): T => {
    try {
      return read(given)
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error
      const message =
        given === undefined ? `is required (${error.message})` : `${describeValue(given)} is not ${error.message}`
      context.issues.push({ code: 'custom', input: given, message })
      return z.NEVER
    }
  }

const strictly = (shape: Shape) =>
  z.strictObject(shape, {
    error: issue =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map(key => unknownOption(key, Object.keys(shape))).join('; ')
        : undefined,
  })

function unknownOption(key: string, known: string[]): string {
  return `there is no option '${key}'; did you mean '${closest(key, known)}'? Known are: ${known.join(', ')}`
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const place = issue.path.reduce<string>(
    (path, key) => (typeof key === 'number' ? `${path}[${key}]` : path === '' ? String(key) : `${path}.${String(key)}`),
    '',
  )
  return place === '' ? issue.message : `${place}: ${issue.message}`
}
