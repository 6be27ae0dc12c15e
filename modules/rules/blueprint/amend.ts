/**
 * How packages are added to a complete blueprint that instances are using: first tried on a clone, where pkg says what it
 * would do, then in place, then sealed as the next revision.
 */
import { UNKNOWN } from '../../core/module.ts'
import { describeStep, type Step } from '../../core/step.ts'
import { logLine } from '../../freebsd/logger.ts'
import { cloneSnapshot, destroyDataset } from '../../freebsd/zfs-steps.ts'
import { buildDataset, buildPath, snapshotOfRevision } from '../layout.ts'
import { addedBy } from './compare.ts'
import { isSealable, revisionOf, type Seen, type Tree } from './look.ts'
import { asOfRevision, type Manifest } from './manifest.ts'
import type { Request } from './requests.ts'
import { amendedManifest, lostBy, paperOf } from './seal.ts'
import {
  catalogueSteps,
  closeSteps,
  completeSteps,
  installSteps,
  type Place,
  sealSteps,
  set,
  stageIs,
} from './steps.ts'
import { clearSteps, describeBytes, looksOf, unmountSteps, type Work } from './work.ts'

interface Amending {
  /** With the release and architecture that the blueprint has. */
  readonly request: Request
  readonly complete: Tree
  readonly manifest: Manifest
  readonly adds: readonly string[]
  readonly place: Place
  readonly revision: number
  readonly seen: Seen
  readonly now: Date
  readonly plan: Work
}

/** `complete` is there, and what it differs in from the task is at most missing packages. */
export function planAmendment(
  given: Request,
  complete: Tree,
  sealed: Manifest,
  seen: Seen,
  now: Date,
  plan: Work,
): void {
  const manifest = asOfRevision(sealed, revisionOf(complete))
  const { name } = given
  const { release, architecture } = manifest
  const adds = addedBy(given, manifest)
  const place = { dataset: complete.dataset.name, root: complete.root }
  const request = { ...given, release, architecture }
  const revision = manifest.revision + 1
  const amending = { request, complete, manifest, adds, place, revision, seen, now, plan }
  plan.outcome = 'amended'
  plan.after = {
    ...looksOf(seen.site, manifest),
    revision,
    packages: UNKNOWN as unknown as string[],
    digest: UNKNOWN,
  }

  if (given.repository === undefined)
    plan.problems.push(`${name}: there is no \`repository\`, from which ${adds.join(', ')} could come.`)
  const isInstalled = (one: string) => complete.packages?.some(each => each.name === one) ?? false
  const build = seen.blueprints.get(name)?.build
  if (complete.stage === 'sealing' && (!isSealable(complete) || adds.every(isInstalled))) finish(amending)
  else if (build?.stage === 'proof' && !seen.isFirst) add(amending, build)
  else prove(amending, build)
}

const ending = (amending: Amending): Step[] => [
  ...sealSteps(amending.place, amending.revision, { manifest: '', listing: '' }, amending.request.reason),
  ...closing(amending),
]

const closing = ({ request, place, revision }: Amending): Step[] => [
  ...completeSteps(place, revision),
  logLine(`blueprint ${request.name}: revision ${revision} is complete`),
]

/** On a clone, so that nothing of what instances use is touched. */
function prove(amending: Amending, leftover: Tree | undefined): void {
  const { request, complete, manifest, place, seen, plan } = amending
  const clone = { dataset: buildDataset(seen.site, request.name), root: buildPath(seen.site, request.name) }
  const origin = `${complete.dataset.name}@${snapshotOfRevision(manifest.revision)}`
  plan.steps.push(
    ...(leftover === undefined ? [] : clearSteps(leftover, seen)),
    ...unmountSteps(place.root, place.dataset, seen),
    cloneSnapshot(origin, clone.dataset, [['readonly', 'off'], stageIs('building')]),
    ...catalogueSteps(seen.site, request, manifest.architecture, clone.root),
    ...set(clone.dataset, stageIs('proof')),
  )
  plan.later.push(adding(amending).map(describeStep), ending(amending).map(describeStep))
}

const adding = ({ request, manifest, adds, place, seen }: Amending): Step[] => [
  destroyDataset(buildDataset(seen.site, request.name), { recursive: true }),
  ...set(place.dataset, ['readonly', 'off'], stageIs('amending')),
  ...catalogueSteps(seen.site, request, manifest.architecture, place.root),
  ...installSteps(seen.site, request, adds, place),
  ...closeSteps(place, true),
]

function add(amending: Amending, clone: Tree): void {
  const { request, complete, adds, seen, plan } = amending
  const { prospect } = clone
  const available = Number(complete.dataset.properties.get('available')?.value ?? Number.POSITIVE_INFINITY)
  const refuse = (reason: string) => plan.failures.push(`${request.name} stays as it is: ${reason}`)
  if (prospect === undefined || 'problem' in prospect) refuse(prospect?.problem ?? 'pkg cannot be asked.')
  else if (prospect.touched.length > 0)
    refuse(
      `adding ${adds.join(', ')} would change packages that instances are using: ${prospect.touched.join(', ')}. The repository has moved on since it was built: build a new blueprint, or take the packages from the same set.`,
    )
  else if (prospect.bytes > available)
    refuse(
      `${adds.join(', ')} and what comes with it need ${describeBytes(prospect.bytes)}, and ${describeBytes(available)} are left. Free some space, or raise the quota.`,
    )
  if (plan.failures.length > 0) plan.steps.push(...clearSteps(clone, seen))
  else {
    plan.steps.push(...adding(amending))
    plan.later.push(ending(amending).map(describeStep))
  }
}

function finish(amending: Amending): void {
  const { request, complete, manifest, adds, place, revision, seen, now, plan } = amending
  if (seen.snapshots.has(`${place.dataset}@${snapshotOfRevision(revision)}`)) {
    plan.steps.push(...closing(amending))
    if (complete.manifest !== undefined) plan.after = looksOf(seen.site, complete.manifest)
  } else if (!isSealable(complete)) {
    plan.steps.push(...closeSteps(place, true))
    plan.later.push(ending(amending).map(describeStep))
  } else {
    const lost = lostBy(manifest, complete)
    if (lost.length > 0)
      plan.warnings.push(
        `${request.name}: these packages are not what they were before the amendment: ${lost.join(', ')}. The last complete revision is ${place.dataset}@${snapshotOfRevision(manifest.revision)}.`,
      )
    const amended = amendedManifest(manifest, adds, complete, now)
    plan.steps.push(...sealSteps(place, revision, paperOf(amended, complete), request.reason), ...closing(amending))
    plan.after = looksOf(seen.site, amended)
  }
}
