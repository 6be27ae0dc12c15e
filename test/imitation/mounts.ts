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

interface Index {
  readonly counted: number
  readonly byNode: Map<string, Mount[]>
  readonly bySpecial: Map<string, Mount>
}

const indexes = new WeakMap<readonly Mount[], Index>()

/** The table by node and by special: it may be long, and it mostly grows. */
function indexOf(mounts: readonly Mount[]): Index {
  const known = indexes.get(mounts)
  if (known?.counted === mounts.length) return known
  const grown = known !== undefined && known.counted < mounts.length
  const { byNode, bySpecial } = grown
    ? known
    : { byNode: new Map<string, Mount[]>(), bySpecial: new Map<string, Mount>() }
  for (const mount of grown ? mounts.slice(known.counted) : mounts) {
    byNode.set(mount.node, [...(byNode.get(mount.node) ?? []), mount])
    if (mount.fstype === 'zfs') bySpecial.set(mount.special, mount)
  }
  const index = { counted: mounts.length, byNode, bySpecial }
  indexes.set(mounts, index)
  return index
}

/** The mount a link-free path lies in. One whose parent was unmounted by force is in the table but on no path. */
export function containing(mounts: readonly Mount[], path: string): Mount | undefined {
  const { byNode } = indexOf(mounts)
  let inside: Mount | undefined
  for (const part of partsOf(path)) {
    for (;;) {
      const next: Mount | undefined = byNode.get(part)?.find(mount => mount !== inside && mount.parent === inside?.id)
      if (next === undefined) break
      inside = next
    }
  }
  return inside
}

/** `/`, `/a`, `/a/b` for `/a/b`. */
function partsOf(path: string): string[] {
  const parts = path.split('/').filter(part => part !== '')
  return ['/', ...parts.map((_, at) => `/${parts.slice(0, at + 1).join('/')}`)]
}

/** Adds a mount at the link-free path `node`, which exists. */
export function addMount(
  machine: Machine,
  mount: Pick<Mount, 'special' | 'node' | 'fstype' | 'options' | 'storage'>,
  source: BindSource,
  readonly: boolean,
): void {
  const { mounts } = machine.state
  const parent = containing(mounts, mount.node)
  const lower = 'path' in source ? containing(mounts, source.path) : undefined
  const id = machine.id('mount')
  const isReadonly = readonly || (lower !== undefined && flagsOf(machine, lower).includes('read-only'))
  machine.tree.bind(id, source, mount.node, isReadonly)
  mounts.push({
    ...mount,
    id,
    isReadonly,
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
  if (mount.storage !== undefined) machine.tree.removeStorage(mount.storage)
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
  return indexOf(machine.state.mounts).bySpecial.get(dataset)
}
