/** The plan for all instances of a task: files first, then stops and starts side by side, then what shall be absent goes. */

import { type Plan, UNKNOWN } from '../../core/module.ts'
import type { Done } from '../../core/perform.ts'
import { describeStep, type Step, type Together } from '../../core/step.ts'
import { setVariables } from '../../freebsd/sysrc.ts'
import { FILTER_FOLDER } from '../layout.ts'
import { removalSteps } from './absent.ts'
import { asConfigured } from './as-configured.ts'
import { afterIn, linesOf } from './config.ts'
import { type Decision, decide } from './decide.ts'
import { filterProblem, named, shownRules } from './filter.ts'
import { History } from './history.ts'
import {
  changedVariables,
  heedingOrder,
  listed,
  MAIN_CONF,
  orderWarnings,
  plannedList,
  refuseHidingOthers,
  refuseUnknown,
  type Settings,
} from './list.ts'
import { type Request, wavesOf } from './requests.ts'
import { shutdownSteps } from './shutdown.ts'
import { directoriesFor } from './start.ts'
import { PAUSE } from './stop.ts'
import { type Seen, viewsOf } from './world.ts'

export interface InstanceState {
  readonly running: boolean
  readonly jid?: string
  readonly boot: boolean
  readonly configuration: string[]
  readonly rules: string[]
  readonly pending: string[]
}

export interface JailsState {
  readonly instances: Record<string, InstanceState>
  readonly rc_conf: Record<string, string>
}

export interface Wish extends Settings {
  readonly requests: readonly Request[]
  /** The host's name, where the task gives one. */
  readonly host: string | undefined
  readonly atOnce: number
}

export function planJails(
  { requests: given, host, atOnce, ...wished }: Wish,
  seen: Seen,
  done: readonly Done[],
): Plan<JailsState> {
  const requests = given.map(request => asConfigured(request, seen.confs.get(request.id)))
  refuseUnknown(requests, new Set([...seen.confs.keys(), ...listed(seen.rcConf), ...requests.map(({ id }) => id)]))
  const afterOf = new Map([
    ...[...seen.confs].map(([id, conf]) => [id, afterIn(conf)] as const),
    ...requests.filter(one => one.configures).map(({ id, after }) => [id, after] as const),
  ])
  const settings = heedingOrder(wished, plannedList(listed(seen.rcConf), requests), afterOf)
  const variables = changedVariables(seen.rcConf, requests, settings)
  refuseHidingOthers(seen.rcConf, variables, seen.present.has(MAIN_CONF))

  const history = new History(done)
  const decisions = viewsOf(requests, host, seen).map(view => decide(view, history, seen))
  const leaving = decisions.filter(({ view }) => view.request.state === 'absent')
  const removable = leaving.filter(({ isRemovable }) => isRemovable)
  // Planned now as well: what cannot be destroyed is refused before anything is stopped.
  const waiting = leaving.filter(({ isRemovable, failures }) => !isRemovable && failures.length === 0)

  const courses = [
    ...together(
      [...wavesOf(requests)].reverse(),
      decisions.filter(one => !one.isStart),
      atOnce,
    ),
    ...together(
      wavesOf(requests),
      decisions.filter(one => one.isStart),
      atOnce,
    ),
  ]
  const rcConf = new Map([...seen.rcConf, ...variables])
  return {
    before: { instances: statesOf(decisions, seen.rcConf, 'before'), rc_conf: ofJails(seen.rcConf) },
    after: { instances: statesOf(decisions, rcConf, 'after'), rc_conf: ofJails(rcConf) },
    steps: [
      ...(decisions.some(one => one.needsPause) ? [PAUSE] : []),
      ...(requests.some(one => one.configures && one.state !== 'absent') ? shutdownSteps(seen.shutdown) : []),
      ...directories(decisions, seen),
      ...decisions.flatMap(one => one.first),
      ...(variables.size === 0 ? [] : [setVariables(variables)]),
      ...courses,
      ...removalSteps(
        removable.map(({ view }) => view),
        seen,
      ),
    ],
    later: [
      ...decisions.flatMap(one => one.writesLater),
      ...wavesOf(requests).flatMap(wave =>
        decisions.filter(({ view }) => wave.includes(view.request)).flatMap(one => one.startsLater),
      ),
      ...removalSteps(
        waiting.map(({ view }) => view),
        seen,
      ),
    ].map(describeStep),
    verify: courses.length > 0,
    failures: decisions.flatMap(one => one.failures),
    unmet: [...decisions.flatMap(one => one.unmet), ...filterUnmet(decisions, seen)],
    warnings: [
      ...decisions.flatMap(one => one.warnings),
      ...filterWarnings(decisions, seen),
      ...orderWarnings(seen.rcConf, requests, settings),
    ],
    msg: summarize(decisions),
  }
}

