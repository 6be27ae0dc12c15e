/** The mounts an instance shall have, in the order in which jail(8) is to make them. */
import { InvalidOptions } from '../../core/errors.ts'
import { type FstabEntry, LONGEST_LINE_BYTES, renderEntry, renderFstab } from '../../freebsd/fstab.ts'
import { isWithin } from '../../freebsd/mount.ts'
import { blueprintPath, FORMAT, sharedPath } from '../layout.ts'
import type { Extra, Request } from './requests.ts'

export interface PlannedMount extends FstabEntry {
  readonly part: 'blueprint' | 'writable' | 'overlay' | 'extra'
  /** Relative to the instance's root; empty for the root itself. */
  readonly path: string
}

/** Parents before children; otherwise the blueprint, writable datasets, overlays, and what was asked for beside. */
export function plannedMounts(request: Request): PlannedMount[] {
  const { site, places, blueprint, writables, overlays, extras } = request
  const base = blueprintPath(site, blueprint)
  const node = (path: string) => `${places.root}/${path}`
  const mounts: PlannedMount[] = [
    { part: 'blueprint', path: '', special: base, node: places.root, fstype: 'nullfs', options: ['ro'] },
    ...writables.map(
      ({ path, dataset, options }): PlannedMount => ({
        part: 'writable',
        path,
        special: `${places.dataset}/${dataset}`,
        node: node(path),
        fstype: 'zfs',
        options: ['rw', ...options],
      }),
    ),
    ...overlays.map(
      (path): PlannedMount => ({
        part: 'overlay',
        path,
        special: `${base}/${path}`,
        node: node(path),
        fstype: 'nullfs',
        options: ['ro'],
      }),
    ),
    ...extras.map(
      (extra): PlannedMount => ({ part: 'extra', path: extra.path, node: node(extra.path), ...from(extra) }),
    ),
  ]
  const problems = [...repeated(mounts), ...mounts.flatMap(mount => misplaced(mount, mounts)), ...tooLong(mounts)]
  if (problems.length > 0) throw new InvalidOptions(problems.map(problem => `${request.id}: ${problem}`).join('; '))
  return parentsFirst(mounts)

  function from({ source, options }: Extra): Pick<PlannedMount, 'special' | 'fstype' | 'options'> {
    switch (source.kind) {
      case 'shared':
        return { special: sharedPath(site, source.name), fstype: 'nullfs', options }
      case 'host':
        return { special: source.path, fstype: 'nullfs', options }
      case 'tmpfs':
        return { special: 'tmpfs', fstype: 'tmpfs', options: [...options, `size=${source.size}`] }
    }
  }
}

const HEADER = `# bluejail, format ${FORMAT}. Written by instance_mounts and by switches, for jail(8): what is changed here is lost.\n`

export const renderInstanceFstab = (mounts: readonly PlannedMount[]): string => HEADER + renderFstab(mounts)

/** The format a file says it has; one without our first line is none of ours, and counts as the oldest. */
export const formatOf = (fstab: string): number => Number(/^# bluejail, format (\d+)\./.exec(fstab)?.[1] ?? 0)

/** The mount that `path` lies in: the deepest one above it. */
export const containerOf = (path: string, mounts: readonly PlannedMount[]): PlannedMount | undefined =>
  mounts
    .filter(mount => mount.path !== path && isInside(path, mount.path))
    .sort((a, b) => b.path.length - a.path.length)[0]

const isInside = (path: string, directory: string) => directory === '' || isWithin(path, directory)

/**
 * A customer can rename any directory of his own away under a mount, and then it leaks (fact live-5). So a mount point is
 * directly in a dataset's root, which is a mount itself and stays, or in a read-only directory.
 */
function misplaced(mount: PlannedMount, mounts: readonly PlannedMount[]): string[] {
  const container = containerOf(mount.path, mounts)
  if (container === undefined) return []
  const parent = mount.path.slice(0, Math.max(0, mount.path.lastIndexOf('/')))
  if (container.part === 'extra') return [`${mount.path} would lie inside the mount at ${container.path}`]
  if (container.part === 'writable' && container.path !== parent)
    return [
      `${mount.path} cannot be mounted: its customer could rename ${parent} away under it. Make ${parent} a writable dataset of its own, or mount directly in ${container.path}`,
    ]
  return []
}

function repeated(mounts: readonly PlannedMount[]): string[] {
  const twice = (values: readonly string[]) => new Set(values.filter((value, index) => values.indexOf(value) !== index))
  const datasets = mounts.filter(mount => mount.fstype === 'zfs').map(mount => mount.special)
  return [
    ...[...twice(mounts.map(mount => mount.path))].map(path => `${path} is to be mounted twice`),
    ...[...twice(datasets)].map(
      dataset => `${dataset} is to be mounted in two places, and a dataset can only be in one`,
    ),
  ]
}

const tooLong = (mounts: readonly PlannedMount[]) =>
  mounts
    .filter(mount => Buffer.byteLength(renderEntry(mount)) > LONGEST_LINE_BYTES)
    .map(mount => `the line for ${mount.path.slice(0, 60)}… would be too long for an fstab`)

function parentsFirst(mounts: readonly PlannedMount[]): PlannedMount[] {
  const ordered = new Set<PlannedMount>()
  const add = (mount: PlannedMount) => {
    const container = containerOf(mount.path, mounts)
    if (container !== undefined) add(container)
    ordered.add(mount)
  }
  mounts.forEach(add)
  return [...ordered]
}
