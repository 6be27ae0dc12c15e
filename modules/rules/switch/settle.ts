/** Before jails start: every instance whose switch was cut off is brought to where rc.d can start it as the one or the other. */
import { apply } from '../../core/converge.ts'
import { CommandFailed, isExplained } from '../../core/errors.ts'
import type { Host } from '../../core/host.ts'
import { followAll } from '../../core/lanes.ts'
import { type Command, describeCommand } from '../../core/step.ts'
import { instancePlaces, isInstanceId, type Site } from '../layout.ts'
import { describeVersion, type Journal, parseJournal } from './journal.ts'
import { laneOf, tripOf } from './lane.ts'
import { lookAtStand } from './standing.ts'

export interface Settled {
  readonly id: string
  /** What it will start on, or what is in the way. */
  readonly words: string
  readonly isWell: boolean
}

const AT_ONCE = 4
/** A host must come up, whatever hangs. Whoever is not at hand by then stays as it is, and is not started. */
export const DEADLINE_SECONDS = 600

export async function settle(site: Site, given: Host, now: () => Date): Promise<Settled[]> {
  const host = withDeadline(given, now, DEADLINE_SECONDS)
  const names = ((await host.list(`${site.path}/instances`)) ?? []).filter(isInstanceId)
  const ids: string[] = []
  for (const id of names) if ((await host.status(instancePlaces(site, id).journal)) !== undefined) ids.push(id)
  if (ids.length === 0) return []
  const options = {
    state: 'resumed',
    instances: ids.map(id => ({ id })),
    parallel: AT_ONCE,
    hosting_dataset: site.dataset,
    hosting_path: site.path,
  } as const
  const stand = await lookAtStand(options, host)
  const readiness = { kernel: undefined, listings: new Map() }
  const trips = stand.standings.map(one => tripOf(one, stand, readiness, 'startable'))
  const { ends } = await followAll(
    { of: trips.map(laneOf), atOnce: AT_ONCE, gather: () => ({ before: {}, after: {}, failures: [], msg: '' }) },
    host,
    apply,
    now,
  )
  const settled: Settled[] = []
  for (const { name: id, failure, stack, last } of ends) {
    const problem = stack ?? failure ?? (last?.failures ?? []).join(' ')
    settled.push(
      problem === ''
        ? await wordsOf(id, instancePlaces(site, id).journal, given)
        : { id, words: problem, isWell: false },
    )
  }
  return settled
}

async function wordsOf(id: string, path: string, host: Host): Promise<Settled> {
  try {
    return { id, words: describeJournal(parseJournal(await host.read(path), path)), isWell: true }
  } catch (error) {
    if (!isExplained(error)) throw error
    return { id, words: (error as Error).message, isWell: false }
  }
}

function describeJournal(journal: Journal | undefined): string {
  if (journal === undefined) return 'its switch is over'
  const isForward = journal.phase === 'merged' || (journal.phase === 'finishing' && journal.outcome === 'switched')
  const { blueprint } = isForward ? journal.to : journal.from
  return `it can start on ${describeVersion(isForward ? journal.to : journal.from)}; the next run of blueprint_switch sees whether it is well on ${blueprint}`
}

/** No command goes on for longer than is left, and once nothing is left none is begun. */
function withDeadline(host: Host, now: () => Date, seconds: number): Host {
  const ends = now().getTime() + seconds * 1000
  const leftFor = (command: Command) => {
    const left = Math.ceil((ends - now().getTime()) / 1000)
    if (left > 0) return left
    throw new CommandFailed(
      `'${describeCommand(command)}' was not begun, since ${seconds} s are over and jails are to start`,
    )
  }
  return {
    ...host,
    query: (command, options = {}) =>
      host.query(command, {
        ...options,
        timeoutSeconds: Math.min(options.timeoutSeconds ?? seconds, leftFor(command)),
      }),
    async perform(step) {
      if (step.kind !== 'run' && step.kind !== 'pipe') return host.perform(step)
      const command = step.kind === 'run' ? step.command : step.from
      return host.perform({ ...step, timeoutSeconds: Math.min(step.timeoutSeconds ?? seconds, leftFor(command)) })
    },
  }
}
