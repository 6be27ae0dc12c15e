/** Instances that are only started or stopped: their files say all else, and stay. */
import { Refused } from '../../core/errors.ts'
import { linesUnder, settingsIn } from '../../freebsd/jail-conf-read.ts'
import type { Guard } from './filter.ts'
import type { Request } from './requests.ts'

/** How long its own file gives the commands of jail(8). */
const OF_ITS_FILE = ['exec.timeout', 'stop.timeout']

export function asConfigured(request: Request, conf: string | undefined): Request {
  if (request.configures) return request
  if (conf === undefined)
    throw new Refused(
      `${request.id}: ${request.places.jailConf} is not there, so it cannot be started or stopped as it is configured. Check the id, or leave out \`configure: false\`.`,
    )
  const settings = settingsIn(conf) ?? []
  const parameters = new Map(request.parameters)
  for (const name of OF_ITS_FILE) {
    const [value] = linesUnder(settings, name)
    if (value !== undefined) parameters.set(name, { kind: 'number', value })
  }
  return { ...request, parameters }
}

/** What is in force for it comes and goes with its start and stop, and its file stays. */
export const guardAsIs = (guard: Guard): Guard => ({ ...guard, wanted: guard.file, isOpen: false, mustLoad: false })
