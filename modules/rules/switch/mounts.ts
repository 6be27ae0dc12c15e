/** An instance's fstab, read: the blueprint it runs on, its parts, and the same mounts on another blueprint. */
import { type FstabEntry, parseFstab } from '../../freebsd/fstab.ts'
import { isWithin } from '../../freebsd/mount.ts'
import { type PlannedMount, renderInstanceFstab } from '../instance/mounts.ts'
import type { InstancePlaces, Site } from '../layout.ts'

export interface Layout {
  readonly blueprint: string
  readonly mounts: readonly PlannedMount[]
}

/** Or why that cannot be told, in a sentence. */
export function layoutOf(fstab: string, { root, dataset }: InstancePlaces, site: Site): Layout | { problem: string } {
  const entries = readable(fstab)
  if (entries === undefined) return { problem: 'it cannot be read' }
  const above = `${site.path}/blueprints/`
  const base = entries.find(({ node }) => node === root)
  if (base?.fstype !== 'nullfs' || !base.special.startsWith(above))
    return { problem: `it mounts no blueprint at ${root}` }
  const foreign = entries.find(({ node }) => !isWithin(node, root))
  if (foreign !== undefined) return { problem: `it mounts something at ${foreign.node}, outside the instance` }
  const blueprint = base.special.slice(above.length)
  const mounts = entries.map((entry): PlannedMount => {
    const path = entry.node === root ? '' : entry.node.slice(root.length + 1)
    return { ...entry, path, part: partOf(entry, base, dataset) }
  })
  return { blueprint, mounts }
}

function partOf({ node, special, fstype }: FstabEntry, base: FstabEntry, dataset: string): PlannedMount['part'] {
  if (node === base.node) return 'blueprint'
  if (fstype === 'zfs' && special.startsWith(`${dataset}/`)) return 'writable'
  return fstype === 'nullfs' && isWithin(special, base.special) ? 'overlay' : 'extra'
}

function readable(fstab: string): FstabEntry[] | undefined {
  try {
    return parseFstab(fstab)
  } catch {
    return undefined
  }
}

/** The same mounts, from another blueprint. */
export function onBlueprint({ blueprint, mounts }: Layout, wanted: string, site: Site): readonly PlannedMount[] {
  const [from, to] = [blueprint, wanted].map(name => `${site.path}/blueprints/${name}`) as [string, string]
  return mounts.map(mount =>
    mount.part === 'blueprint' || mount.part === 'overlay'
      ? { ...mount, special: to + mount.special.slice(from.length) }
      : mount,
  )
}

export const fstabOn = (layout: Layout, wanted: string, site: Site): string =>
  renderInstanceFstab(onBlueprint(layout, wanted, site))
