/**
 * How far copies are: of when what they have is, and since when something waits to be sent. A source that takes no snapshots
 * any more has nothing that waits, and copies that grow old.
 */
import { asking, chunks } from '../../modules/freebsd/ssh.ts'
import { readCreations } from '../../modules/freebsd/zfs-points.ts'
import type { Job } from '../../modules/rules/replica/jobs.ts'
import { baseOf, fullName, snapshotsOf } from '../../modules/rules/replica/side.ts'
import type { Item } from '../../modules/rules/replica/tree.ts'
import type { DatasetReport } from './report.ts'
import type { Wires } from './rounds.ts'

/** In seconds since 1970. */
export interface Lag {
  /** When the newest snapshot was taken that both have. */
  readonly has?: number
  /** When the oldest of those was taken that the copy has not got. */
  readonly waits?: number
}

/** By path. */
export async function lagsOf(job: Job, items: readonly Item[], { machine }: Wires): Promise<Map<string, Lag>> {
  const ends = items.map(item => ({ path: item.path, ...endsOf(item) }))
  const times = new Map<string, number>()
  for (const some of chunks(ends.flatMap(({ has, waits }) => [has, waits].filter(name => name !== undefined))))
    for (const [name, seconds] of await readCreations(asking(machine, job.source.login), some)) times.set(name, seconds)
  return new Map(
    ends.map(({ path, ...names }) => {
      const [has, waits] = [times.get(names.has ?? ''), times.get(names.waits ?? '')]
      return [path, { ...(has !== undefined && { has }), ...(waits !== undefined && { waits }) }]
    }),
  )
}

function endsOf({ source, target }: Item) {
  const base = target === undefined ? undefined : baseOf(source, target)
  const next = snapshotsOf(source).find(({ createtxg }) => createtxg > (base?.createtxg ?? -1))
  return { has: base && fullName(source, base), waits: next && fullName(source, next) }
}

/** What of it a report says, at this time. */
export function lagAt(now: Date, { lateSeconds }: Job, { has, waits }: Lag = {}): Partial<DatasetReport> {
  const since = (moment: number) => Math.max(0, Math.floor(now.getTime() / 1000) - moment)
  const lag = waits === undefined ? (has === undefined ? undefined : 0) : since(waits)
  return {
    ...(has !== undefined && { age_seconds: since(has) }),
    ...(lag !== undefined && { lag_seconds: lag }),
    ...(lag !== undefined && lateSeconds !== undefined && lag > lateSeconds && { late: true }),
  }
}
