/** The machine as a process sees it whose root directory is another one (chroot(2)): the same, with other paths. */
import { posix } from 'node:path'
import type { Files } from './files.ts'
import type { Machine } from './machine.ts'
import type { Tree } from './tree.ts'

const MOST_LINKS = 32

export function rooted(machine: Machine, root: string): Machine {
  const tree = rootedTree(machine.tree, root)
  return new Proxy(machine, {
    get(target, key) {
      if (key === 'tree') return tree
      const value = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function rootedTree(tree: Tree, root: string): Tree {
  /** Path below the new root that the walk ends at, links followed within it; undefined where it ends in nothing. */
  function resolve(path: string, followLast: boolean, links = 0): string | undefined {
    const parts = path.split('/').filter(part => part !== '' && part !== '.')
    let here = '/'
    for (const [at, part] of parts.entries()) {
      here = posix.join(here, part)
      const status = tree.lstat(posix.join(root, here))
      if (status === undefined) return undefined
      if (status.type !== 'link' || (at === parts.length - 1 && !followLast)) continue
      if (links >= MOST_LINKS) return undefined
      const target = posix.resolve(posix.dirname(here), tree.files.target(posix.join(root, here)))
      return resolve(posix.join(target, ...parts.slice(at + 1)), followLast, links + 1)
    }
    return here
  }
  /** Where a thing is, or would be made: links on the way there are followed. */
  function place(path: string): string {
    return posix.join(root, resolve(posix.dirname(path), true) ?? posix.dirname(path), posix.basename(path))
  }
  /** The same where a final link is followed, also one to nothing. */
  function destination(path: string): string {
    const found = place(path)
    if (tree.lstat(found)?.type !== 'link') return found
    return destination(posix.resolve(posix.dirname(path), tree.files.target(found)))
  }
  function seen<T>(path: string, look: (place: string) => T): T | undefined {
    const found = resolve(path, true)
    return found === undefined ? undefined : look(posix.join(root, found))
  }

  const { files } = tree
  const within: Files = {
    status: path => files.status(place(path)),
    list: path => seen(path, files.list),
    bytes: path => seen(path, files.bytes),
    target: path => files.target(place(path)),
    write: (path, content, mode) => files.write(destination(path), content, mode),
    mkdir: (path, mode) => files.mkdir(place(path), mode),
    symlink: (target, path) => files.symlink(target, place(path)),
    link: (existing, path) => files.link(destination(existing), place(path)),
    remove: path => files.remove(place(path)),
    rename: (from, to) => files.rename(place(from), place(to)),
    setMode: (path, mode) => files.setMode(place(path), mode),
    setOwner: (path, uid, gid) => files.setOwner(place(path), uid, gid),
    setModified: (path, seconds) => files.setModified(place(path), seconds),
    setFlags: (path, flags) => files.setFlags(place(path), flags),
  }
  return new Proxy(tree, {
    get(target, key) {
      switch (key) {
        case 'files':
          return within
        case 'lstat':
          return (path: string) => tree.lstat(place(path))
        case 'realpath':
          return (path: string) => resolve(path, true)
        case 'read':
          return (path: string) => within.bytes(path)?.toString()
        case 'mkdir':
          return (path: string) => tree.mkdir(place(path))
        case 'rmdir':
          return (path: string) => tree.rmdir(place(path))
      }
      const value = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