const ofJails = (rcConf: ReadonlyMap<string, string>) =>
  Object.fromEntries([...rcConf].filter(([name]) => name.startsWith('jail_')))

/** One wave after the other; within a wave, so many at once. */
function together(waves: readonly Request[][], decisions: readonly Decision[], atOnce: number): Together[] {
  return waves.flatMap(wave => {
    const lists = decisions
      .filter(({ view, course }) => wave.includes(view.request) && course.length > 0)
      .map(({ course }) => course)
    return lists.length === 0 ? [] : [{ kind: 'together' as const, lists, atOnce }]
  })
}

/** What starts must not be able to send as somebody else; what runs already is told of. */
const filterUnmet = (decisions: readonly Decision[], seen: Seen) =>
  unfiltered(
    decisions.filter(({ isStart }) => isStart),
    seen,
  )
const filterWarnings = (decisions: readonly Decision[], seen: Seen) =>
  unfiltered(
    decisions.filter(({ runs }) => runs.asBefore && runs.after),
    seen,
  )

function unfiltered(decisions: readonly Decision[], { anchors }: Seen): string[] {
  const guarded = decisions.filter(({ view }) => view.guard.wanted !== undefined)
  const problem = anchors === undefined || guarded.length === 0 ? undefined : filterProblem(anchors)
  return problem === undefined ? [] : [`${named(guarded.map(({ view }) => view.request.id))}: ${problem}`]
}

/** Where pf is yet to be set up for what starts, the directory of its rules is made with it. */
function directories(decisions: readonly Decision[], seen: Seen): Step[] {
  const { present } = seen
  const staying = decisions.filter(({ view }) => view.request.state !== 'absent')
  const needsFolder = staying.some(({ view }) => view.guard.wanted !== undefined)
  const needed = [
    ...staying.flatMap(({ view }) => directoriesFor(view.request)),
    ...(needsFolder && filterUnmet(decisions, seen).length === 0 ? [{ path: FILTER_FOLDER, mode: 0o755 }] : []),
  ]
  const missing = new Map(needed.filter(({ path }) => !present.has(path)).map(({ path, mode }) => [path, mode]))
  return [...missing].map(([path, mode]) => ({ kind: 'directory', path, mode }))
}

function statesOf(decisions: readonly Decision[], rcConf: ReadonlyMap<string, string>, when: 'before' | 'after') {
  const boots = new Set(listed(rcConf))
  return Object.fromEntries(
    decisions.flatMap(({ view, runs }): [string, InstanceState][] => {
      const { request, conf, wantedConf, guard, jail, difference } = view
      const [running, text] = when === 'before' ? [runs.before, conf ?? ''] : [runs.after, wantedConf]
      const isThere = when === 'before' ? running || conf !== undefined : request.state !== 'absent'
      if (!isThere) return []
      const isAsBefore = when === 'before' || runs.asBefore
      const state = {
        running,
        ...(running && { jid: isAsBefore ? (jail?.jid ?? UNKNOWN) : UNKNOWN }),
        boot: boots.has(request.id),
        configuration: linesOf(text),
        rules: shownRules(when === 'before' ? guard.file : guard.wanted),
        pending: running && isAsBefore ? [...difference.pending] : [],
      }
      return [[request.id, state]]
    }),
  )
}

function summarize(decisions: readonly Decision[]): string {
  const [only] = decisions
  if (decisions.length === 1 && only !== undefined) return `${only.view.request.id}: ${only.outcome}`
  const counts = new Map<string, number>()
  for (const { outcome } of decisions) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  const changes = [...counts]
    .filter(([outcome]) => outcome !== 'as wanted')
    .map(([outcome, count]) => `${count} ${outcome}`)
  return `${decisions.length} instances: ${changes.length === 0 ? 'as wanted' : changes.join(', ')}`
}
