/** Snapshots of many datasets in one command, without those that zfs refuses. */
import { CommandFailed } from '../../modules/core/errors.ts'
import type { Host } from '../../modules/core/host.ts'
import { complaintsIn, takeSnapshots } from '../../modules/freebsd/zfs-snapshots.ts'

export interface Attempt {
  readonly taken: readonly string[]
  /** By dataset, why it got none. */
  readonly refused: ReadonlyMap<string, string>
}

/**
 * zfs takes all or none (fact zfs-8), so one dataset that is being received would leave all others without: those that zfs
 * complains of are left out, and the rest is taken. Where it names none, the pool itself refuses (see `saysPoolRefuses`), and
 * fewer of them would fare no better.
 */
export async function takeAll(
  host: Pick<Host, 'perform'>,
  datasets: readonly string[],
  name: string,
): Promise<Attempt> {
  const refused = new Map<string, string>()
  let left = datasets
  while (left.length > 0) {
    try {
      await host.perform(takeSnapshots(left.map(dataset => `${dataset}@${name}`)))
      return { taken: left, refused }
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error
      const blamed = new Map<string, string>()
      for (const [full, why] of complaintsIn(error.answer?.stderr ?? '')) blamed.set(full.split('@')[0] ?? full, why)
      const rest = left.filter(dataset => !blamed.has(dataset))
      const isNamed = rest.length < left.length
      for (const dataset of left) {
        const why = isNamed ? blamed.get(dataset) : error.message
        if (why !== undefined) refused.set(dataset, why)
      }
      left = isNamed ? rest : []
    }
  }
  return { taken: [], refused }
}
