/** What is to be done about one instance now, and what when that is done. */
import type { Step } from '../../core/step.ts'
import { cpusIn, describeCpus, setCpus } from '../../freebsd/cpuset.ts'
import { removeJail } from '../../freebsd/jail.ts'
import { fileSteps } from './filter.ts'
import type { History } from './history.ts'
import { dyingWarning, missingFor, mustWait, startStep, whyNotStarted } from './start.ts'
import { isClear, stopStep, type Way, wayDown } from './stop.ts'
import type { Seen, View } from './world.ts'

export type Outcome = 'started' | 'restarted' | 'stopped' | 'cleared' | 'configured' | 'removed' | 'as wanted'

export interface Decision {
  readonly view: View
  /** Changes of a running one that leave it running, and files: before anything is stopped or started. */
  readonly first: readonly Step[]
  /** In one list, and in the course of stops or of starts. */
  readonly course: readonly Step[]
  readonly isStart: boolean
  /** Once the course is over and has been seen to be. */
  readonly writesLater: readonly Step[]
  readonly startsLater: readonly Step[]
  /** It shall be absent, and nothing of it is left but files. */
  readonly isRemovable: boolean
  readonly needsPause: boolean
  readonly runs: { readonly before: boolean; readonly after: boolean; readonly asBefore: boolean }
  readonly outcome: Outcome
  readonly warnings: readonly string[]
  readonly unmet: readonly string[]
  readonly failures: readonly string[]
}

const NO_WAY: Way = { steps: [], warnings: [], isSure: true, needsPause: false }

export function decide(view: View, history: History, seen: Seen): Decision {
  const { request, conf, wantedConf, guard, difference } = view
  const { id, state, places } = request
  const isUp = view.jail !== undefined
  const wasStopped = history.tries(stopStep(request)) + history.tries(removeJail(id)) > 0
  const wasStarted = history.tries(startStep(request)) > 0
  const wantsUp =
    state === 'started' || state === 'restarted' || (state === 'present' && (isUp || (wasStopped && request.restart)))
  const restarts =
    isUp && wantsUp && !wasStarted && (state === 'restarted' || (request.restart && difference.pending.length > 0))

  const goesDown = isUp ? !wantsUp || restarts : state !== 'present' && !isClear(view)
  const way = goesDown ? wayDown(view, history, seen.fstabs.get(id)) : NO_WAY
  const failure =
    way.failure ?? (isUp || !wantsUp ? undefined : whyNotStarted(view, history, seen.consoles.get(id) ?? []))
  const starts = wantsUp && (!isUp || restarts) && failure === undefined

  const isChanging = difference.pending.some(name => name.startsWith('vnet'))
  const rules = fileSteps(guard, !isUp ? 'is down' : goesDown ? 'stops' : isChanging ? 'keeps' : 'runs')
  const write: Step[] =
    state === 'absent'
      ? []
      : [
          ...rules.before,
          ...(conf === wantedConf ? [] : [{ kind: 'write', path: places.jailConf, content: wantedConf } as const]),
          ...rules.behind,
        ]
  const isWrittenFirst = !(isUp && goesDown)
  // What instance_mounts wants for the next start, and could not say while the mounts of this one stood in fstab.
  const nextMounts: Step[] =
    starts && view.hasNextFstab ? [{ kind: 'move', from: places.nextFstab, to: places.fstab }] : []
  const writeLate = isWrittenFirst ? [] : write
  const start = starts ? [...nextMounts, startStep(request)] : []
  const waits = starts && !isUp && mustWait(view, history)
  const isOneCourse = !waits && (way.isSure || !starts)

  return {
    view,
    first: [...(isUp && !goesDown ? [...difference.steps, ...cpuSteps(view)] : []), ...(isWrittenFirst ? write : [])],
    course: [...way.steps, ...(isOneCourse ? [...writeLate, ...start] : [])],
    isStart: starts,
    writesLater: isOneCourse ? [] : writeLate,
    startsLater: isOneCourse ? [] : start,
    isRemovable: state === 'absent' && isClear(view),
    needsPause: way.needsPause || waits,
    runs: { before: isUp, after: wantsUp, asBefore: isUp && !restarts },
    outcome: outcomeOf(),
    warnings: [
      ...way.warnings,
      ...(starts && !waits ? dyingWarning(view, history) : []),
      ...(isUp && !goesDown ? pendingWarning(view) : []),
      ...(state === 'present' && !isUp && !starts ? remainsWarning(view) : []),
      ...silentWarning(view),
    ],
    unmet: starts ? missingFor(view, seen) : [],
    failures: failure === undefined ? [] : [failure],
  }

  function outcomeOf(): Outcome {
    if (state === 'absent')
      return isUp || conf !== undefined || guard.file !== undefined || way.steps.length > 0 ? 'removed' : 'as wanted'
    if (starts) return restarts ? 'restarted' : 'started'
    if (isUp && goesDown) return 'stopped'
    if (way.steps.length > 0) return 'cleared'
    return write.length > 0 || difference.steps.length > 0 ? 'configured' : 'as wanted'
  }
}

/** What a start does by its configuration, for one that runs with another. Before that is written, so that it is not forgotten. */
function cpuSteps({ conf, request: { id, state, cpus, configures } }: View): Step[] {
  if (conf === undefined || state === 'absent' || !configures) return []
  return cpusIn(conf) === (cpus && describeCpus(cpus)) ? [] : [setCpus(id, cpus ?? 'all')]
}

function pendingWarning({ request: { id }, difference: { pending } }: View): string[] {
  if (pending.length === 0) return []
  return [
    `${id} runs with what it was started with where its configuration is another by now: ${pending.join(', ')}. A restart changes that (\`restart: true\`).`,
  ]
}

/** pf drops what has another source than one of its addresses, and `::` and its link's alone are IPv6 ones. */
function silentWarning({ request: { id, state, configures }, wires }: View): string[] {
  const silent = wires.filter(({ isPrivate, addresses }) => isPrivate && addresses.length === 0)
  if (silent.length === 0 || !configures || state === 'absent') return []
  return [
    `${id}: ${silent.map(({ inner }) => inner.name).join(', ')} has no \`addresses\`, so that as a private interface it cannot send IPv4 at all, not even to ask for an address by DHCP. Give them, or \`private: false\`.`,
  ]
}

function remainsWarning(view: View): string[] {
  if (isClear(view)) return []
  const { request, mounts, interfaces, neighbors, guard } = view
  return [
    `${request.id} does not run, but has left ${mounts.length} mounts, ${interfaces.length} interfaces, ${neighbors.length} entries of arp(8) and ndp(8), and ${guard.hasRules ? '' : 'no '}rules of pf. They are cleared when it is started or stopped (\`state: stopped\`).`,
  ]
}
