/**
 * What `zfs send` writes and `zfs receive` reads here: lines of JSON, one a snapshot, between a first and a last line, so
 * that a cut stream is seen to be cut. The real format is binary and nobody looks into it.
 */
export interface Header {
  readonly imitated: 'zfs stream'
  /** The dataset named to `zfs send`. */
  readonly from: string
  readonly replicate: boolean
  /** It has a list of properties, which may be empty (-p). */
  readonly tells?: true
  /** A token's stream completes this snapshot. */
  readonly resumes?: string
}

export interface StreamSnapshot {
  /** Below the dataset named: '' or '/child'. */
  readonly path: string
  readonly type: 'filesystem' | 'volume'
  readonly name: string
  readonly guid: string
  readonly creation: number
  readonly bytes: number
  /** Guid of what it is an increment of. */
  readonly base?: string
  /** That is its origin: it is received as a clone (DRR_FLAG_CLONE). */
  readonly isClone?: true
  readonly fixed: Readonly<Record<string, string>>
  readonly properties: Readonly<Record<string, string>>
  readonly userProperties: Readonly<Record<string, string>>
  readonly content: string
}

const END = '{"end":true}'

export function writeStream(header: Header, snapshots: readonly StreamSnapshot[]): string {
  return `${[header, ...snapshots].map(part => `${JSON.stringify(part)}\n`).join('')}${END}\n`
}

export interface Stream {
  readonly header: Header
  readonly snapshots: readonly StreamSnapshot[]
  /** What was being sent when the stream was cut. */
  readonly cut?: Partial<StreamSnapshot>
  readonly complete: boolean
}

/** undefined: nothing came; 'strange': not a stream. */
export function readStream(text: string): Stream | 'strange' | undefined {
  if (text === '') return undefined
  const lines = text.split('\n')
  const partial = lines.pop() ?? ''
  if (lines.length === 0 && !partial.startsWith('{"imitated":"zfs stream"')) return 'strange'
  const [first = '{}', ...rest] = lines
  let header: Header
  try {
    header = JSON.parse(first)
  } catch {
    return 'strange'
  }
  if (lines.length > 0 && header.imitated !== 'zfs stream') return 'strange'
  const complete = rest.at(-1) === END
  const snapshots = rest.filter(line => line !== END).map((line): StreamSnapshot => JSON.parse(line))
  return { header, snapshots, complete, ...(complete ? {} : { cut: beginning(partial) }) }
}

/** What the first fields of a cut line tell: enough for a token. */
function beginning(line: string): Partial<StreamSnapshot> {
  const field = (name: string) => new RegExp(`"${name}":"([^"]*)"`).exec(line.split('"content":')[0] ?? '')?.[1]
  const [path, name, guid] = [field('path'), field('name'), field('guid')]
  return {
    ...(path === undefined ? {} : { path }),
    ...(name === undefined ? {} : { name }),
    ...(guid === undefined ? {} : { guid }),
  }
}

export interface Token {
  readonly toguid: string
  readonly toname: string
  readonly base?: string
}

/** `1-<checksum>-<length>-<hex>`, as the real ones look. */
export function writeToken(token: Token): string {
  const hex = Buffer.from(JSON.stringify(token)).toString('hex')
  return `1-${(hex.length * 2_654_435_761).toString(16)}-${(hex.length / 2).toString(16)}-${hex}`
}

export function readToken(text: string): Token | undefined {
  const hex = /^1-[0-9a-f]+-[0-9a-f]+-([0-9a-f]+)$/.exec(text)?.[1]
  return hex === undefined ? undefined : JSON.parse(Buffer.from(hex, 'hex').toString())
}
