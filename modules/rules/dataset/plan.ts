/** The plan for all datasets of a task. */
import { Refused } from '../../core/errors.ts'
import type { Plan } from '../../core/module.ts'
import type { Dataset } from '../../freebsd/zfs.ts'
import { planAbsent, type Surroundings } from './absent.ts'
import { type Context, planPresent } from './present.ts'
import { ancestorsOf, depthOf, type Request } from './requests.ts'
import { knownFrom } from './values.ts'
import { type Looks, stepsOf, summarize, type Work } from './work.ts'
import { World } from './world.ts'

export interface Seen extends Omit<Surroundings, 'leaving'>, Omit<Context, 'known'> {
  readonly datasets: ReadonlyMap<string, Dataset>
  /** By pool. */
  readonly altroots: ReadonlyMap<string, string>
}

export interface DatasetsState {
  readonly datasets: Record<string, Looks>
}

/** More than this many problems in one message help nobody. */
const MOST_PROBLEMS = 10

export function planDatasets(requests: readonly Request[], seen: Seen): Plan<DatasetsState> {
  const world = new World(seen.datasets.values(), seen.altroots)
  const leaving = requests.filter(request => request.state === 'absent')
  const surroundings = { ...seen, leaving: new Set(leaving.map(one => one.name)) }
  const absent = [...leaving].reverse().map(request => planAbsent(request, world, surroundings))
  for (const { name } of leaving) world.remove(name)

  const context = { ...seen, known: knownFrom(seen.datasets.values()) }
  const staying = withParents(requests.filter(request => request.state === 'present'))
  const present = staying.map(request => planPresent(request, world, context))

  const works = [...absent, ...present]
  refuseProblems(works)
  return {
    before: { datasets: looksOf(works, 'before') },
    after: { datasets: looksOf(works, 'after') },
    steps: stepsOf(works),
    unmet: works.flatMap(work => work.unmet),
    warnings: works.flatMap(work => work.warnings),
    msg: summarize(works),
  }
}

/** `parents: true` asks for all above, with nothing set. Pools are not made. */
function withParents(requests: readonly Request[]): Request[] {
  const asked = new Set(requests.map(request => request.name))
  const above = requests
    .filter(request => request.parents === true)
    .flatMap(request => ancestorsOf(request.name).slice(1))
    .filter(name => !asked.has(name))
  const parents = [...new Set(above)].map((name): Request => ({ name, state: 'present', properties: {} }))
  return [...parents, ...requests].sort((a, b) => depthOf(a.name) - depthOf(b.name))
}

function refuseProblems(works: readonly Work[]): void {
  const problems = works.flatMap(work => work.problems)
  if (problems.length === 0) return
  const more = problems.length - MOST_PROBLEMS
  throw new Refused([...problems.slice(0, MOST_PROBLEMS), ...(more > 0 ? [`And ${more} more.`] : [])].join(' '))
}

const looksOf = (works: readonly Work[], when: 'before' | 'after'): Record<string, Looks> =>
  Object.fromEntries(
    works.flatMap(work => {
      const looks = work[when]
      return looks === undefined ? [] : [[when === 'before' ? work.formerName : work.name, looks] as const]
    }),
  )
