/** Reads both sides of a replica: two processes each, one more for each receive that was interrupted. */
import { CommandFailed, Refused } from '../../core/errors.ts'
import type { Probe } from '../../core/host.ts'
import type { RunStep } from '../../core/step.ts'
import { asking, chunks, type Login, overSsh } from '../../freebsd/ssh.ts'
import { readToken, type TokenContents } from '../../freebsd/zfs-send.ts'
import { readWritten } from '../../freebsd/zfs-snapshots.ts'
import { mayBeFilling } from './filling.ts'
import { describePlace, type Job, type Place } from './jobs.ts'
import { JOURNAL_FIND, journalsIn, sawJournals, switchingOf } from './journals.ts'
import { lookAtSide } from './look.ts'
import { fillingOf } from './names.ts'
import { fullName, isBehind, ownSince, type Side } from './side.ts'

type Machine = Pick<Probe, 'query' | 'list' | 'status'>

export interface Sides {
  readonly source: Side
  readonly target: Side
  readonly tokens: ReadonlyMap<string, TokenContents | undefined>
  /** Top datasets of instances that are being switched. */
  readonly switching: ReadonlySet<string>
  /** Whether that can be told of this source. */
  readonly seesSwitching: boolean
}

export async function lookAtBoth(job: Job, machine: Machine): Promise<Sides> {
  const sourceHost = asking(machine, job.source.login)
  const targetHost = asking(machine, job.target.login)
  const [source, found, journals] = await Promise.all([
    reaching(job.source, lookAtSide(sourceHost, job.source.root)),
    reaching(job.target, lookAtSide(targetHost, job.target.root)),
    switchingOn(job, machine),
  ])
  if (source.size === 0) throw new Refused(`${job.name}: there is no dataset ${describePlace(job.source)}.`)
  const { root } = job.target
  const all = mayBeFilling(source.get(''), found.get(''))
    ? new Map([...found, ...(await lookAtSide(targetHost, fillingOf(root), root))])
    : found
  const target = await withChanges(source, all, targetHost)
  const tokens = new Map<string, TokenContents | undefined>()
  for (const { token } of target.values())
    if (token !== undefined) tokens.set(token, await readToken(sourceHost, token))
  return { source, target, tokens, ...journals }
}

/**
 * A copy with snapshots of its own can be continued where they are of what it had received: then nothing was written before
 * any of them. That is asked only where there are some; of snapshots it is slow.
 */
async function withChanges(source: Side, target: Side, targetHost: Pick<Probe, 'query'>): Promise<Side> {
  const doubtful = new Map<string, readonly string[]>()
  for (const [path, copy] of target) {
    const original = source.get(path)
    if (original === undefined || original.isEncrypted || copy.isChanged || copy.token !== undefined) continue
    const own = isBehind(original, copy) ? ownSince(original, copy) : []
    if (own.length > 0)
      doubtful.set(
        path,
        own.map(point => fullName(copy, point)),
      )
  }
  if (doubtful.size === 0) return target
  const written = new Map<string, number>()
  for (const some of chunks([...doubtful.values()].flat()))
    for (const [name, bytes] of await readWritten(targetHost, some)) written.set(name, bytes)
  const isChanged = (path: string) => doubtful.get(path)?.some(name => (written.get(name) ?? 0) > 0) === true
  return new Map([...target].map(([path, copy]) => [path, isChanged(path) ? { ...copy, isChanged: true } : copy]))
}

async function switchingOn(
  { source, site }: Job,
  machine: Machine,
): Promise<Pick<Sides, 'switching' | 'seesSwitching'>> {
  const tops = (ids: readonly string[]) => new Set(ids.map(id => `${site.dataset}/instances/${id}`))
  if (source.login === undefined) return { switching: tops(await journalsIn(machine, site)), seesSwitching: true }
  const answer = await machine.query(overSsh(source.login, JOURNAL_FIND(site)), { exits: [0, 1, 255] })
  return { switching: tops(switchingOf(answer)), seesSwitching: answer.exit !== 255 && sawJournals(answer) }
}

/** What ssh says of a host that does not answer needs the replica's side named. */
async function reaching<T>(place: Place, looking: Promise<T>): Promise<T> {
  return looking.catch(error => {
    if (error instanceof CommandFailed && error.answer?.exit === 255 && place.login !== undefined)
      throw new CommandFailed(
        `${place.login.user}@${place.login.host} cannot be reached or refused: ${error.answer.stderr.trim().split('\n').slice(-2).join(' / ')}. See that its sshd answers, that it knows this host's key, and that this host knows its.`,
        error.answer,
      )
    throw error
  })
}

/** The same step, on the side where it belongs. */
export const there = (login: Login | undefined, step: RunStep): RunStep =>
  login === undefined ? step : { ...step, command: overSsh(login, step.command) }
