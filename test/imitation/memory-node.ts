/** One thing in the in-memory tree: a directory, a file or a link. */
export interface Node {
  readonly type: 'file' | 'directory' | 'link'
  mode: number
  uid: number
  gid: number
  content: string
  /** latin1 where the content is no text. */
  encoding: 'utf8' | 'latin1'
  readonly target: string
  readonly entries: Map<string, Node>
  /** Seconds since 1970. */
  modified: number
  flags: readonly string[]
  /** Names it has. */
  links: number
  /** Grows when it is written to. */
  stamp: number
}

export class FileError extends Error {
  readonly code: string

  constructor(code: string, path: string) {
    super(`${code}: ${path}`)
    this.code = code
  }
}

/** Where a walk has come to. */
export interface Place {
  readonly node: Node
  /** Link-free. */
  readonly path: string
  readonly readonly: boolean
  /** Id of the mount it is in; '' for none. */
  readonly mount: string
  readonly parent?: Node
}

export function writable(place: Place): Node {
  if (place.readonly) throw new FileError('EROFS', place.path)
  return place.node
}

export function directory(entries: Iterable<[string, Node]> = []): Node {
  return {
    type: 'directory',
    mode: 0o755,
    uid: 0,
    gid: 0,
    content: '',
    encoding: 'utf8',
    target: '',
    entries: new Map(entries),
    modified: 0,
    flags: [],
    links: 1,
    stamp: 0,
  }
}

export const bytesOf = (node: Node) => Buffer.from(node.content, node.encoding)

/** Text as text, so that a saved tree can be read. */
export function stored(bytes: Buffer): Pick<Node, 'content' | 'encoding'> {
  const text = bytes.toString()
  return Buffer.from(text).equals(bytes)
    ? { content: text, encoding: 'utf8' }
    : { content: bytes.toString('latin1'), encoding: 'latin1' }
}

/** The second name of a file with several is the number of the first. */
type Packed = (Omit<Node, 'entries'> & { readonly entries: [string, Packed][] }) | number

export function pack(node: Node, seen = new Map<Node, number>()): Packed {
  const before = seen.get(node)
  if (before !== undefined) return before
  seen.set(node, seen.size)
  return { ...node, entries: [...node.entries].map(([name, child]) => [name, pack(child, seen)]) }
}

export function unpack(packed: Packed, seen: Node[] = []): Node {
  if (typeof packed === 'number') return seen[packed] as Node
  const node: Node = { ...packed, entries: new Map() }
  seen.push(node)
  for (const [name, child] of packed.entries) node.entries.set(name, unpack(child, seen))
  return node
}

export function size(node: Node): number {
  let bytes = Buffer.byteLength(node.content, node.encoding)
  for (const child of node.entries.values()) bytes += size(child)
  return bytes
}
