/** One run: takes what is due, destroys what has expired, reports. Taking comes first: nothing may delay it. */
import type { Surroundings } from '../../modules/core/host-program.ts'
import type { Timed } from '../../modules/rules/snapshot/keep.ts'
import { KNOWN_FILE, knownFile } from '../../modules/rules/snapshot/known.ts'
import { knownFrom, type Look, lookAtSnapshots } from '../../modules/rules/snapshot/look.ts'
import { ownName, timeOfOwn } from '../../modules/rules/snapshot/names.ts'
import { type Group, oddities, planPruning, planTaking } from '../../modules/rules/snapshot/plan.ts'
import type { Settings } from '../../modules/rules/snapshot/settings.ts'
import { moment, statusOf } from '../../modules/rules/snapshot/status.ts'
import { metrics } from './metrics.ts'
import { prune, sentence } from './prune.ts'
import type { Report } from './report.ts'
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
  const taking = await take(groups, now, around)
  const taken = new Map<string, Timed>(
    taking.datasets.map(dataset => [dataset, { name, time: timeOfOwn(name) ?? seconds }]),
  )

  const { names, blocked } = await sentence(planPruning(look, taken), seconds, around)
  const pruning = await prune(names, look, around)
  // There may be room now.
  const mayRetry = taking.withoutRoom.length > 0 && pruning.destroyed.length > 0
  const retried = mayRetry ? await take(only(groups, taking.withoutRoom), now, around) : undefined
  return {
    now: moment(seconds),
    taken: [...taking.datasets, ...(retried?.datasets ?? [])].map(dataset => `${dataset}@${name}`),
    destroyed: pruning.destroyed,
    left: pruning.left,
    empty,
    skipped: Object.fromEntries(look.skipped),
    blocked: Object.fromEntries(blocked),
    troubles: [
      ...oddities(look, seconds),
      ...taking.troubles.filter(each => !retried?.datasets.some(dataset => each.startsWith(`${dataset} got no`))),
      ...pruning.troubles,
    ],
  }
}

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
