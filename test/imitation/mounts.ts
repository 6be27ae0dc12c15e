/** The kernel's mount table: what is mounted where, what makes a mount busy, and what mount(8) shows of it. */
import type { Machine } from './machine.ts'
import type { Mount } from './state.ts'
import type { BindSource } from './tree.ts'
import { mountFlags } from './zfs/read.ts'

/** What strerror(3) says of the failures a mount can have. */
export const ERRORS = {
  EBUSY: 'Device busy',
  EDEADLK: 'Resource deadlock avoided',
  ENOENT: 'No such file or directory',
  EOPNOTSUPP: 'Operation not supported',
} as const

export type MountError = keyof typeof ERRORS

const isWithin = (path: string, node: string) => node === '/' || path === node || path.startsWith(`${node}/`)

/** The mount a link-free path lies in. One whose parent was unmounted by force is in the table but on no path. */
export function containing(mounts: readonly Mount[], path: string): Mount | undefined {
  let inside: Mount | undefined
  for (;;) {
    const parent = inside
    const next = mounts
      .filter(mount => mount !== parent && mount.parent === parent?.id && isWithin(path, mount.node))
      .sort((a, b) => a.node.length - b.node.length)[0]
    if (next === undefined) return inside
    inside = next
  }
}

/** Adds a mount at the link-free path `node`, which exists. */
export function addMount(
  machine: Machine,
  mount: Pick<Mount, 'special' | 'node' | 'fstype' | 'options'>,
  source: BindSource,
  readonly: boolean,
): void {
  const { mounts } = machine.state
  const parent = containing(mounts, mount.node)
  const lower = 'path' in source ? containing(mounts, source.path) : undefined
  const id = machine.id('mount')
  machine.tree.bind(id, source, mount.node, readonly)
  mounts.push({
    ...mount,
    id,
    ...(parent === undefined ? {} : { parent: parent.id }),
    ...(lower === undefined ? {} : { lower: lower.id }),
  })
  machine.changed()
}

/** dounmount(9) by file system id, as umount(8) asks for it. */
export function removeMount(machine: Machine, mount: Mount, force: boolean): 'ok' | 'EBUSY' {
  const { mounts } = machine.state
  const held = mounts.some(other => other.parent === mount.id || other.lower === mount.id)
  if (mount.fixed === true || (held && !force)) return 'EBUSY'
  if (machine.tree.unbind(mount.id, mount.node, force) === 'busy') return 'EBUSY'
  machine.state.mounts = mounts.filter(other => other !== mount)
  machine.changed()
  return 'ok'
}

/**
 * sys/fs/nullfs/null_vfsops.c, nullfs_mount: the covered vnode may not be a null vnode over the very vnode that would be
 * mounted ("avoid lock against myself"), nor that vnode itself (02-mounts.jsonl: "Resource deadlock avoided").
 */
export function isNullfsLoop(machine: Machine, source: string, node: string): boolean {
  if (source === node) return true
  const covered = containing(machine.state.mounts, node)
  if (covered?.fstype !== 'nullfs') return false
  return covered.special + node.slice(covered.node.length) === source
}

/**
 * The flags of a mount in the words and the order of mount.c's `optnames`. A zfs mount's come from its dataset's
 * properties at this moment; a nullfs mount shows those of what lies below it beside its own (nullfs_statfs).
 */
export function flagsOf(machine: Machine, mount: Mount): string[] {
  if (mount.fixed === true) return mount.options
  const flags = new Set<string>(mount.options.includes('ro') ? ['read-only'] : [])
  const below = machine.state.mounts.find(other => other.id === mount.lower)
  if (below !== undefined) for (const flag of flagsOf(machine, below)) flags.add(flag)
  if (mount.fstype === 'zfs') for (const flag of mountFlags(machine, mount)) flags.add(flag)
  return FLAG_ORDER.filter(flag => flags.has(flag))
}

const FLAG_ORDER = ['local', 'noatime', 'noexec', 'nosuid', 'read-only', 'soft-updates', 'acls', 'nfsv4acls']

/** Where a dataset is mounted: one place at most (01, 02: "Device busy"). */
export function mountOf(machine: Machine, dataset: string): Mount | undefined {
  return machine.state.mounts.find(mount => mount.fstype === 'zfs' && mount.special === dataset)
}
