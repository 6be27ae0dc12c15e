/** The newest snapshot of each instance, and what of the instance it does not hold. */
import type { Row } from '../../freebsd/zfs-tree.ts'

export interface Newest {
  /** What follows the `@`. */
  readonly name: string
  readonly taken: Date
  /** Parts of the instance that have no snapshot of this name. */
  readonly without: readonly string[]
}

/** By instance. `snapshots` and `datasets` are those below `instances`, a dataset. */
export function newestSnapshots(
  instances: string,
  snapshots: ReadonlyMap<string, Row>,
  datasets: ReadonlyMap<string, Row>,
): Map<string, Newest> {
  const newest = new Map<string, { name: string; seconds: number }>()
  for (const [full, row] of snapshots) {
    const { id, name } = splitUp(instances, full)
    const seconds = Number(row.get('creation'))
    if (seconds >= (newest.get(id)?.seconds ?? 0)) newest.set(id, { name, seconds })
  }
  const parts = new Map<string, string[]>()
  for (const dataset of datasets.keys()) {
    const { id, part } = splitUp(instances, dataset)
    if (part === '') continue
    const last = newest.get(id)
    if (last !== undefined && !snapshots.has(`${dataset}@${last.name}`)) parts.set(id, [...(parts.get(id) ?? []), part])
  }
  return new Map(
    [...newest].map(([id, { name, seconds }]) => [
      id,
      { name, taken: new Date(seconds * 1000), without: parts.get(id) ?? [] },
    ]),
  )
}

function splitUp(instances: string, full: string): { id: string; part: string; name: string } {
  const [dataset = '', name = ''] = full.split('@')
  if (!dataset.startsWith(`${instances}/`)) return { id: '', part: '', name }
  const [id = '', ...parts] = dataset.slice(instances.length + 1).split('/')
  return { id, part: parts.join('/'), name }
}
