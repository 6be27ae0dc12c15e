/** How a blueprint that is not there is built, or one that was begun is finished. */
import { UNKNOWN } from '../../core/module.ts'
import { describeStep, type Step } from '../../core/step.ts'
import { logLine } from '../../freebsd/logger.ts'
import { kernelVersionOf, parseRelease } from '../../freebsd/release.ts'
import type { Kernel } from '../../freebsd/uname.ts'
import { createFilesystem } from '../../freebsd/zfs-steps.ts'
import { blueprintDataset, blueprintPath, buildDataset, buildPath, FORMAT, PROPERTY } from '../layout.ts'
import type { Seen } from './look.ts'
import { recipeOf } from './manifest.ts'
import type { Request } from './requests.ts'
import { firstManifest, paperOf } from './seal.ts'
import { bytesNeeded, extractSteps, type FoundSource, fetchSteps, sourceOf, tidyCache } from './source.ts'
import {
  abiFor,
  catalogueSteps,
  closeSteps,
  completeSteps,
  furnishSteps,
  installSteps,
  type Place,
  packagesOf,
  publishSteps,
  sealSteps,
  set,
  stageIs,
} from './steps.ts'
import { isSealable, isSealed, type Tree } from './tree.ts'
import { unfitIn } from './unfit.ts'
import { clearSteps, describeBytes, type Looks, looksOf, type Work, work } from './work.ts'

/** A first revision. */
const REVISION = 1

interface Building {
  readonly request: Request
  readonly kernel: Kernel
  readonly architecture: string
  readonly place: Place
  readonly seen: Seen
  readonly now: Date
  readonly plan: Work
}

/** `archives` are those that an earlier blueprint of the list fetches. */
export function planBuild(request: Request, seen: Seen, now: Date, archives: Set<string>): Work {
  const { site, kernel = { architecture: '', version: 0 } } = seen
  const { name } = request
  const plan = work(name)
  const architecture = request.architecture ?? kernel.architecture
  const place = { dataset: buildDataset(site, name), root: buildPath(site, name) }
  const building = { request, kernel, architecture, place, seen, now, plan }
  const found = seen.blueprints.get(name)?.build
  plan.outcome = 'built'
  plan.after = expected(building)

  if (found !== undefined && found.stage === undefined)
    plan.problems.push(
      `${place.dataset} is in the way: it is none of ours. Rename it, or destroy it if nothing in it is needed.`,
    )
  const isUsable = found !== undefined && isAsAskedFor(building, found)
  if (isUsable && (found.stage === 'sealing' || found.stage === 'complete')) finish(building, found)
  else if (isUsable && found.stage === 'catalogue' && !seen.isFirst) install(building, found)
  else begin(building, found, archives)
  return plan
}

/** Also by the archive that would be taken now, which may be another than MANIFEST told of when it was begun. */
function isAsAskedFor({ request, architecture, seen }: Building, { dataset }: Tree): boolean {
  const own = (name: string) => dataset.properties.get(name)?.value
  const source = request.pkgbase === undefined ? seen.sources.get(sourceOf(request, architecture).key) : undefined
  const isSameBase = source === undefined || 'problem' in source || own(PROPERTY.base) === source.sha256
  return isSameBase && own(PROPERTY.recipe) === recipeOf(request, architecture)
}

function expected({ request, architecture, seen: { site } }: Building): Looks {
  const { name, release = '' } = request
  return {
    dataset: blueprintDataset(site, name),
    path: blueprintPath(site, name),
    release,
    architecture,
    abi: abiFor(request, architecture),
    revision: REVISION,
    packages: packagesOf(request).length === 0 ? [] : (UNKNOWN as unknown as string[]),
    digest: UNKNOWN,
  }
}

/** What is left once the content is complete. */
const ending = ({ request, place, seen }: Building): Step[] => [
  ...sealSteps(place, REVISION, { manifest: '', listing: '' }),
  ...completeSteps(place, REVISION),
  ...publication(seen, request),
]

/** Where something was fetched for it, now is the time to let go of what has not been used for long. */
const publication = ({ site }: Seen, request: Request): Step[] => [
  ...publishSteps(site, request),
  ...(packagesOf(request).length > 0 || request.base?.file === undefined ? [tidyCache(site)] : []),
]

const filling = ({ request, place, seen }: Building): Step[] => {
  const packages = packagesOf(request)
  return [
    ...(packages.length === 0 ? [] : installSteps(seen.site, request, packages, place)),
    ...furnishSteps(request, place),
    ...closeSteps(place, packages.length > 0),
  ]
}

