/** How far copies are behind, in seconds: from the newest snapshot of both to the source's newest. */
import { asking } from '../../modules/freebsd/ssh.ts'
import { readCreations } from '../../modules/freebsd/zfs-points.ts'
import type { Job } from '../../modules/rules/replica/jobs.ts'
import { baseOf, fullName, newestOf } from '../../modules/rules/replica/side.ts'
import type { Item } from '../../modules/rules/replica/tree.ts'
import { type DatasetReport, planned } from './report.ts'
import type { Wires } from './rounds.ts'

/** Times are read only where the copy is behind; all others are 0 s behind. */
export async function lagging(job: Job, items: readonly Item[], { machine }: Wires): Promise<DatasetReport[]> {
  const ends = items.flatMap(item => {
    const { source, target, decision } = item
    const [base, newest] = [target === undefined ? undefined : baseOf(source, target), newestOf(source)]
    if (decision.kind === 'nothing' || base === undefined || newest === undefined) return []
    return [[item, fullName(source, base), fullName(source, newest)] as const]
  })
  const names = ends.flatMap(([, base, newest]) => [base, newest])
  const times = await readCreations(asking(machine, job.source.login), names)
  const lags = new Map(
    ends.flatMap(([item, base, newest]) => {
      const [from, to] = [times.get(base), times.get(newest)]
      return from === undefined || to === undefined ? [] : [[item, Math.max(0, to - from)] as const]
    }),
  )
  return items.map(item => {
    const lag = item.decision.kind === 'nothing' ? 0 : lags.get(item)
    return { ...planned(item), ...(lag !== undefined && { lag_seconds: lag }) }
  })
}
