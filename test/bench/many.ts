/** 200 datasets as they should be: one task of ours, and community.general.zfs in a loop. */
import type { Sandbox } from '../sandbox/sandbox.ts'
import { timeTasks } from './run.ts'

export interface ManyComparison {
  readonly datasets: number
  /** Processes of zfs and zpool on the host. */
  readonly processes: { readonly zfs_dataset: number; readonly community_general_zfs: number }
  readonly seconds: { readonly zfs_dataset: number; readonly community_general_zfs: number }
}

const PROPERTIES = {
  recordsize: '16384',
  compression: 'lz4',
  atime: 'off',
  quota: '10737418240',
  primarycache: 'metadata',
}

export const ourTask = (names: readonly string[]) => ({
  name: 'ours',
  'bluejail.hosting.zfs_dataset': { datasets: names, properties: PROPERTIES },
})

export const theirLoop = (names: readonly string[]) => ({
  name: 'theirs',
  'community.general.zfs': { name: '{{ item }}', state: 'present', extra_zfs_properties: PROPERTIES },
  loop: names,
})

export async function compareMany(sandbox: Sandbox, datasets: number): Promise<ManyComparison> {
  const names = Array.from({ length: datasets }, (_, index) => `zroot/bench${index}`)
  const ours = ourTask(names)
  await timeTasks(sandbox, 'bench', [ours])

  await sandbox.resetCounts()
  const one = await timeTasks(sandbox, 'bench', [ours])
  const ourCounts = await sandbox.counts()

  await sandbox.resetCounts()
  const loop = await timeTasks(sandbox, 'bench', [theirLoop(names)], {
    ansible_python_interpreter: '/usr/local/bin/python3',
  })
  const theirCounts = await sandbox.counts()

  const processes = (counts: Record<string, number>) => (counts.zfs ?? 0) + (counts.zpool ?? 0)
  return {
    datasets,
    processes: { zfs_dataset: processes(ourCounts), community_general_zfs: processes(theirCounts) },
    seconds: { zfs_dataset: one[0]?.seconds ?? Number.NaN, community_general_zfs: loop[0]?.seconds ?? Number.NaN },
  }
}
