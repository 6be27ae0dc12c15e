/** mount(8), and what it starts for nullfs, mount_nullfs(8) (sbin/mount, sbin/mount_nullfs; 02-mounts.jsonl). */
import { type FstabEntry, readFstab } from './fstab.ts'
import type { Machine } from './machine.ts'
import { type Form, printMounts } from './mount-print.ts'
import { isPseudo, mountPseudo } from './mount-pseudo.ts'
import { addMount, ERRORS, isNullfsLoop, mountOf } from './mounts.ts'
import { getopt, imitation, type Screen, Unknown } from './screen.ts'
import { addDatasetMount, refreshReadonly } from './zfs/mounting.ts'
import { isLocked } from './zfs/status.ts'

const KNOWN_OPTIONS = ['ro', 'rw', 'noro', 'nosuid', 'noexec', 'noatime', 'late', 'noauto', 'failok']

/** sysexits(3): mount_nullfs is particular about its arguments. */
const EX_USAGE = 64

export const mount = imitation('mount', (machine, call, screen) => {
  const { form, args } = takeLibxo(call.args)
  const { set, values, operands } = getopt(args, 'aF:flLno:prt:uw')
  const types = values.get('t')?.at(-1)?.split(',')
  const options = (values.get('o') ?? []).flatMap(list => list.split(','))
  if (set.has('r')) options.push('ro')
  const wish = { machine, screen, options, update: set.has('u') }

  if (set.has('a')) return mountAll(wish, values.get('F')?.at(-1) ?? '/etc/fstab', types, set.has('l'))
  const [first, second, ...more] = operands
  if (more.length > 0) throw new Unknown(`operand ${more[0]}`)
  if (first === undefined) {
    const shown = machine.state.mounts.filter(each => types === undefined || types.includes(each.fstype))
    screen.out(printMounts(machine, shown, set.has('p') ? 'fstab' : form))
    return 0
  }
  if (second === undefined) return set.has('u') ? update(wish, first) : mountFromFstab(wish, first)
  if (types?.length !== 1) throw new Unknown('type of file system')
  return mountOne(wish, { special: first, node: second, fstype: types[0] ?? '', options: [] })
})

interface Wish {
  readonly machine: Machine
  readonly screen: Screen
  readonly options: readonly string[]
  readonly update: boolean
}

function takeLibxo(args: readonly string[]): { readonly form: Form; readonly args: readonly string[] } {
  const at = args.findIndex(word => word.startsWith('--libxo'))
  if (at < 0) return { form: 'text', args }
  const attached = args[at]?.split('=')[1]
  const form = attached ?? args[at + 1]
  if (form !== 'json' && form !== 'json,pretty') throw new Unknown(`form --libxo ${form}`)
  return { form, args: args.filter((_, index) => index !== at && (attached !== undefined || index !== at + 1)) }
}

/** Goes on after an error, and passes over what is mounted already (`mount -aF`, twice). */
function mountAll(wish: Wish, file: string, types: readonly string[] | undefined, late: boolean): number {
  const { machine, screen } = wish
  const text = machine.tree.read(file)
  if (text === undefined) {
    // lib/libc/gen/fstab.c, error(): it complains, and there are simply no entries.
    screen.err(`fstab: ${file}:0: ${ERRORS.ENOENT}\n`)
    return 0
  }
  return readFstab(text)
    .filter(
      ({ fstype, options }) =>
        (types?.includes(fstype) ?? true) && !options.includes('noauto') && (late || !options.includes('late')),
    )
    .reduce((status, entry) => {
      const node = machine.tree.realpath(entry.node) ?? entry.node
      if (machine.state.mounts.some(each => each.node === node)) return status
      return status | (mountOne(wish, entry) === 0 ? 0 : 1)
    }, 0)
}

function mountFromFstab(wish: Wish, name: string): number {
  const entry = readFstab(wish.machine.tree.read('/etc/fstab') ?? '').find(
    each => each.node === name || each.special === name,
  )
  if (entry !== undefined) return mountOne(wish, entry)
  wish.screen.err(`mount: ${name}: unknown special file or file system\n`)
  return 1
}

/** mountfs: the mount point is resolved, links and all, before anything else (facts.md, mount-3). */
function mountOne(wish: Wish, entry: FstabEntry): number {
  const { machine, screen } = wish
  const options = [...entry.options, ...wish.options]
  const isForeign = (option: string) => !isPseudo(entry.fstype) && !KNOWN_OPTIONS.includes(option)
  for (const option of options) if (isForeign(option)) throw new Unknown(`option -o ${option}`)
  const given = options.filter(option => option !== 'rw' && option !== 'late' && option !== 'failok')
  const node = machine.tree.realpath(entry.node)
  if (node === undefined) {
    screen.err(`mount: ${entry.node}: ${ERRORS.ENOENT}\n`)
    return 1
  }
  switch (entry.fstype) {
    case 'nullfs':
      return mountNullfs(wish, entry.special, node, given)
    case 'zfs':
      return mountZfs(wish, entry.special, node, given)
    default:
      if (isPseudo(entry.fstype)) return mountPseudo(machine, screen, entry.fstype, node, given)
      throw new Unknown(`type of file system ${entry.fstype}`)
  }
}

function mountNullfs({ machine, screen }: Wish, special: string, node: string, options: string[]): number {
  const { tree } = machine
  const say = (status: number, what: string) => {
    screen.err(`mount_nullfs: ${what}\n`)
    return status
  }
  const source = tree.realpath(special)
  if (source === undefined) return say(EX_USAGE, `${special}: ${ERRORS.ENOENT}`)
  const isDirectory = (path: string) => tree.lstat(path)?.type === 'directory'
  if (isDirectory(source) !== isDirectory(node))
    return say(EX_USAGE, `${node}: must be same type as ${source} (file or directory)`)
  if (isNullfsLoop(machine, source, node)) return say(1, `${node}: ${ERRORS.EDEADLK}`)
  addMount(machine, { special: source, node, fstype: 'nullfs', options }, { path: source }, options.includes('ro'))
  return 0
}

function mountZfs({ machine, screen }: Wish, special: string, node: string, options: string[]): number {
  const name = special.replace(/\/+$/, '')
  const dataset = machine.dataset(name)
  const say = (why: string) => {
    screen.err(`mount: ${special}: ${why}\n`)
    return 1
  }
  if (dataset?.type !== 'filesystem') return say(ERRORS.ENOENT)
  if (isLocked(machine, dataset)) return say('Permission denied')
  if (mountOf(machine, name) !== undefined) return say(ERRORS.EBUSY)
  addDatasetMount(machine, dataset, node, options)
  return 0
}

/** `mount -u`: nullfs refuses it; a zfs mount takes `ro` for as long as it is mounted. */
function update({ machine, screen, options }: Wish, name: string): number {
  const path = machine.tree.realpath(name) ?? name
  const found = machine.state.mounts.findLast(each => each.node === path || each.special === name)
  if (found === undefined) {
    screen.err(`mount: not currently mounted ${name}\n`)
    return 1
  }
  if (found.fstype === 'nullfs') {
    screen.err(`mount_nullfs: ${found.node}: ${ERRORS.EOPNOTSUPP}\n`)
    return 1
  }
  if (found.fstype !== 'zfs') throw new Unknown(`type of file system ${found.fstype} to update`)
  found.options = options.includes('ro') ? ['ro'] : []
  machine.changed()
  refreshReadonly(machine)
  return 0
}
