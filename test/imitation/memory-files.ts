/** Files one by one in the tree in memory. */
import type { FileStatus, Files } from './files.ts'
import { bytesOf, directory, FileError, type Node, stored } from './memory-node.ts'

/** What the tree in memory (memory-tree.ts) lets its files know. */
export interface Inside {
  find(path: string, followLast: boolean): { readonly node: Node; readonly readonly: boolean } | undefined
  put(path: string, node: Node): void
  take(path: string): void
}

export function memoryFiles({ find, put, take }: Inside): Files {
  const identities = new WeakMap<Node, string>()
  let lastIdentity = 0

  function writable(path: string, followLast: boolean): Node {
    const place = find(path, followLast)
    if (place === undefined) throw new FileError('ENOENT', path)
    if (place.readonly) throw new FileError('EROFS', path)
    place.node.stamp += 1
    return place.node
  }

  function make(path: string, node: Node): void {
    if (find(path, false) !== undefined) throw new FileError('EEXIST', path)
    put(path, node)
  }

  return {
    status(path): FileStatus | undefined {
      const node = find(path, false)?.node
      if (node === undefined) return undefined
      const identity = identities.get(node) ?? String(++lastIdentity)
      identities.set(node, identity)
      const size = node.type === 'link' ? Buffer.byteLength(node.target) : bytesOf(node).length
      const { type, mode, uid, gid, modified, links, flags } = node
      return { type, mode, uid, gid, size, modified, links, identity, flags }
    },
    list(path) {
      const node = find(path, true)?.node
      return node?.type === 'directory' ? [...node.entries.keys()].sort() : undefined
    },
    bytes(path) {
      const node = find(path, true)?.node
      return node?.type === 'file' ? bytesOf(node) : undefined
    },
    target: path => find(path, false)?.node.target ?? '',

    write(path, content, mode = 0o644) {
      const there = find(path, true)
      if (there?.node.type === 'directory') throw new FileError('EISDIR', path)
      if (there === undefined) put(path, { ...directory(), type: 'file', mode, ...stored(content) })
      else Object.assign(writable(path, true), stored(content))
    },
    mkdir: (path, mode) => make(path, { ...directory(), mode }),
    symlink: (target, path) => make(path, { ...directory(), type: 'link', target, mode: 0o777 }),
    link(existing, path) {
      const node = find(existing, true)?.node
      if (node === undefined) throw new FileError('ENOENT', existing)
      make(path, node)
      node.links += 1
    },
    remove(path) {
      const node = find(path, false)?.node
      if (node?.type === 'directory' && node.entries.size > 0) throw new FileError('ENOTEMPTY', path)
      take(path)
      if (node !== undefined) node.links -= 1
    },
    rename(from, to) {
      const node = find(from, false)?.node
      if (node === undefined) throw new FileError('ENOENT', from)
      const there = find(to, false)?.node
      if (there === node) return
      if (there !== undefined) this.remove(to)
      take(from)
      put(to, node)
    },

    setMode(path, mode) {
      writable(path, false).mode = mode
    },
    setOwner(path, uid, gid) {
      Object.assign(writable(path, false), { uid, gid })
    },
    setModified(path, seconds) {
      writable(path, false).modified = seconds
    },
    setFlags(path, flags) {
      writable(path, false).flags = [...flags].sort()
    },
  }
}
