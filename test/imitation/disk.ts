/** The files of a machine as one program writes them: relative to where it runs, within quota, and never over `schg`. */
import { posix } from 'node:path'
import type { FileStatus, Files } from './files.ts'
import type { Call, Machine } from './machine.ts'
import { FileError } from './memory-node.ts'
import { containing } from './mounts.ts'
import { available } from './zfs/space.ts'

/** chflags(2): files with these are not to be changed, not even by root. */
const IMMUTABLE = ['schg', 'sappnd', 'uchg', 'uappnd', 'sunlnk', 'uunlnk']

export class Disk {
  readonly #machine: Machine
  readonly #call: Call
  readonly #files: Files
  /** Bytes left of each dataset: asked for once, then counted down. */
  readonly #room = new Map<string, { left: number; quota: boolean }>()

  constructor(machine: Machine, call: Call) {
    this.#machine = machine
    this.#call = call
    this.#files = machine.tree.files
  }

  /** Absolute, without `.` and `..`. */
  at = (path: string): string => posix.resolve(this.#call.cwd, path)

  status = (path: string): FileStatus | undefined => this.#files.status(this.at(path))

  /** stat(2): links are followed. */
  stat(path: string): FileStatus | undefined {
    const real = this.#machine.tree.realpath(this.at(path))
    return real === undefined ? undefined : this.#files.status(real)
  }

  list = (path: string): string[] | undefined => this.#files.list(this.at(path))
  bytes = (path: string): Buffer | undefined => this.#files.bytes(this.at(path))
  text = (path: string): string | undefined => this.bytes(path)?.toString()
  target = (path: string): string => this.#files.target(this.at(path))

  write(path: string, content: Buffer | string, mode?: number): void {
    const bytes = Buffer.from(content)
    const before = this.stat(path)
    this.#claim(path, bytes.length - (before?.size ?? 0))
    this.#mayChange(path, before !== undefined)
    this.#change(() => this.#files.write(this.at(path), bytes, mode))
  }

  /** As mkdir -p does, 0755. */
  mkdirs(path: string): void {
    const parts = this.at(path).split('/').slice(1)
    for (const [index] of parts.entries()) {
      const part = `/${parts.slice(0, index + 1).join('/')}`
      if (this.stat(part) === undefined) this.mkdir(part, 0o755)
    }
  }

  mkdir(path: string, mode: number): void {
    this.#mayChange(path, false)
    this.#change(() => this.#files.mkdir(this.at(path), mode))
  }

  symlink(target: string, path: string): void {
    this.#mayChange(path, false)
    this.#change(() => this.#files.symlink(target, this.at(path)))
  }

  link(existing: string, path: string): void {
    this.#mayChange(path, false)
    this.#change(() => this.#files.link(this.at(existing), this.at(path)))
  }

  remove(path: string): void {
    this.#mayChange(path, true)
    this.#change(() => this.#files.remove(this.at(path)))
  }

  rename(from: string, to: string): void {
    this.#mayChange(from, true)
    this.#mayChange(to, this.status(to) !== undefined)
    this.#change(() => this.#files.rename(this.at(from), this.at(to)))
  }

  setMode = (path: string, mode: number) => this.#change(() => this.#files.setMode(this.at(path), mode))
  setOwner = (path: string, uid: number, gid: number) =>
    this.#change(() => this.#files.setOwner(this.at(path), uid, gid))
  setModified = (path: string, seconds: number) => this.#change(() => this.#files.setModified(this.at(path), seconds))
  setFlags = (path: string, flags: readonly string[]) => this.#change(() => this.#files.setFlags(this.at(path), flags))

  /** Whether a process could write there: neither read-only nor full. */
  isReadOnly(path: string): boolean {
    const mount = this.#mountOf(path)
    if (mount === undefined) return false
    const dataset = mount.fstype === 'zfs' ? this.#machine.dataset(mount.special) : undefined
    return mount.options.includes('ro') || (dataset !== undefined && isReadOnly(this.#machine, dataset.name))
  }

  /** Bytes left where `path` is. */
  room(path: string): number {
    return this.#roomAt(path)?.left ?? Number.POSITIVE_INFINITY
  }

  #change(change: () => void): void {
    change()
    this.#machine.changed()
  }

  #mayChange(path: string, exists: boolean): void {
    if (exists && this.status(path)?.flags.some(flag => IMMUTABLE.includes(flag))) throw new FileError('EPERM', path)
    if (this.#call.uid === 0) return
    const place = this.stat(exists ? path : posix.dirname(this.at(path)))
    if (place === undefined || place.uid === this.#call.uid || place.mode & 0o002) return
    throw new FileError('EACCES', path)
  }

  #claim(path: string, bytes: number): void {
    const room = this.#roomAt(path)
    if (room === undefined || bytes <= 0) return
    if (bytes > room.left) throw new FileError(room.quota ? 'EDQUOT' : 'ENOSPC', path)
    room.left -= bytes
  }

  #roomAt(path: string): { left: number; quota: boolean } | undefined {
    const mount = this.#mountOf(path)
    const dataset = mount?.fstype === 'zfs' ? this.#machine.dataset(mount.special) : undefined
    if (dataset === undefined) return undefined
    let room = this.#room.get(dataset.name)
    if (room === undefined) {
      room = { left: available(this.#machine, dataset), quota: Number(dataset.local.quota ?? 0) > 0 }
      this.#room.set(dataset.name, room)
    }
    return room
  }

  #mountOf(path: string) {
    let place = this.at(path)
    while (this.#machine.tree.realpath(place) === undefined && place !== '/') place = posix.dirname(place)
    return containing(this.#machine.state.mounts, this.#machine.tree.realpath(place) ?? '/')
  }
}

function isReadOnly(machine: Machine, name: string): boolean {
  const own = machine.dataset(name)?.local.readonly
  if (own !== undefined) return own === 'on'
  const parent = name.slice(0, Math.max(0, name.lastIndexOf('/')))
  return parent !== '' && isReadOnly(machine, parent)
}
