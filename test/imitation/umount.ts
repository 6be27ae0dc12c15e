/** umount(8) (sbin/umount/umount.c; 02-mounts.jsonl). */
import { readFstab } from './fstab.ts'
import type { Machine } from './machine.ts'
import { containing, ERRORS, removeMount } from './mounts.ts'
import { getopt, imitation, type Screen, Unknown } from './screen.ts'
import type { Mount } from './state.ts'

interface Wish {
  readonly machine: Machine
  readonly screen: Screen
  readonly force: boolean
  readonly verbose: boolean
  readonly types: readonly string[] | undefined
}

export const umount = imitation('umount', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'aF:ft:v')
  const types = values.get('t')?.at(-1)?.split(',')
  const wish: Wish = { machine, screen, force: set.has('f'), verbose: set.has('v'), types }
  if (!set.has('a')) {
    if (operands.length === 0) throw new Unknown('number of operands')
    return operands.reduce((status, name) => status | unmountNamed(wish, name), 0)
  }
  if (operands.length > 0) throw new Unknown('number of operands')
  return unmountAll(wish, values.get('F')?.at(-1) ?? '/etc/fstab')
})

/** umountall: the last line first; a complaint about one does not stop the others. */
function unmountAll(wish: Wish, file: string): number {
  const text = wish.machine.tree.read(file)
  if (text === undefined) {
    wish.screen.err(`umount: ${file}: ${ERRORS.ENOENT}\n`)
    return 1
  }
  const entries = readFstab(text).filter(({ node, fstype }) => node !== '/' && (wish.types?.includes(fstype) ?? true))
  return entries.reverse().reduce((status, { node }) => status | unmountNamed(wish, node), 0)
}

/** checkname: the mount table's own names first, the youngest of equals; only then what the path leads to. */
function unmountNamed(wish: Wish, given: string): number {
  const { machine, screen } = wish
  const name = given.length > 1 ? given.replace(/\/+$/, '') : given
  const { mounts } = machine.state
  let found = mounts.findLast(mount => mount.node === name) ?? mounts.findLast(mount => mount.special === name)
  const ambiguous = mounts.filter(mount => mount.node === name).length > 1
  if (found === undefined || ambiguous) {
    const path = machine.tree.realpath(name)
    if (path === undefined) {
      screen.err(`umount: ${name}: statfs: ${ERRORS.ENOENT}\n`)
    } else if (machine.tree.lstat(path)?.type === 'directory') {
      const top = containing(mounts, path)
      if (top?.node !== path) {
        screen.err(`umount: ${name}: not a file system root directory\n`)
        return 1
      }
      found = top
    }
  }
  if (found === undefined) {
    screen.err(`umount: ${name}: unknown file system\n`)
    return 1
  }
  return wish.types === undefined || wish.types.includes(found.fstype) ? unmount(wish, found) : 1
}

function unmount({ machine, screen, force, verbose }: Wish, mount: Mount): number {
  if (removeMount(machine, mount, force) === 'EBUSY') {
    screen.err(`umount: unmount of ${mount.node} failed: ${ERRORS.EBUSY}\n`)
    return 1
  }
  if (verbose) screen.out(`${mount.special}: unmount from ${mount.node}\n`)
  return 0
}
