/** zfs-mount(8) and zfs-unmount(8): `zfs mount`, `zfs unmount`. */
import type { Machine } from '../machine.ts'
import { mountOf } from '../mounts.ts'
import { getopt, type Program, type Screen, Unknown } from '../screen.ts'
import type { Dataset } from '../state.ts'
import { attempt, fail } from './errors.ts'
import { loadKey } from './keys.ts'
import { inheritors, isMountable, mountDataset, unmountDataset } from './mounting.ts'
import { open } from './names.ts'
import { effective } from './read.ts'
import { encryptionRoot, isLocked } from './status.ts'

export const mount: Program = (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'aflvo:O')
  const options = values.get('o')?.flatMap(list => list.split(',')) ?? []
  if (set.has('a')) return mountAll(machine, screen)
  const [name, ...more] = operands
  if (more.length > 0) throw new Unknown(`operands ${more.join(' ')}`)
  if (name === undefined) {
    for (const each of machine.state.mounts)
      if (each.fstype === 'zfs') screen.out(`${each.special.padEnd(30)}  ${each.node}\n`)
    return 0
  }
  return attempt(screen, () => {
    const { dataset } = open(machine, name, 'f')
    if (set.has('l') && isLocked(machine, dataset)) {
      const root = encryptionRoot(machine, dataset)
      if (root !== undefined) loadKey(root, call.stdin)
    }
    explain(machine, screen, dataset)
    mountDataset(machine, dataset, options)
  })
}

/** share_mount_one: why a dataset named by hand is not mounted. */
function explain(machine: Machine, screen: Screen, dataset: Dataset): void {
  const refuse = (why: string) => fail(screen, `cannot mount '${dataset.name}': ${why}`)
  const mountpoint = effective(machine, dataset, 'mountpoint')
  if (effective(machine, dataset, 'jailed') === 'on') refuse('dataset is exported to a local zone')
  if (mountpoint === 'legacy') refuse('legacy mountpoint\nuse mount(8) to mount this filesystem')
  if (mountpoint === 'none') refuse('no mountpoint set')
  if (effective(machine, dataset, 'canmount') === 'off') refuse("'canmount' property is set to 'off'")
  if (isLocked(machine, dataset)) refuse('encryption key not loaded')
  if (dataset.resumeToken !== undefined)
    refuse('Contains partially-completed state from "zfs receive -s", which can be resumed with "zfs send -t"')
  if (mountOf(machine, dataset.name) !== undefined) refuse('filesystem already mounted')
}

/** What `zfs mount -a` and a boot do: in the order of paths; locked and noauto ones are passed over. */
export function mountAll(machine: Machine, screen: Screen): number {
  const path = (dataset: Dataset) => effective(machine, dataset, 'mountpoint')
  return machine.state.datasets
    .filter(each => isMountable(machine, each) && effective(machine, each, 'canmount') === 'on')
    .filter(
      each => mountOf(machine, each.name) === undefined && !isLocked(machine, each) && each.resumeToken === undefined,
    )
    .sort((a, b) => (path(a) < path(b) ? -1 : 1))
    .reduce((status, dataset) => status | attempt(screen, () => mountDataset(machine, dataset)), 0)
}

export const unmount: Program = (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'afu')
  const force = set.has('f')
  if (set.has('a')) {
    const mounted = machine.state.mounts.filter(each => each.fstype === 'zfs' && each.fixed !== true)
    return mounted
      .reverse()
      .flatMap(each => machine.dataset(each.special) ?? [])
      .filter(dataset => effective(machine, dataset, 'mountpoint') !== 'legacy')
      .reduce((status, dataset) => status | attempt(screen, () => unmountDataset(machine, dataset, force)), 0)
  }
  const [name, ...more] = operands
  if (name === undefined || more.length > 0) throw new Unknown('number of operands')
  return attempt(screen, () => {
    const { dataset } = open(machine, name.startsWith('/') ? datasetAt(machine, screen, name) : name, 'f')
    const refuse = (why: string) => fail(screen, `cannot unmount '${name}': ${why}`)
    if (effective(machine, dataset, 'mountpoint') === 'legacy')
      refuse('legacy mountpoint\nuse umount(8) to unmount this filesystem')
    if (mountOf(machine, dataset.name) === undefined) refuse('not currently mounted')
    for (const each of inheritors(machine, dataset).reverse()) unmountDataset(machine, each, force)
    const root = encryptionRoot(machine, dataset)
    if (set.has('u') && root?.key !== undefined) root.key.loaded = false
  })
}

/** unshare_unmount_path. */
function datasetAt(machine: Machine, screen: Screen, path: string): string {
  const node = machine.tree.realpath(path)
  if (node === undefined) fail(screen, `cannot unmount '${path}': No such file or directory`)
  const found = machine.state.mounts.findLast(each => each.node === node)
  if (found === undefined) fail(screen, `cannot unmount '${path}': not a mountpoint`)
  if (found.fstype !== 'zfs') fail(screen, `cannot unmount '${path}': not a ZFS filesystem`)
  return found.special
}
