/** mtree(8) making a specification (-c): contrib/mtree/create.c, flavour of FreeBSD 10 and later. */
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import { accountsOf } from './accounts.ts'
import { Disk } from './disk.ts'
import type { FileStatus } from './files.ts'
import type { Machine } from './machine.ts'
import { getopt, imitation, type Screen, Unknown } from './screen.ts'

const DEFAULT = ['flags', 'gid', 'link', 'mode', 'nlink', 'size', 'time', 'type', 'uid']
const KNOWN = [...DEFAULT, 'gname', 'uname', 'sha256digest', 'sha256']
const INDENT = 15
const LINE = 80
const TYPES = { directory: 'dir', file: 'file', link: 'link', other: 'char' } as const

export const mtree = imitation('mtree', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'bcjnxk:K:p:')
  if (!set.has('c') || operands.length > 0) throw new Unknown('way to compare a tree with a specification')
  const words = (flag: string) => (values.get(flag) ?? []).flatMap(each => each.split(/[ ,\t\n]+/)).filter(Boolean)
  const keys = new Set([...(values.has('k') ? words('k') : DEFAULT), ...words('K')])
  for (const key of keys) if (!KNOWN.includes(key)) throw new Unknown(`keyword ${key}`)
  const disk = new Disk(machine, call)
  const root = values.get('p')?.at(-1) ?? '.'
  if (disk.stat(root)?.type !== 'directory') {
    screen.err(`mtree: ${root}: ${disk.stat(root) === undefined ? 'No such file or directory' : 'Not a directory'}\n`)
    return 1
  }
  new Walk(machine, disk, screen, keys, set).start(disk.at(root))
  return 0
})

/** What an entry need not say, since `/set` did. */
interface Common {
  readonly uid: number
  readonly gid: number
  readonly mode: number
  readonly flags: string
}

class Walk {
  readonly #machine: Machine
  readonly #disk: Disk
  readonly #screen: Screen
  readonly #keys: ReadonlySet<string>
  readonly #options: ReadonlySet<string>
  #common: Common = { uid: 0, gid: 0, mode: 0, flags: 'none' }
  #isFirst = true

  constructor(machine: Machine, disk: Disk, screen: Screen, keys: ReadonlySet<string>, options: ReadonlySet<string>) {
    this.#machine = machine
    this.#disk = disk
    this.#screen = screen
    this.#keys = keys
    this.#options = options
  }

  start(root: string): void {
    if (!this.#options.has('n')) {
      const host = this.#machine.state.sysctls['kern.hostname'] ?? 'fbsd.test'
      const date = this.#machine
        .clock()
        .toUTCString()
        .replace(/^(\w+), (\d+) (\w+) (\d+) (.*) GMT$/, '$1 $3 $2 $5 $4')
      this.#screen.out(`#\t   user: root\n#\tmachine: ${host}\n#\t   tree: ${root}\n#\t   date: ${date}\n`)
    }
    this.#directory(root, '.', '.', 0)
  }

  #directory(path: string, name: string, shown: string, level: number): void {
    const has = (flag: string) => this.#options.has(flag)
    const indent = has('j') ? ' '.repeat(level * 4) : ''
    const isForeign = level > 0 && has('x') && this.#machine.state.mounts.some(mount => mount.node === path)
    const names = isForeign ? [] : (this.#disk.list(path) ?? [])
    const found = names.flatMap(each => {
      const status = this.#disk.status(posix.join(path, each))
      return status === undefined ? [] : [{ name: each, status }]
    })
    // dcmp: directories come last.
    const plain = found.filter(({ status }) => status.type !== 'directory')
    const directories = found.filter(({ status }) => status.type === 'directory')
    if (!has('b')) this.#screen.out('\n')
    if (!has('n')) this.#screen.out(`# ${shown}\n`)
    this.#set([...plain, ...directories].map(({ status }) => status))
    const own = this.#disk.stat(path)
    if (own !== undefined) this.#entry(name, path, own, indent)

    const below = has('j') ? ' '.repeat((level + 1) * 4) : ''
    for (const child of plain) this.#entry(child.name, posix.join(path, child.name), child.status, below)
    for (const child of directories)
      this.#directory(posix.join(path, child.name), child.name, `${shown}/${child.name}`, level + 1)
    if (level === 0) return
    if (!has('n')) this.#screen.out(`${indent}# ${shown}\n`)
    this.#screen.out(`${indent}..\n${has('b') ? '' : '\n'}`)
  }

