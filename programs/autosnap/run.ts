/** One run: takes what is due, destroys what has expired, reports. Taking comes first: nothing may delay it. */
import type { Surroundings } from '../../modules/core/host-program.ts'
import { CALM_FILE, type Calm, calmFile, fingerprintOf, readCalm } from '../../modules/rules/snapshot/calm.ts'
import type { Timed } from '../../modules/rules/snapshot/keep.ts'
import { lookAtSnapshots, type Survey, surveyDatasets } from '../../modules/rules/snapshot/look.ts'
import { ownName, timeOfOwn } from '../../modules/rules/snapshot/names.ts'
import { type Group, oddities, planPruning, planTaking } from '../../modules/rules/snapshot/plan.ts'
import type { Settings } from '../../modules/rules/snapshot/settings.ts'
import { moment, type PolicyStatus, statusOf } from '../../modules/rules/snapshot/status.ts'
import { metrics } from './metrics.ts'
import { prune, sentence } from './prune.ts'
import type { Report } from './report.ts'
import { take } from './take.ts'

export async function runOnce(
  settings: Settings,
  policyText: string,
  now: Date,
  around: Surroundings,
): Promise<Report> {
  const release = await around.host.lock(around.holder)
  try {
    const seconds = Math.floor(now.getTime() / 1000)
    const survey = await surveyDatasets(settings, around.host)
    const clock = Math.floor(around.now().getTime() / 1000)
    const fingerprint = fingerprintOf(survey, policyText, clock)
    const calm = readCalm(await around.host.read(CALM_FILE), fingerprint, seconds)
    const { report, policies } =
      calm === undefined
        ? await lookAndAct(settings, survey, fingerprint, now, around)
        : { report: stillCalm(calm, survey, seconds), policies: new Map(calm.policies) }

    const path = settings.prometheusFile
    if (path === undefined) return report
    const trouble = await write(path, metrics(report, policies, seconds), around)
    return { ...report, troubles: [...report.troubles, ...trouble] }
  } finally {
    await release()
  }
}

interface Acted {
  readonly report: Report
  /** As it was before. */
  readonly policies: ReadonlyMap<string, PolicyStatus>
}

async function lookAndAct(
  settings: Settings,
  survey: Survey,
  fingerprint: string | undefined,
  now: Date,
  around: Surroundings,
): Promise<Acted> {
  const seconds = Math.floor(now.getTime() / 1000)
  const name = ownName(now)
  const look = await lookAtSnapshots(settings, around.host, survey)
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
  const report: Report = {
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
  const policies = statusOf(look, settings, seconds)
  const acted = report.taken.length + report.destroyed.length + report.left + report.troubles.length > 0
  if (!acted && fingerprint !== undefined)
    // Without it the next run looks at everything, too.
    await write(CALM_FILE, calmFile(fingerprint, seconds, blocked, policies), around)
  return { report, policies }
}

const stillCalm = (calm: Calm, survey: Survey, now: number): Report => ({
  now: moment(now),
  taken: [],
  destroyed: [],
  left: 0,
  empty: [],
  skipped: Object.fromEntries(survey.skipped),
  blocked: calm.blocked,
  troubles: [],
})

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
