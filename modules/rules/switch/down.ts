/** The way of an instance to where nothing of it is left: no jail, no mounts below its root, no interface of its own. */
import type { Done } from '../../core/perform.ts'
import { run, type Step } from '../../core/step.ts'
import { destroyInterface } from '../../freebsd/ifconfig.ts'
import { removeJail, startJail, stopJail } from '../../freebsd/jail.ts'
import { settingsIn } from '../../freebsd/jail-conf-read.ts'
import { type Mount, unmount } from '../../freebsd/mount.ts'
import { complaint, History } from '../jail/history.ts'
import { stepSeconds } from '../jail/seconds.ts'
import type { Parameters } from '../jail/settings.ts'
import { CLEARING_TRIES, PAUSE } from '../jail/stop.ts'
import type { InstancePlaces } from '../layout.ts'
import { cast, saidBy, tries } from './course.ts'

export interface Remains {
  readonly isRunning: boolean
  readonly isDying: boolean
  /** Below its root, in the order of mounting. */
  readonly mounts: readonly Mount[]
  readonly interfaces: readonly string[]
}

export interface Down {
  readonly steps: readonly Step[]
  readonly warnings: readonly string[]
  /** Why it cannot be gone on, in a sentence. */
  readonly failure?: string
}

export const isClear = ({ isRunning, mounts, interfaces }: Remains) =>
  !isRunning && mounts.length === 0 && interfaces.length === 0

export interface Jail {
  readonly id: string
  readonly places: InstancePlaces
  /** What its configuration says. */
  readonly conf: string
}

export const stopStep = ({ id, places, conf }: Jail): Step =>
  cast('stop', stopJail(id, places.jailConf, secondsOf(conf)))
export const startStep = ({ id, places, conf }: Jail): Step =>
  cast('start', startJail(id, places.jailConf, secondsOf(conf)))
export const pauseStep: Step = cast('pause', PAUSE)

/** How long jail(8) may rightly take by that configuration. */
function secondsOf(conf: string): number {
  const settings = (settingsIn(conf) ?? []).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, { kind: 'text', value }] as const] : [],
  )
  return stepSeconds(new Map(settings) as Parameters)
}

/** `done`: since the stop was begun. */
export function wayDown(jail: Jail, remains: Remains, done: readonly Done[]): Down {
  const { id } = jail
  const history = new History(done)
  const clearing = clearingSteps(remains)
  if (remains.isRunning) {
    if (tries(done, 'stop') === 0) return { steps: [stopStep(jail)], warnings: [] }
    if (tries(done, 'kill') > 0) {
      const said = saidBy(done, 'kill') ?? 'it runs on after jail -R'
      return { steps: [], warnings: [], failure: `${id} cannot be stopped: ${said}.` }
    }
    const reason = saidBy(done, 'stop') ?? 'it ran on'
    return {
      steps: [cast('kill', removeJail(id)), ...clearing],
      warnings: [`${id} was stopped by force (jail -R), its processes killed: ${reason}.`],
    }
  }
  const setbacks = clearing.map(step => history.setbacks(step))
  const stuck = setbacks.find(answers => answers.length >= CLEARING_TRIES)?.at(-1)
  if (stuck !== undefined) {
    const inUse = remains.mounts.at(-1)
    return {
      steps: [],
      warnings: [],
      failure: `not all of ${id} can be cleared away: ${complaint(stuck)}.${inUse === undefined ? '' : ` See who uses it ('fstat -f ${inUse.node}'), and end that`}`,
    }
  }
  const needsPause = setbacks.some(answers => answers.length > 0)
  return { steps: [...(needsPause ? [pauseStep] : []), ...clearing], warnings: [] }
}

/** By the mount table's own names, the last mounted first; never by force. */
const clearingSteps = ({ mounts, interfaces }: Remains): Step[] => [
  ...[...mounts].reverse().map(mount => cast('clear', { ...unmount(mount), setbacks: [1] })),
  ...interfaces.map(name => cast('clear', destroyInterface(name))),
]

/** Short at first, since an outage is measured with it, and never longer than a second. */
export const waiting = (tried: number): Step => cast('wait', run('sleep', Math.min(1, 0.1 * 1.3 ** tried).toFixed(2)))
