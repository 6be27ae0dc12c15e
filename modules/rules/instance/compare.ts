/** The kernel's mount table below an instance's root, held against the mounts it shall have. */
import { isReadOnly, isWithin, type Mount } from '../../freebsd/mount.ts'
import type { PlannedMount } from './mounts.ts'

export interface Comparison {
  readonly missing: readonly PlannedMount[]
  /** Mounted where nothing, or something else, shall be. */
  readonly leaked: readonly Mount[]
  /** Mounted more than once at the same place; each but the first. */
  readonly doubled: readonly Mount[]
  /** Writable where it shall be read-only, or the other way round. */
  readonly differing: readonly PlannedMount[]
  /** A mount that ought not to be there and hides an earlier one. */
  readonly shadowing: readonly Covering[]
  /** A planned mount that was made after one below it, and hides that. */
  readonly misordered: readonly Covering[]
}

export interface Covering {
  readonly covering: Mount
  readonly hidden: Mount
}

/** What jail(8) mounts by parameters of its own: mount.devfs, mount.fdescfs, mount.procfs. */
const OF_JAIL: Readonly<Record<string, string>> = { dev: 'devfs', 'dev/fd': 'fdescfs', proc: 'procfs' }

/** `table` in the order of mounting, whole or only what is below `root`. */
export function compareMounts(table: readonly Mount[], planned: readonly PlannedMount[], root: string): Comparison {
  const below = mountsBelow(table, root)
  const placed = new Map(planned.map(mount => [mount.node, mount]))
  const isPlanned = (mount: Mount) => {
    const wanted = placed.get(mount.node)
    return wanted !== undefined && isSame(mount, wanted)
  }
  const coverings = below.flatMap((covering, index) =>
    below
      .slice(0, index)
      .filter(hidden => hidden.node !== covering.node && isWithin(hidden.node, covering.node))
      .map(hidden => ({ covering, hidden })),
  )

  return {
    missing: planned.filter(wanted => !below.some(mount => mount.node === wanted.node && isSame(mount, wanted))),
    leaked: below.filter(mount => !isPlanned(mount) && !isOfJail(mount, root)),
    doubled: below.filter((mount, index) => below.slice(0, index).some(earlier => earlier.node === mount.node)),
    differing: planned.filter(wanted =>
      below.some(
        mount => mount.node === wanted.node && isSame(mount, wanted) && isReadOnly(mount) !== isToBeReadOnly(wanted),
      ),
    ),
    shadowing: coverings.filter(({ covering }) => !isPlanned(covering)),
    misordered: coverings.filter(({ covering }) => isPlanned(covering)),
  }
}

export const mountsBelow = (table: readonly Mount[], root: string): Mount[] =>
  table.filter(mount => isWithin(mount.node, root))

/** Those in a directory, and those that it lies in: of a host full of instances, what concerns one. */
export const mountsAround = (table: readonly Mount[], directory: string): Mount[] =>
  table.filter(({ node }) => isWithin(node, directory) || isWithin(directory, node))

/**
 * What belongs below a root and is mounted outside all instances: where a plain mount(8) was led by a customer's link (fact
 * mount-3), or where somebody looks at a blueprint's part on purpose. So it is told and not touched.
 */
export const strayMounts = (table: readonly Mount[], planned: readonly PlannedMount[], instances: string): Mount[] =>
  table.filter(
    ({ node, special, fstype }) =>
      fstype === 'nullfs' &&
      !isWithin(node, instances) &&
      planned.some(mount => mount.part !== 'extra' && mount.fstype === 'nullfs' && mount.special === special),
  )

/** Innermost first: what was mounted last is on top, whatever its name. */
export const unmountOrder = (mounts: readonly Mount[]): Mount[] => [...mounts].reverse()

/** What a restart would change, or what stands in the way of one, in sentences. */
export function describeComparison(comparison: Comparison): string[] {
  return [
    ...comparison.missing.map(({ node, special }) => `${node} is not mounted (${special})`),
    ...comparison.leaked.map(({ node, special }) => `${special} is mounted at ${node}, where it does not belong`),
    ...comparison.doubled.map(
      ({ node, special }) => `${node} is mounted more than once (${special} lies over another)`,
    ),
    ...comparison.differing.map(
      mount =>
        `${mount.node} is ${isToBeReadOnly(mount) ? 'writable and shall be read-only' : 'read-only and shall be writable'}`,
    ),
    ...comparison.shadowing.map(
      ({ covering, hidden }) => `${hidden.node} is hidden by ${covering.special} at ${covering.node}`,
    ),
    ...comparison.misordered.map(
      ({ covering, hidden }) => `${hidden.node} is hidden: ${covering.node} was mounted after it`,
    ),
  ]
}

const isSame = (mount: Mount, wanted: PlannedMount) =>
  mount.fstype === wanted.fstype && mount.special === wanted.special

/**
 * Of the options only this can be compared: the table shows a zfs mount's others as its dataset's properties have them,
 * whatever mount(8) was told (02-mounts.jsonl: `nosuid` in fstab, and not in the table), and nullfs adds those below it.
 */
const isToBeReadOnly = ({ options }: PlannedMount) => options.includes('ro')

export const isOfJail = ({ node, fstype }: Mount, root: string) => OF_JAIL[node.slice(root.length + 1)] === fstype
