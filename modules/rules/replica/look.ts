/** Reads one side of a replica: two processes, however many datasets there are. */
import type { Probe } from '../../core/host.ts'
import { listPoints } from '../../freebsd/zfs-points.ts'
import { listTree } from '../../freebsd/zfs-tree.ts'
import { PROPERTY } from '../layout.ts'
import type { DatasetSeen, Side } from './side.ts'

export const COLUMNS = [
  'type',
  'encryption',
  'receive_resume_token',
  'readonly',
  'canmount',
  // Of a dataset itself the kernel counts it in any case (dsl_dataset_stats in module/zfs/dsl_dataset.c).
  'written',
  PROPERTY.instance,
  PROPERTY.replica,
] as const

/** Paths are told from `base` on. */
export async function lookAtSide(machine: Pick<Probe, 'query'>, root: string, base = root): Promise<Side> {
  const [rows, points] = await Promise.all([
    listTree(machine, root, 'filesystem,volume', COLUMNS),
    listPoints(machine, root),
  ])
  const side = new Map<string, DatasetSeen>()
  for (const [name, row] of rows) {
    const [token, instance, replica] = [
      row.get('receive_resume_token'),
      row.get(PROPERTY.instance),
      row.get(PROPERTY.replica),
    ]
    const isChanged = Number(row.get('written') ?? 0) > 0 && points.get(name)?.some(({ kind }) => kind === 'snapshot')
    // User properties are inherited: the instance's own dataset is the topmost that says its name.
    const above = rows.get(name.slice(0, name.lastIndexOf('/')))?.get(PROPERTY.instance)
    side.set(name.slice(base.length), {
      name,
      type: row.get('type') === 'volume' ? 'volume' : 'filesystem',
      isEncrypted: (row.get('encryption') ?? 'off') !== 'off',
      isReadOnly: row.get('readonly') === 'on',
      isNeverMounted: row.get('canmount') === 'off',
      points: points.get(name) ?? [],
      ...(row.get('canmount') === 'on' && { isMountable: true }),
      ...(isChanged && { isChanged }),
      ...(token !== undefined && { token }),
      ...(instance !== undefined && instance !== above && { instance }),
      ...(replica !== undefined && { replica }),
    })
  }
  return side
}
