/** The way of an instance to not running: no jail, no mounts below its root, no interface of its left on the host. */
import { run, type Step } from '../../core/step.ts'
import { parseFstab } from '../../freebsd/fstab.ts'
import { destroyInterface, releasedIn } from '../../freebsd/ifconfig.ts'
import { removeJail, stopJail } from '../../freebsd/jail.ts'
import { unmount } from '../../freebsd/mount.ts'
import { deleteNeighbor, deleteNeighborLine } from '../../freebsd/neighbors.ts'
import { leftRules, releasesFilter } from './filter.ts'
import { complaint, type History } from './history.ts'
import type { Request } from './requests.ts'
import { stepSeconds } from './seconds.ts'
import type { View } from './world.ts'

export interface Way {
  readonly steps: readonly Step[]
  readonly warnings: readonly string[]
  /** Why it cannot be gone on; with it there are no steps. */
  readonly failure?: string
  /** Once the steps are done, nothing is left of it: no need to look before it is started again. */
  readonly isSure: boolean
  /** Something was in use a moment ago. */
  readonly needsPause: boolean
}

/** A process that was killed, or a vnode in use, is gone in a moment or needs an operator. */
export const CLEARING_TRIES = 10
export const PAUSE: Step = run('sleep', '1')

export const isClear = ({ jail, mounts, interfaces, neighbors, guard }: View) =>
  jail === undefined && mounts.length === 0 && interfaces.length === 0 && neighbors.length === 0 && !guard.hasRules

export const stopStep = ({ id, places, parameters }: Request): Step =>
  stopJail(id, places.jailConf, stepSeconds(parameters))

export function wayDown(view: View, history: History, fstab: string | undefined): Way {
  if (view.jail === undefined) return clearing(view, history)
  const { id } = view.request
  const isTried = history.tries(stopStep(view.request)) > 0
  if (view.conf !== undefined && !isTried)
    return {
      steps: [stopStep(view.request), ...forgottenNeighbors(view)],
      warnings: [],
      isSure: isCovered(view, fstab),
      needsPause: false,
    }
  if (history.tries(removeJail(id)) > 0)
    return failed(`${id} cannot be stopped: ${said(history, removeJail(id), 'it runs on after jail -R')}.`)
  const reason = isTried
    ? said(history, stopStep(view.request), 'it ran on')
    : `${view.request.places.jailConf} is missing, and with it how to shut it down`
  return {
    steps: [removeJail(id), ...clearingSteps(view)],
    warnings: [`${id} was stopped by force (jail -R), its processes killed: ${reason}.`],
    isSure: false,
    needsPause: false,
  }
}

/** What a jail that vanished, a failed start or a stop by force left (facts jail-3, jail-6, live-1, live-2). */
function clearing(view: View, history: History): Way {
  const steps = clearingSteps(view)
  const setbacks = steps.map(step => ({ step, answers: history.setbacks(step) }))
  const stuck = setbacks.find(({ answers }) => answers.length >= CLEARING_TRIES)
  const last = stuck?.answers.at(-1)
  if (last !== undefined) {
    const inUse = view.mounts.at(-1)
    return failed(
      `${view.request.id} does not run, and not all that it left can be cleared: ${complaint(last)}.${inUse === undefined ? '' : ` See who uses it ('fstat -f ${inUse.node}'), end that, and run this again.`}`,
    )
  }
  return { steps, warnings: [], isSure: true, needsPause: setbacks.some(({ answers }) => answers.length > 0) }
}

/** By the mount table's own names, the last mounted first; never by force. */
const clearingSteps = ({ mounts, interfaces, neighbors, guard }: View): Step[] => [
  ...[...mounts].reverse().map(mount => ({ ...unmount(mount), setbacks: [1] })),
  ...neighbors.map(({ address }) => deleteNeighbor(address)),
  ...interfaces.map(destroyInterface),
  ...leftRules(guard),
]

/** Of addresses that it was started with, where exec.release names others by now. */
const forgottenNeighbors = ({ neighbors, conf = '' }: View): Step[] =>
  neighbors
    .filter(({ address }) => !conf.includes(deleteNeighborLine(address)))
    .map(({ address }) => deleteNeighbor(address))

/**
 * jail(8) unmounts what its fstab lists now, and what it mounts by parameters (fact jail-3), and exec.release destroys
 * and flushes what it names now: is that all there is?
 */
export function isCovered({ mounts, interfaces, guard, conf = '', request: { places } }: View, fstab = ''): boolean {
  const nodes = new Set([
    ...parseFstab(fstab).map(({ node }) => node),
    ...['dev', 'dev/fd', 'proc'].map(place => `${places.root}/${place}`),
  ])
  const isOnce = (node: string, index: number) => mounts.findIndex(one => one.node === node) === index
  const released = releasedIn(conf)
  return (
    mounts.every(({ node }, index) => nodes.has(node) && isOnce(node, index)) &&
    interfaces.every(name => released.includes(name)) &&
    releasesFilter(guard, conf)
  )
}

function said(history: History, step: Step, otherwise: string): string {
  const answer = history.setbacks(step).at(-1)
  return answer === undefined ? otherwise : complaint(answer)
}

const failed = (failure: string): Way => ({ steps: [], warnings: [], failure, isSure: false, needsPause: false })
