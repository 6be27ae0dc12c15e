/** One run: takes what is due, destroys what has expired, reports. Taking comes first: nothing may delay it. */
import { isExplained } from '../../modules/core/errors.ts'
import type { Surroundings } from '../../modules/core/host-program.ts'
import { poolOf } from '../../modules/freebsd/zfs-names.ts'
import type { Timed } from '../../modules/rules/snapshot/keep.ts'
import { KNOWN_FILE, knownFile } from '../../modules/rules/snapshot/known.ts'
import { knownFrom, type Look, lookAtSnapshots } from '../../modules/rules/snapshot/look.ts'
import { ownName, timeOfOwn } from '../../modules/rules/snapshot/names.ts'
import {
  absences,
  type Doomed,
  type Group,
  oddities,
  planPruning,
  planTaking,
} from '../../modules/rules/snapshot/plan.ts'
import type { Settings } from '../../modules/rules/snapshot/settings.ts'
import { moment, statusOf } from '../../modules/rules/snapshot/status.ts'
import { metrics } from './metrics.ts'
import { type Pruned, prune } from './prune.ts'
import { byReason, type Report } from './report.ts'
import { type Postponed, withoutResilvering } from './resilver.ts'
import { type Sentence, sentence } from './sentence.ts'
import { take } from './take.ts'

export async function runOnce(settings: Settings, now: Date, around: Surroundings): Promise<Report> {
  const release = await around.host.lock(around.holder)
  try {
    const seconds = secondsOf(now)
    const clock = secondsOf(around.now())
    const look = await lookAtSnapshots(settings, around.host)
    const report = await act(settings, look, now, around)
    const known = look.listed > 0 ? knownFrom(look, clock) : new Map()
    // Without it the next run lists them all again.
    if (known.size > 0) await write(KNOWN_FILE, knownFile(known), around)

    const path = settings.prometheusFile
    if (path === undefined) return report
    const trouble = await write(path, metrics(report, statusOf(look, settings, seconds), seconds), around)
    return { ...report, troubles: [...report.troubles, ...trouble] }
  } finally {
    await release()
  }
}

const secondsOf = (time: Date) => Math.floor(time.getTime() / 1000)

async function act(settings: Settings, look: Look, now: Date, around: Surroundings): Promise<Report> {
  const seconds = secondsOf(now)
  const name = ownName(now)
  const { groups, empty } = planTaking(look, settings.site, seconds)
  const first = await take(groups, now, settings.site, around)
  const timed = (datasets: readonly string[]) =>
    new Map<string, Timed>(datasets.map(dataset => [dataset, { name, time: timeOfOwn(name) ?? seconds }]))

  const withoutRoom = [...first.refused].filter(([, why]) => NO_ROOM.test(why)).map(([dataset]) => dataset)
  const doomed = planPruning(look, seconds, timed(first.taken))
  const pruning = await pruneExpired(doomed, settings, look, seconds, new Set(withoutRoom.map(poolOf)), around)
  // There may be room now.
  const mayRetry = withoutRoom.length > 0 && pruning.destroyed.length > 0
  const retried = mayRetry ? await take(only(groups, withoutRoom), now, settings.site, around) : undefined
  const taken = [...first.taken, ...(retried?.taken ?? [])]
  const refused = new Map([...first.refused, ...(retried?.refused ?? [])])
  for (const dataset of taken) refused.delete(dataset)
  return {
    now: moment(seconds),
    taken: taken.map(dataset => `${dataset}@${name}`),
    destroyed: pruning.destroyed,
    left: pruning.left + pruning.waiting,
    empty,
    skipped: Object.fromEntries([...look.skipped, ...first.skipped, ...(retried?.skipped ?? []), ...pruning.pools]),
    blocked: Object.fromEntries(pruning.blocked),
    troubles: [
      ...absences(look, settings),
      ...oddities(look, seconds),
      ...byReason(refused, 'got no snapshot'),
      ...first.troubles,
      ...(retried?.troubles ?? []),
      ...byReason(pruning.refused, 'could not be destroyed'),
      ...pruning.troubles,
    ],
  }
}

type Outcome = Pruned & Omit<Sentence & Postponed, 'names'> & { readonly troubles: readonly string[] }

/** `full` are pools that had no room for a new snapshot. What goes wrong is told of beside what was taken. */
async function pruneExpired(
  doomed: ReadonlyMap<string, readonly Doomed[]>,
  settings: Settings,
  look: Look,
  now: number,
  full: ReadonlySet<string>,
  around: Surroundings,
): Promise<Outcome> {
  try {
    const { names, blocked } = await sentence(doomed, now, around.host)
    const { names: free, waiting, pools } = await withoutResilvering(names, settings, around.host, full)
    return { ...(await prune(free, look, around)), blocked, waiting, pools, troubles: [] }
  } catch (error) {
    if (!isExplained(error)) throw error
    const left = [...doomed.values()].reduce((sum, some) => sum + some.length, 0)
    const why = `What has expired is left for the next run: ${(error as Error).message}`
    const nothing = { destroyed: [], refused: new Map(), blocked: new Map(), waiting: 0, pools: new Map() }
    return { ...nothing, left, troubles: [why] }
  }
}

const NO_ROOM = /out of space|quota|limit/

/** Groups with those of their members that are among `datasets`. */
const only = (groups: readonly Group[], datasets: readonly string[]): Group[] =>
  groups
    .map(group => ({ ...group, datasets: group.datasets.filter(name => datasets.includes(name)) }))
    .filter(group => group.datasets.length > 0)

/** What went wrong, if anything: none of these files is worth failing for. */
async function write(path: string, content: string, { host }: Surroundings): Promise<string[]> {
  try {
    await host.perform({ kind: 'write', path, content })
    return []
  } catch (error) {
    return [`${path} could not be written: ${(error as Error).message}`]
  }
}
