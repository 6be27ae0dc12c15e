/** Before jails start: every instance whose switch was cut off is brought to where rc.d can start it as the one or the other. */
import { apply } from '../../core/converge.ts'
import type { Host } from '../../core/host.ts'
import { followAll } from '../../core/lanes.ts'
import { instancePlaces, type Site } from '../layout.ts'
import { describeVersion, type Journal } from './journal.ts'
import { laneOf, tripOf } from './lane.ts'
import { lookAtStand } from './standing.ts'

export interface Settled {
  readonly id: string
  /** What it will start on, or what is in the way. */
  readonly words: string
  readonly isWell: boolean
}

const AT_ONCE = 4

export async function settle(site: Site, host: Host, now: () => Date): Promise<Settled[]> {
  const names = (await host.list(`${site.path}/instances`)) ?? []
  const ids: string[] = []
  for (const id of names) if ((await host.status(instancePlaces(site, id).journal)) !== undefined) ids.push(id)
  if (ids.length === 0) return []
  const options = {
    state: 'resumed',
    parallel: AT_ONCE,
    hosting_dataset: site.dataset,
    hosting_path: site.path,
  } as const
  const stand = await lookAtStand({ ...options, instances: ids.map(id => ({ id })) }, host)
  const trips = stand.standings.map(one => tripOf(one, stand, { listings: new Map() }, 'startable'))
  const { ends } = await followAll(
    { of: trips.map(laneOf), atOnce: AT_ONCE, gather: () => ({ before: {}, after: {}, failures: [], msg: '' }) },
    host,
    apply,
    now,
  )
  const after = await lookAtStand({ ...options, instances: ids.map(id => ({ id })) }, host)
  return ends.map(({ name: id, failure, stack, last }): Settled => {
    const problem = stack ?? failure ?? last?.failures?.join(' ')
    if (problem !== undefined && problem !== '') return { id, words: problem, isWell: false }
    const journal = after.standings.find(one => one.request.id === id)?.journal
    return { id, words: wordsOf(journal), isWell: true }
  })
}

function wordsOf(journal: Journal | undefined): string {
  if (journal === undefined) return 'its switch is over'
  const isForward = journal.phase === 'merged' || (journal.phase === 'finishing' && journal.outcome === 'switched')
  const { blueprint } = isForward ? journal.to : journal.from
  return `it can start on ${describeVersion(isForward ? journal.to : journal.from)}; the next run of blueprint_switch sees whether it is well on ${blueprint}`
}
