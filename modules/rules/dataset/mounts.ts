/** Whether a filesystem will be mounted once its properties are set, and the mode of its own directory. */
import { describeMode } from '../../core/step.ts'
import type { Dataset } from '../../freebsd/zfs.ts'
import { mountDataset, unmountDataset } from '../../freebsd/zfs-steps.ts'
import type { Request } from './requests.ts'
import type { Draft } from './work.ts'
import type { World } from './world.ts'

/** `dataset` is as it was read, and `world` as it will be. */
export function mountsOf(
  request: Request,
  dataset: Dataset | undefined,
  world: World,
  modes: ReadonlyMap<string, number>,
  work: Draft,
): void {
  const { name, mounted, mode } = request
  if (mounted === undefined && mode === undefined) return
  const path = world.mountpoint(name)
  const mounts = dataset === undefined ? mounted !== false && world.mountsItself(name) : staysMounted(dataset, world)
  const look = (before: string, key: string, after: string) => {
    if (dataset !== undefined) work.before = { ...work.before, [key]: before }
    work.after = { ...work.after, [key]: after }
  }

  if (mounted !== undefined) {
    if (mounted && !mounts) {
      const obstacle = whyNotMounted(name, path, world)
      if (obstacle !== undefined) work.problems.push(`${name} cannot be mounted: ${obstacle}`)
      work.steps.push(['mount', mountDataset(name)])
    }
    if (!mounted && mounts) work.steps.push(['mount', unmountDataset(name)])
    look(isMounted(dataset) ? 'yes' : 'no', 'mounted', mounted ? 'yes' : 'no')
  }

  if (mode !== undefined) {
    if (!(mounted ?? mounts))
      work.problems.push(`${name}: a mode needs the dataset mounted, and it is not to be. Leave out \`mode\`.`)
    const current = isMounted(dataset) ? modes.get(dataset?.properties.get('mountpoint')?.value ?? '') : undefined
    if (current !== mode) work.steps.push(['mode', { kind: 'mode', path, mode }])
    look(current === undefined ? '-' : describeMode(current), 'mode', describeMode(mode))
  }
}

const isMounted = (dataset: Dataset | undefined) => dataset?.properties.get('mounted')?.value === 'yes'

/** Setting a mountpoint mounts what had none, and unmounts where there is none any more (changelist_postfix, libzfs_changelist.c). */
function staysMounted(dataset: Dataset, world: World): boolean {
  const [from, to] = [dataset.properties.get('mountpoint')?.value ?? 'none', world.mountpoint(dataset.name)]
  const canmount = world.find(dataset.name)?.properties.get('canmount')?.value ?? 'on'
  if (canmount === 'off') return false
  if (from === to) return isMounted(dataset)
  return to.startsWith('/') && (isMounted(dataset) || (!from.startsWith('/') && canmount === 'on'))
}

function whyNotMounted(name: string, path: string, world: World): string | undefined {
  if (path === 'legacy')
    return "its mountpoint is 'legacy', so mount(8) and /etc/fstab mount it. Give it a path, or leave out `mounted`."
  if (path === 'none') return "its mountpoint is 'none'. Give it a path, or leave out `mounted`."
  const canmount = world.find(name)?.properties.get('canmount')?.value
  return canmount === 'off' ? "its canmount is 'off'. Set canmount, or leave out `mounted`." : undefined
}
