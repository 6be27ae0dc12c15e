/** Destroying snapshots is work for the very disks that a resilver needs, so a site may want it to wait. */
import type { Probe } from '../../modules/core/host.ts'
import { poolOf } from '../../modules/freebsd/zfs-names.ts'
import { readPools } from '../../modules/freebsd/zpool.ts'
import type { NamesByDataset } from '../../modules/rules/snapshot/batches.ts'
import type { Settings } from '../../modules/rules/snapshot/settings.ts'

export interface Postponed {
  /** What goes now. */
  readonly names: NamesByDataset
  /** How many wait. */
  readonly waiting: number
  /** By pool, why. */
  readonly pools: ReadonlyMap<string, string>
}

/** `full` are pools that had no room for a new snapshot: there, nothing waits. */
export async function withoutResilvering(
  names: NamesByDataset,
  { waitForResilver }: Pick<Settings, 'waitForResilver'>,
  host: Probe,
  full: ReadonlySet<string> = new Set(),
): Promise<Postponed> {
  const pools = new Map<string, string>()
  if (waitForResilver && names.size > 0)
    for (const { name, scan } of await readPools(host, false))
      if (scan?.kind === 'resilver' && scan.isRunning && !full.has(name))
        pools.set(name, 'it is being resilvered, so what has expired there stays until that is done')
  const waits = ([dataset]: readonly [string, unknown]) => pools.has(poolOf(dataset))
  const all = [...names]
  return {
    names: new Map(all.filter(each => !waits(each))),
    waiting: all.filter(waits).reduce((sum, [, some]) => sum + some.size, 0),
    pools: new Map([...pools].filter(([pool]) => all.some(([dataset]) => poolOf(dataset) === pool))),
  }
}