  /** What most of a directory's entries have. A directory without any says nothing (statd, fts_children). */
  #set(children: readonly FileStatus[]): void {
    if (children.length === 0) return
    const keys = this.#keys
    const most = <T>(values: readonly T[]): T => {
      const counts = new Map<T, number>()
      let [winner, highest] = [values[0] as T, 0]
      for (const value of values) {
        const count = (counts.get(value) ?? 0) + 1
        counts.set(value, count)
        if (count > highest) [winner, highest] = [value, count]
      }
      return winner
    }
    const common: Common = {
      uid: most(children.map(({ uid }) => uid)),
      gid: most(children.map(({ gid }) => gid)),
      mode: most(children.map(({ mode }) => mode)),
      flags: most(children.map(flagsOf)),
    }
    const differs = (key: keyof Common, ...names: string[]) =>
      names.some(name => keys.has(name)) && common[key] !== this.#common[key]
    const isNews =
      differs('uid', 'uid', 'uname') ||
      differs('gid', 'gid', 'gname') ||
      differs('mode', 'mode') ||
      differs('flags', 'flags')
    if (!isNews && !this.#isFirst) return
    this.#isFirst = false
    this.#common = common
    const parts = ['type=file', ...this.#owner(common.uid, common.gid)]
    if (keys.has('mode')) parts.push(`mode=${octal(common.mode)}`)
    if (keys.has('nlink')) parts.push('nlink=1')
    if (keys.has('flags')) parts.push(`flags=${common.flags}`)
    this.#screen.out(`/set ${parts.join(' ')}\n`)
  }

  #entry(name: string, path: string, status: FileStatus, indent: string): void {
    const keys = this.#keys
    const common = this.#common
    const isFile = status.type === 'file'
    const parts = isFile ? [] : [`type=${TYPES[status.type]}`]
    const owner = this.#owner(
      status.uid === common.uid ? undefined : status.uid,
      status.gid === common.gid ? undefined : status.gid,
    )
    parts.push(...owner)
    if (keys.has('mode') && status.mode !== common.mode) parts.push(`mode=${octal(status.mode)}`)
    if (keys.has('nlink') && status.links !== 1) parts.push(`nlink=${status.links}`)
    if (keys.has('size') && isFile) parts.push(`size=${status.size}`)
    if (keys.has('time')) parts.push(`time=${status.modified}.000000000`)
    if ((keys.has('sha256digest') || keys.has('sha256')) && isFile)
      parts.push(
        `sha256digest=${createHash('sha256')
          .update(this.#disk.bytes(path) ?? '')
          .digest('hex')}`,
      )
    if (keys.has('link') && status.type === 'link') parts.push(`link=${visible(this.#disk.target(path))}`)
    if (keys.has('flags') && flagsOf(status) !== common.flags) parts.push(`flags=${flagsOf(status)}`)

    let line = `${indent}${status.type === 'directory' ? '' : '    '}${visible(name)}`
    let offset = line.length > INDENT + indent.length ? LINE : INDENT + indent.length
    line = line.padEnd(INDENT + indent.length)
    for (const part of parts) {
      if (offset + part.length > LINE - 3) {
        line += ` \\\n${' '.repeat(INDENT + indent.length)}`
        offset = INDENT + indent.length
      }
      line += ` ${part}`
      offset += part.length + 2
    }
    this.#screen.out(`${line}\n`)
  }

  #owner(uid: number | undefined, gid: number | undefined): string[] {
    const keys = this.#keys
    const accounts = accountsOf(this.#machine)
    const parts: string[] = []
    const user = uid !== undefined && keys.has('uname') ? accounts.userOf(uid) : undefined
    if (user !== undefined) parts.push(`uname=${user}`)
    if (uid !== undefined && (keys.has('uid') || (keys.has('uname') && user === undefined))) parts.push(`uid=${uid}`)
    const group = gid !== undefined && keys.has('gname') ? accounts.groupOf(gid) : undefined
    if (group !== undefined) parts.push(`gname=${group}`)
    if (gid !== undefined && (keys.has('gid') || (keys.has('gname') && group === undefined))) parts.push(`gid=${gid}`)
    return parts
  }
}

const flagsOf = ({ flags }: FileStatus) => flags.join(',') || 'none'
/** printf's `%#o`. */
const octal = (mode: number) => (mode === 0 ? '0' : `0${mode.toString(8)}`)
/** vis(3) with octal escapes, as mtree(5) wants names. */
const visible = (name: string) =>
  name.replace(/[\s\\#*?[=]/g, char => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
