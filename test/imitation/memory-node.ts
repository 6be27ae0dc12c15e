/** One thing in the in-memory tree: a directory, a file or a link. */
export interface Node {
  readonly type: 'file' | 'directory' | 'link'
  mode: number
  uid: number
  gid: number
  content: string
  readonly target: string
  readonly entries: Map<string, Node>
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

export function directory(entries: Iterable<[string, Node]> = []): Node {
  return {
    type: 'directory',
    mode: 0o755,
    uid: 0,
    gid: 0,
    content: '',
    target: '',
    entries: new Map(entries),
    stamp: 0,
  }
}

type Packed = Omit<Node, 'entries'> & { readonly entries: [string, Packed][] }

export function pack(node: Node): Packed {
  return { ...node, entries: [...node.entries].map(([name, child]) => [name, pack(child)]) }
}

export function unpack(packed: Packed): Node {
  return { ...packed, entries: new Map(packed.entries.map(([name, child]) => [name, unpack(child)])) }
}

export function size(node: Node): number {
  let bytes = Buffer.byteLength(node.content)
  for (const child of node.entries.values()) bytes += size(child)
  return bytes
}
