/**
 * How packages are added to a complete blueprint that instances are using: first on a clone, where pkg says what it would do
 * and then does it, and then in place, from the catalogue that the clone had: what was tried is what is done, however the
 * repository moves on. Then it is sealed as the next revision. What was cut short in between is put back (put-back.ts).
 */
import { UNKNOWN } from '../../core/module.ts'
import { describeStep, type Step } from '../../core/step.ts'
import { makeDirectories } from '../../freebsd/directories.ts'
import { logLine } from '../../freebsd/logger.ts'
import type { Listing } from '../../freebsd/mtree.ts'
import { cataloguesOf } from '../../freebsd/pkg.ts'
import { copyTree } from '../../freebsd/seed.ts'
import { cloneSnapshot, destroyDataset } from '../../freebsd/zfs-steps.ts'
import { buildDataset, buildPath, snapshotOfRevision } from '../layout.ts'
import { addedBy } from './compare.ts'
import type { Seen } from './look.ts'
import { type Manifest, parseListing } from './manifest.ts'
import { putBackSteps } from './put-back.ts'
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
import { isSealable, type Tree } from './tree.ts'
import { unfitIn } from './unfit.ts'
import { clearSteps, describeBytes, looksOf, unmountSteps, type Work } from './work.ts'

interface Amending {
  /** With the release and architecture that the blueprint has. */
  readonly request: Request
  readonly complete: Tree
  /** Of the last complete revision. */
  readonly manifest: Manifest
  readonly adds: readonly string[]
  readonly place: Place
  readonly clone: Place
  readonly revision: number
  readonly seen: Seen
  readonly plan: Work
}

function begin(given: Request, complete: Tree, manifest: Manifest, seen: Seen, plan: Work): Amending {
  const { name } = given
  const { release, architecture } = manifest
  const revision = manifest.revision + 1
  plan.outcome = 'amended'
  plan.after = {
    ...looksOf(seen.site, manifest),
    revision,
    packages: UNKNOWN as unknown as string[],
    digest: UNKNOWN,
  }
  return {
    request: { ...given, release, architecture },
    complete,
    manifest,
    adds: addedBy(given, manifest),
    place: { dataset: complete.dataset.name, root: complete.root },
    clone: { dataset: buildDataset(seen.site, name), root: buildPath(seen.site, name) },
    revision,
    seen,
    plan,
  }
}

/** `complete` is as its last revision was sealed, or will be once the plan's steps so far are done. */
export function planAmendment(request: Request, complete: Tree, manifest: Manifest, seen: Seen, plan: Work): void {
  const amending = begin(request, complete, manifest, seen, plan)
  if (request.repository === undefined)
    plan.problems.push(
      `${request.name}: there is no \`repository\`, from which ${amending.adds.join(', ')} could come.`,
    )
  const build = seen.blueprints.get(request.name)?.build
  if (build?.stage === 'proof' && !seen.isFirst) add(amending, build)
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
  const { request, complete, manifest, place, clone, seen, plan } = amending
  plan.steps.push(
    ...(leftover === undefined ? [] : clearSteps(leftover, seen)),
    ...unmountSteps(place.root, place.dataset, seen),
    cloneSnapshot(`${complete.dataset.name}@${snapshotOfRevision(manifest.revision)}`, clone.dataset, [
      ['readonly', 'off'],
      stageIs('building'),
    ]),
    ...catalogueSteps(seen.site, request, manifest.architecture, clone.root),
    ...set(clone.dataset, stageIs('proof')),
  )
  plan.later.push(adding(amending).map(describeStep), ending(amending).map(describeStep))
}

const adding = ({ request, adds, place, clone, seen }: Amending): Step[] => [
  ...installSteps(seen.site, request, adds, clone, 'trying on a clone'),
  ...set(place.dataset, ['readonly', 'off'], stageIs('amending')),
  makeDirectories([cataloguesOf(place.root)]),
  copyTree(cataloguesOf(clone.root), cataloguesOf(place.root)),
  destroyDataset(clone.dataset, { recursive: true }),
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

/** Its content is complete, as far as can be seen, and it is what the task asks for. */
export function isFinishable(complete: Tree, adds: readonly string[]): boolean {
  const isInstalled = (one: string) => complete.packages?.some(each => each.name === one) ?? false
  return adds.length > 0 && complete.stage === 'sealing' && (!isSealable(complete) || adds.every(isInstalled))
}

/** What the last revision had is none of this amendment's. */
function broughtBy({ listing = new Map(), last }: Tree): Listing {
  const before = parseListing(last?.listing ?? '')
  return new Map([...listing].filter(([path]) => !before.has(path)))
}

/** Writes down what is in it; puts back what it was where that cannot be let stand. */
export function finishAmendment(
  given: Request,
  complete: Tree,
  manifest: Manifest,
  seen: Seen,
  now: Date,
  plan: Work,
): void {
  const amending = begin(given, complete, manifest, seen, plan)
  const { request, adds, place, revision } = amending
  if (!isSealable(complete)) {
    plan.steps.push(...closeSteps(place, true))
    plan.later.push(ending(amending).map(describeStep))
    return
  }
  const lost = lostBy(manifest, complete)
  const reasons = [
    ...(lost.length > 0
      ? [`these packages were not left as they were: ${lost.join(', ')}. Build a new blueprint.`]
      : []),
    ...unfitIn(broughtBy(complete)),
  ]
  if (reasons.length > 0) {
    plan.failures.push(`${request.name} is put back to revision ${manifest.revision}: ${reasons.join(' ')}`)
    plan.steps.push(...putBackSteps(complete, request.name, seen))
    return
  }
  const amended = amendedManifest(manifest, adds, complete, now)
  plan.steps.push(...sealSteps(place, revision, paperOf(amended, complete), request.reason), ...closing(amending))
  plan.after = looksOf(seen.site, amended)
}
