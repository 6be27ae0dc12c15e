/** The plan for all blueprints of a task. */
import { Refused } from '../../core/errors.ts'
import type { Plan } from '../../core/module.ts'
import type { Step } from '../../core/step.ts'
import { createFilesystem } from '../../freebsd/zfs-steps.ts'
import { planRemoval } from './absent.ts'
import { planBuild } from './build.ts'
import { planComplete } from './complete.ts'
import type { Seen } from './look.ts'
import type { Request } from './requests.ts'
import type { Looks, Work } from './work.ts'

export interface BlueprintsState {
  blueprints: Record<string, Looks>
}

const BUILD_MODE = 0o700

/** More than this many problems in one message help nobody. */
const MOST_PROBLEMS = 10

export function planBlueprints(requests: readonly Request[], seen: Seen, now: Date): Plan<BlueprintsState> {
  refuseOtherPlace(seen)
  const archives = new Set<string>()
  const works = requests.map(request => {
    if (request.state === 'absent') return planRemoval(request, seen)
    const complete = seen.blueprints.get(request.name)?.complete
    return complete === undefined ? planBuild(request, seen, now, archives) : planComplete(request, complete, seen, now)
  })
  const problems = [...new Set(works.flatMap(({ problems }) => problems))]
  if (problems.length > 0) refuse(problems)

  // One that cannot go on is cleared away, and the others wait for the next run.
  const failed = works.filter(({ failures }) => failures.length > 0)
  const going = failed.length > 0 ? failed : works
  const isBuilding = going.some(({ outcome }) => outcome === 'built' || outcome === 'amended')
  return {
    before: { blueprints: looksBy(works, 'before') },
    after: { blueprints: looksBy(works, 'after') },
    steps: [...(isBuilding ? placeToBuild(seen) : []), ...going.flatMap(({ steps }) => steps)],
    later: failed.length > 0 ? [] : roundByRound(works),
    failures: works.flatMap(({ failures }) => failures),
    unmet: requests.some(({ state }) => state === 'present') ? missingParents(seen) : [],
    warnings: works.flatMap(({ warnings }) => warnings),
    msg: summarize(works),
  }
}

/** Blueprints of a task go on side by side: each round does what is next for each of them. */
function roundByRound(works: readonly Work[]): string[] {
  const rounds = Math.max(0, ...works.map(({ later }) => later.length))
  return Array.from({ length: rounds }, (_, round) => works.flatMap(({ later }) => later[round] ?? [])).flat()
}

/** Where half-built blueprints are: closed to everyone but root, like instances. */
function placeToBuild({ site, datasets, buildMode }: Seen): Step[] {
  const name = `${site.dataset}/build`
  return [
    ...(datasets.has(name) ? [] : [createFilesystem(name, [])]),
    ...(datasets.has(name) && buildMode === BUILD_MODE
      ? []
      : [{ kind: 'mode', path: `${site.path}/build`, mode: BUILD_MODE } as const]),
  ]
}

/** Paths are computed from one place, so that place must be where the datasets are. */
function refuseOtherPlace({ site, datasets }: Seen): void {
  for (const below of ['', '/blueprints', '/build']) {
    const [dataset, path] = [site.dataset + below, site.path + below]
    const mountpoint = datasets.get(dataset)?.properties.get('mountpoint')?.value ?? path
    if (mountpoint !== path)
      throw new Refused(
        `${dataset} has its mountpoint at ${mountpoint}, and it is looked for at ${path}. ${below === '' ? `Say hosting_path: ${mountpoint}.` : `Let it have the inherited one: 'zfs inherit mountpoint ${dataset}'.`}`,
      )
  }
}

function missingParents({ site, datasets }: Seen): string[] {
  const missing = [site.dataset, `${site.dataset}/blueprints`].filter(name => !datasets.has(name))
  return missing.map(name => `${name} does not exist: lay out the host first (role host).`)
}

function refuse(problems: readonly string[]): never {
  const more = problems.length - MOST_PROBLEMS
  throw new Refused([...problems.slice(0, MOST_PROBLEMS), ...(more > 0 ? [`And ${more} more.`] : [])].join(' '))
}

const looksBy = (works: readonly Work[], when: 'before' | 'after'): Record<string, Looks> =>
  Object.fromEntries(works.flatMap(one => (one[when] === undefined ? [] : [[one.name, one[when]] as const])))

function summarize(works: readonly Work[]): string {
  const busy = works.filter(one => one.steps.length > 0)
  const kinds = [...new Set(busy.map(({ outcome }) => outcome))]
  const all = works.length === 1 ? `the blueprint ${works[0]?.name}` : `${works.length} blueprints`
  if (busy.length === 0) return `${all}: as wanted`
  if (works.length === 1) return `${all}: ${kinds[0] === 'as wanted' ? 'put right' : kinds[0]}`
  return `${all}: ${kinds.map(kind => `${busy.filter(one => one.outcome === kind).length} ${kind === 'as wanted' ? 'put right' : kind}`).join(', ')}`
}
