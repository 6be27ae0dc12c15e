/** A file tree in memory, for the machine of unit tests: directories, files, links, and what is mounted over them. */
import { createHash } from 'node:crypto'
import type { Files } from './files.ts'
import { memoryFiles } from './memory-files.ts'
import { directory, FileError, type Node, type Place, pack, size, unpack, writable } from './memory-node.ts'
import type { BindSource, Tree, TreeStatus } from './tree.ts'

interface Cover {
  readonly id: string
  /** The mount its mount point is seen through: through another one (nullfs) the same directory is not covered. */
  readonly within: string
  readonly at: Node
  readonly shows: Node
  readonly?: boolean
}

export class MemoryTree implements Tree {
  readonly #root = directory()
  readonly #storages = new Map<string, Node>()
  readonly #snapshots = new Map<Node, Readonly<Record<string, string>>>()
  readonly #covers = new Map<string, Cover>()
  /** The same by what they cover, the topmost last. */
  readonly #at = new Map<Node, Cover[]>()
  /** Where processes have their working directories: what is mounted there is busy. */
  readonly #occupied = new Set<Place>()
  readonly files: Files = memoryFiles({
    find: (path, followLast) => this.#find(path, followLast),
    put: (path, node) => this.#put(path, node),
    take: path => this.remove(path),
  })

  lstat(path: string): TreeStatus | undefined {
    const found = this.#find(path, false)
    if (found === undefined) return undefined
    const { type, mode, uid, gid } = found.node
    return { type, mode, uid, gid }
  }

  realpath(path: string): string | undefined {
    return this.#find(path, true)?.path
  }

  read(path: string): string | undefined {
    const node = this.#find(path, true)?.node
    return node?.type === 'file' ? node.content : undefined
  }

