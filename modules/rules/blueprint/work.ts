/** One blueprint's part of a plan, and how it looks in a diff. */
import type { Step } from '../../core/step.ts'
import { unmount } from '../../freebsd/devfs.ts'
import { isWithin } from '../../freebsd/mount.ts'
import { destroyDataset } from '../../freebsd/zfs-steps.ts'
import { blueprintDataset, blueprintPath, type Site } from '../layout.ts'
import type { Seen } from './look.ts'
import { fullName, type Manifest } from './manifest.ts'
import type { Tree } from './tree.ts'

export interface Looks {
  dataset: string
  path: string
  release: string
  architecture: string
  abi: string
  revision: number
  packages: string[]
  digest: string
  drift?: string[] | undefined
}

export interface Work {
  readonly name: string
  before?: Looks
  after?: Looks
  readonly steps: Step[]
  /** Steps in words, to be planned once these are done: round after round. */
  readonly later: string[][]
  /** Why it cannot be done: told before anything is touched. */
  readonly problems: string[]
  /** Why it cannot be done, found on the way: `steps` clear away what was begun. */
  readonly failures: string[]
  readonly unmet: string[]
  readonly warnings: string[]
  outcome: 'built' | 'amended' | 'removed' | 'as wanted'
}

export const work = (name: string): Work => ({
  name,
  steps: [],
  later: [],
  problems: [],
  failures: [],
  unmet: [],
  warnings: [],
  outcome: 'as wanted',
})

export const looksOf = (site: Site, manifest: Manifest): Looks => ({
  dataset: blueprintDataset(site, manifest.name),
  path: blueprintPath(site, manifest.name),
  release: manifest.release,
  architecture: manifest.architecture,
  abi: manifest.abi,
  revision: manifest.revision,
  packages: manifest.packages.map(fullName),
  digest: manifest.digest,
})

/** What was mounted in a tree while it was worked on, by the mount table's own names, innermost first. */
export const unmountSteps = (root: string, dataset: string, { mounts }: Pick<Seen, 'mounts'>): Step[] =>
  mounts
    .filter(mount => isWithin(mount.node, root) && mount.special !== dataset)
    .map(mount => unmount(mount.node))
    .reverse()

/** A half-built blueprint, or a clone, goes. */
export const clearSteps = ({ dataset, root }: Tree, seen: Seen): Step[] => [
  ...unmountSteps(root, dataset.name, seen),
  destroyDataset(dataset.name, { recursive: true }),
]

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** As a person reads it: `3.2 GiB`. */
export function describeBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1)
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${UNITS[power]}`
}
