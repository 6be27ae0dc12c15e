/** The way of an instance to running, from where nothing of it is left on the host. */
import { dirname } from 'node:path'
import type { Step } from '../../core/step.ts'
import { startJail } from '../../freebsd/jail.ts'
import { complaint, type History } from './history.ts'
import type { Request } from './requests.ts'
import { stepSeconds } from './seconds.ts'
import { hasUsualLog } from './settings.ts'
import { PAUSE } from './stop.ts'
import type { Seen, View } from './world.ts'

/** A jail that dies is held by a connection or file that something in the kernel still has; mostly for moments. */
export const DYING_TRIES = 30

export const startStep = ({ id, places, parameters }: Request): Step =>
  startJail(id, places.jailConf, stepSeconds(parameters))

export const mustWait = ({ isDying }: View, history: History) => isDying && history.tries(PAUSE) < DYING_TRIES

export function dyingWarning({ isDying, request: { id } }: View, history: History): string[] {
  if (!isDying || history.tries(PAUSE) < DYING_TRIES) return []
  return [`${id} was started although a former jail of this name was still dying after ${DYING_TRIES} s ('jls -d').`]
}

/** Why it does not run although this run started it. The console's text is the customer's, and only ever shown. */
export function whyNotStarted(view: View, history: History, console: readonly string[]): string | undefined {
  const { id, places } = view.request
  if (history.tries(startStep(view.request)) === 0) return undefined
  const answer = history.setbacks(startStep(view.request)).at(-1)
  const reason = answer === undefined ? 'it was gone again at once' : complaint(answer)
  const log = view.request.parameters.get('exec.consolelog')?.value ?? places.consoleLog
  const last =
    console.length === 0 ? '' : ` Last lines of ${log}: ${console.map(line => JSON.stringify(line)).join(', ')}.`
  return `${id} did not start: ${reason}.${last} Nothing of it was left mounted or on the network.`
}

/** What other tasks make, and a start cannot do without. */
export function missingFor({ request: { id, places }, wires, hasNextFstab }: View, seen: Seen): string[] {
  const bridges = [...new Set(wires.map(({ bridge }) => bridge))]
  return [
    ...(seen.present.has(places.root)
      ? []
      : [`${id}: the directory ${places.root} is not there: instance_mounts makes it.`]),
    ...(seen.fstabs.has(id) || hasNextFstab
      ? []
      : [`${id}: the file ${places.fstab} is not there: instance_mounts writes it.`]),
    ...bridges
      .filter(bridge => !seen.interfaces.some(({ name }) => name === bridge))
      .map(bridge => `${id}: the bridge ${bridge} is not there: vnet_bridge makes it.`),
  ]
}

/** Directories that its files need, and that are made where they are missing. */
export const directoriesFor = (request: Request): { path: string; mode: number }[] => {
  const { places, parameters } = request
  const log = hasUsualLog(request) ? undefined : parameters.get('exec.consolelog')?.value
  return [
    { path: dirname(places.jailConf), mode: 0o755 },
    // What a customer's services print is nobody else's to read.
    ...(log === undefined ? [] : [{ path: dirname(log), mode: 0o700 }]),
  ]
}