  list(path: string): string[] {
    return [...(this.#find(path, true)?.node.entries.keys() ?? [])].sort()
  }

  mkdir(path: string): void {
    const parts = path.split('/').filter(part => part !== '')
    for (let count = 1; count <= parts.length; count++) {
      const part = `/${parts.slice(0, count).join('/')}`
      if (this.#find(part, true) === undefined) this.#put(part, directory())
    }
  }

  rmdir(path: string): void {
    const found = this.#find(path, false)
    if (found?.node.type !== 'directory' || found.node.entries.size > 0) return
    if ([...this.#covers.values()].some(({ at, shows }) => at === found.node || shows === found.node)) return
    this.remove(path)
  }

  bind(id: string, source: BindSource, node: string, readonly: boolean): void {
    const at = this.#find(node, true)
    const shows = 'storage' in source ? this.#storage(source.storage) : this.#find(source.path, true)?.node
    if (at === undefined || shows === undefined) throw new FileError('ENOENT', node)
    const cover = { id, within: at.mount, at: at.node, shows, readonly }
    this.#covers.set(id, cover)
    this.#at.set(at.node, [...(this.#at.get(at.node) ?? []), cover])
  }

  remount(id: string, _node: string, readonly: boolean): void {
    const cover = this.#covers.get(id)
    if (cover !== undefined) cover.readonly = readonly
  }

  unbind(id: string, _node: string, force: boolean): 'ok' | 'busy' {
    const cover = this.#covers.get(id)
    if (cover === undefined) return 'ok'
    if (!force && [...this.#occupied].some(place => place.mount === id)) return 'busy'
    this.#covers.delete(id)
    this.#at.set(
      cover.at,
      (this.#at.get(cover.at) ?? []).filter(each => each !== cover),
    )
    return 'ok'
  }

  unbindAll(): void {
    this.#covers.clear()
    this.#at.clear()
    this.#occupied.clear()
  }

  createStorage(storage: string): void {
    this.#storages.set(storage, directory())
  }

  copyStorage(from: string, to: string): void {
    this.unpackStorage(this.packStorage(from), to)
  }

  replaceStorage(storage: string, from: string): void {
    this.unpackStorage(this.packStorage(from), storage)
  }

  removeStorage(storage: string): void {
    this.#storages.delete(storage)
  }

  usedBytes(storage: string): number {
    return size(this.#storage(storage))
  }

  fingerprint(storage: string): string {
    return createHash('sha256')
      .update(JSON.stringify(pack(this.#storage(storage))))
      .digest('hex')
  }

  packStorage(storage: string): string {
    return JSON.stringify(pack(this.#storage(storage)))
  }

  unpackStorage(text: string, storage: string): void {
    const node = this.#storages.get(storage) ?? directory()
    this.#storages.set(storage, node)
    Object.assign(node, unpack(JSON.parse(text)))
  }

  showSnapshots(storage: string, snapshots: Readonly<Record<string, string>>): void {
    this.#snapshots.set(this.#storage(storage), snapshots)
  }

  // What tests and the in-memory host do, as programs and customers would.

  write(path: string, content: string, mode = 0o644): void {
    const node = this.#find(path, true)
    if (node === undefined) this.#put(path, { ...directory(), type: 'file', content, mode })
    else Object.assign(writable(node), { content, encoding: 'utf8', stamp: node.node.stamp + 1 })
  }

  symlink(path: string, target: string): void {
    this.#put(path, { ...directory(), type: 'link', target, mode: 0o777 })
  }

  /** chmod -h: never through a link. */
  chmod(path: string, mode: number): void {
    const found = this.#find(path, false)
    if (found === undefined) throw new FileError('ENOENT', path)
    writable(found).mode = mode
  }

  chown(path: string, uid: number, gid: number): void {
    const found = this.#find(path, false)
    if (found === undefined) throw new FileError('ENOENT', path)
    Object.assign(writable(found), { uid, gid })
  }

  remove(path: string): void {
    const found = this.#find(path, false)
    const name = path.split('/').filter(Boolean).at(-1) ?? ''
    if (found?.parent === undefined) throw new FileError('ENOENT', path)
    writable(found)
    found.parent.entries.delete(name)
  }

  rename(from: string, to: string): void {
    const found = this.#find(from, false)
    if (found === undefined) throw new FileError('ENOENT', from)
    this.remove(from)
    this.#put(to, found.node)
  }

  /** A process goes to stay at `path`, or leaves it. */
  occupy(path: string): () => void {
    const place = this.#find(path, true)
    if (place === undefined) throw new FileError('ENOENT', path)
    this.#occupied.add(place)
    return () => this.#occupied.delete(place)
  }

  #storage(storage: string): Node {
    const node = this.#storages.get(storage)
    if (node === undefined) throw new Error(`there is no storage ${storage}`)
    return node
  }

  #put(path: string, node: Node): void {
    const parts = path.split('/').filter(part => part !== '')
    const name = parts.pop() ?? ''
    const parent = this.#find(`/${parts.join('/')}`, true)
    if (parent?.node.type !== 'directory') throw new FileError('ENOENT', path)
    writable(parent).entries.set(name, node)
    parent.node.stamp += 1
  }

  /** Walks as namei(9) does: through links, and from each directory into what is mounted on it. */
  #find(path: string, followLast: boolean, links = 0): Place | undefined {
    if (links > 32) return undefined
    let here: Place[] = [this.#enter({ node: this.#root, path: '/', readonly: false, mount: '' })]
    const parts = path.split('/').filter(part => part !== '' && part !== '.')
    for (const [at, part] of parts.entries()) {
      const place = here.at(-1) as Place
      if (place.node.type !== 'directory') return undefined
      if (part === '..') {
        here = here.length > 1 ? here.slice(0, -1) : here
        continue
      }
      const child = this.#child(place.node, part)
      if (child === undefined) return undefined
      if (child.type === 'link' && (followLast || at < parts.length - 1)) {
        const base = child.target.startsWith('/') ? '' : place.path
        return this.#find([base, child.target, ...parts.slice(at + 1)].join('/'), followLast, links + 1)
      }
      const childPath = place.path === '/' ? `/${part}` : `${place.path}/${part}`
      const { mount, readonly } = place
      here.push(this.#enter({ node: child, path: childPath, readonly, mount, parent: place.node }))
    }
    return here.at(-1)
  }

  #child(node: Node, name: string): Node | undefined {
    const snapshots = this.#snapshots.get(node)
    if (name !== '.zfs' || snapshots === undefined) return node.entries.get(name)
    const shown = Object.entries(snapshots).map(([tag, storage]): [string, Node] => [tag, this.#storage(storage)])
    return directory([['snapshot', directory(shown)]])
  }

  #enter(place: Place): Place {
    const cover = this.#at.get(place.node)?.findLast(({ within }) => within === place.mount)
    if (cover === undefined) return place
    return this.#enter({ ...place, node: cover.shows, readonly: cover.readonly === true, mount: cover.id })
  }
}