function begin(building: Building, found: Tree | undefined, archives: Set<string>): void {
  const { request, architecture, place, seen, plan } = building
  const source = refuse(building, archives)
  const packages = packagesOf(request)
  const settings = [
    ['readonly', 'off'],
    [PROPERTY.format, String(FORMAT)],
    [PROPERTY.blueprint, request.name],
    [PROPERTY.recipe, recipeOf(request, architecture)],
    ...(source === undefined ? [] : [[PROPERTY.base, source.sha256] as const]),
    stageIs('building'),
  ] as const
  plan.steps.push(
    ...(found === undefined ? [] : clearSteps(found, seen)),
    logLine(`blueprint ${request.name}: begun, from ${request.release}`),
    ...(source === undefined || archives.has(source.archive) ? [] : fetchSteps(source, request)),
    createFilesystem(place.dataset, settings),
    ...(source === undefined ? [] : extractSteps(source, place.root)),
  )
  if (source !== undefined) archives.add(source.archive)
  if (packages.length > 0) {
    plan.steps.push(
      ...catalogueSteps(seen.site, request, architecture, place.root),
      ...set(place.dataset, stageIs('catalogue')),
    )
    plan.later.push(filling(building).map(describeStep), ending(building).map(describeStep))
  } else {
    plan.steps.push(...filling(building))
    plan.later.push(ending(building).map(describeStep))
  }
}

/** What can be known beforehand. Returns where the base comes from; undefined where it comes as packages. */
function refuse(
  { request, kernel, architecture, seen, plan }: Building,
  archives: Set<string>,
): FoundSource | undefined {
  const { name, release = '', pkgbase, repository, packages = [] } = request
  const problem = (text: string) => void plan.problems.push(`${name}: ${text}`)
  const parsed = parseRelease(release)
  if (parsed === undefined) {
    problem('there is no such blueprint, and to build it, a `release` is needed, like 14.2-RELEASE.')
    return undefined
  }
  if (kernelVersionOf(parsed) > kernel.version)
    problem(
      `${release} is newer than this host's kernel (${kernel.version}), and programs of a newer release may not run on it. Update the host first, or choose an older release.`,
    )
  if (packages.length > 0 && repository === undefined)
    problem(`there is no \`repository\`, from which ${packages.join(', ')} could come.`)
  if (pkgbase !== undefined) return undefined

  const source = seen.sources.get(sourceOf(request, architecture).key)
  if (source === undefined) return undefined
  if ('problem' in source) {
    problem(source.problem)
    return undefined
  }
  const parent = seen.datasets.get(`${seen.site.dataset}/build`) ?? seen.datasets.get(seen.site.dataset)
  const available = Number(parent?.properties.get('available')?.value ?? Number.POSITIVE_INFINITY)
  const needed = bytesNeeded({ ...source, isHere: source.isHere || archives.has(source.archive) })
  if (needed > available)
    problem(
      `${parent?.name} has ${describeBytes(available)} left, and about ${describeBytes(needed)} are needed for the base alone. Free some space, or raise its quota.`,
    )
  return source
}

function install(building: Building, found: Tree): void {
  const { request, seen, plan } = building
  const { prospect } = found
  const available = Number(found.dataset.properties.get('available')?.value ?? Number.POSITIVE_INFINITY)
  if (prospect === undefined || 'problem' in prospect)
    plan.failures.push(`${request.name}: ${prospect?.problem ?? 'its packages cannot be looked up.'}`)
  else if (prospect.bytes > available)
    plan.failures.push(
      `${request.name}: its packages need ${describeBytes(prospect.bytes)}, and ${found.dataset.name} has ${describeBytes(available)} left. Free some space, or raise the quota.`,
    )
  if (plan.failures.length > 0) {
    plan.steps.push(...clearSteps(found, seen))
    return
  }
  plan.steps.push(...filling(building))
  plan.later.push(ending(building).map(describeStep))
}

function finish(building: Building, found: Tree): void {
  const { request, architecture, place, seen, now, plan } = building
  const publish = publication(seen, request)
  if (found.manifest !== undefined) plan.after = looksOf(seen.site, found.manifest)
  if (found.stage === 'complete') plan.steps.push(...publish)
  else if (isSealed(found, seen)) plan.steps.push(...completeSteps(place, REVISION), ...publish)
  else if (!isSealable(found)) {
    plan.steps.push(...closeSteps(place, packagesOf(request).length > 0))
    plan.later.push(ending(building).map(describeStep))
  } else if (unfitIn(found.listing).length > 0) {
    plan.failures.push(...unfitIn(found.listing).map(reason => `${request.name}: ${reason}`))
    plan.steps.push(...clearSteps(found, seen))
  } else {
    const manifest = firstManifest(request, architecture, found, now)
    plan.steps.push(
      ...sealSteps(place, REVISION, paperOf(manifest, found)),
      ...completeSteps(place, REVISION),
      ...publish,
    )
    plan.after = looksOf(seen.site, manifest)
  }
}
