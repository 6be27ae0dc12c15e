/** What is to be done for a blueprint that is there. It is never changed, unless packages are to be added. */
import { logLine } from '../../freebsd/logger.ts'
import { snapshotOfRevision } from '../layout.ts'
import { finishAmendment, isFinishable, planAmendment } from './amend.ts'
import { addedBy, differencesTo } from './compare.ts'
import { driftOf } from './drift.ts'
import type { Seen } from './look.ts'
import { type Manifest, parseManifest } from './manifest.ts'
import { putBackSteps } from './put-back.ts'
import type { Request } from './requests.ts'
import { completeSteps, set } from './steps.ts'
import { isSealed, revisionOf, type Tree } from './tree.ts'
import { clearSteps, looksOf, type Work, work } from './work.ts'

export function planComplete(request: Request, complete: Tree, seen: Seen, now: Date): Work {
  const plan = work(request.name)
  const { name } = complete.dataset
  const { stage } = complete
  if (complete.manifest === undefined || stage === undefined) {
    plan.problems.push(
      `${name} exists and is no blueprint of ours: there is no manifest in it. Choose another name, or destroy it if nothing in it is needed.`,
    )
    return plan
  }
  const isWhole = stage === 'complete' || isSealed(complete, seen)
  const manifest = isWhole ? complete.manifest : lastManifest(complete)
  if (manifest === undefined) {
    plan.problems.push(
      `${name} is half amended, and what it was is not there: its snapshot @${snapshotOfRevision(revisionOf(complete))}, or the manifest or the list of files in that. Switch instances to another blueprint, and remove this one.`,
    )
    return plan
  }
  const drift = request.verify && stage === 'complete' ? verify(request, complete, manifest, seen, plan) : {}
  plan.before = { ...looksOf(seen.site, manifest), ...drift }
  plan.after = plan.before

  const differences = differencesTo(request, manifest)
  const adds = addedBy(request, manifest)
  if (differences.length > 0)
    plan.problems.push(
      `${request.name} is complete and is never changed, and what was asked for differs: ${differences.join('; ')}. Give what you ask for a name of its own. Packages alone can be added to this one: \`amend: true\`, with a \`reason\`.`,
    )
  else if (!isWhole && isFinishable(complete, adds)) finishAmendment(request, complete, manifest, seen, now, plan)
  else {
    if (!isWhole) putBack(request, complete, manifest, seen, plan)
    else if (stage !== 'complete') closeRevision(request, complete, manifest, plan)
    if (adds.length > 0) planAmendment(request, complete, manifest, seen, plan)
    else tidy(request, complete, seen, plan)
  }
  return plan
}

function lastManifest({ dataset, last }: Tree): Manifest | undefined {
  return last?.listing === undefined ? undefined : parseManifest(last.manifest, dataset.name)
}

function putBack({ name }: Request, complete: Tree, { revision }: Manifest, seen: Seen, plan: Work): void {
  plan.warnings.push(`${name} was left half amended, and is made again what it was at revision ${revision}.`)
  plan.steps.push(
    ...putBackSteps(complete, name, seen),
    logLine(`blueprint ${name}: an amendment was cut short; revision ${revision} is put back`),
  )
}

/** An amendment was cut off when all but its dataset's properties was written. */
function closeRevision({ name }: Request, { dataset, root }: Tree, { revision }: Manifest, plan: Work): void {
  plan.steps.push(
    ...completeSteps({ dataset: dataset.name, root }, revision),
    logLine(`blueprint ${name}: revision ${revision} is complete`),
  )
}

function tidy({ name }: Request, complete: Tree, seen: Seen, plan: Work): void {
  const build = seen.blueprints.get(name)?.build
  if (build?.stage !== undefined) plan.steps.push(...clearSteps(build, seen))
  if (complete.stage === 'complete' && complete.dataset.properties.get('readonly')?.value !== 'on')
    plan.steps.push(...set(complete.dataset.name, ['readonly', 'on']))
}

function verify(request: Request, complete: Tree, manifest: Manifest, seen: Seen, plan: Work): { drift: string[] } {
  const { sealed } = seen.blueprints.get(request.name) ?? {}
  const drift = driftOf(sealed, manifest.digest, complete.listing ?? new Map())
  if (drift.length > 0)
    plan.warnings.push(
      `${request.name} is not what it was when it was sealed: ${drift.slice(0, 5).join('; ')}${drift.length > 5 ? ` and ${drift.length - 5} more` : ''}. Its snapshots have it as it was.`,
    )
  return { drift }
}
