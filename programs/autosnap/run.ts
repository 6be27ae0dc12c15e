/** One run: takes what is due, destroys what has expired, reports. Taking comes first: nothing may delay it. */
import type { Surroundings } from '../../modules/core/host-program.ts'
import { poolOf } from '../../modules/freebsd/zfs-names.ts'
import type { Timed } from '../../modules/rules/snapshot/keep.ts'
import { KNOWN_FILE, knownFile } from '../../modules/rules/snapshot/known.ts'
import { knownFrom, type Look, lookAtSnapshots } from '../../modules/rules/snapshot/look.ts'
import { ownName, timeOfOwn } from '../../modules/rules/snapshot/names.ts'
import { type Group, oddities, planPruning, planTaking } from '../../modules/rules/snapshot/plan.ts'
import type { Settings } from '../../modules/rules/snapshot/settings.ts'
import { moment, statusOf } from '../../modules/rules/snapshot/status.ts'
import { metrics } from './metrics.ts'
import { prune } from './prune.ts'
import { byReason, type Report } from './report.ts'
import { withoutResilvering } from './resilver.ts'
import { sentence } from './sentence.ts'
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
  const { names, blocked } = await sentence(planPruning(look, seconds, timed(first.taken)), seconds, around.host)
  const postponed = await withoutResilvering(names, settings, around.host, new Set(withoutRoom.map(poolOf)))
  const pruning = await prune(postponed.names, look, around)
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
    left: pruning.left + postponed.waiting,
    empty,
    skipped: Object.fromEntries([...look.skipped, ...first.skipped, ...(retried?.skipped ?? []), ...postponed.pools]),
    blocked: Object.fromEntries(blocked),
    troubles: [
      ...oddities(look, seconds),
      ...byReason(refused, 'got no snapshot'),
      ...first.troubles,
      ...(retried?.troubles ?? []),
      ...byReason(pruning.refused, 'could not be destroyed'),
    ],
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
