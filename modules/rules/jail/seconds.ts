/** How long jail(8) may rightly take: its commands have their own limit each, and it must not be ended before them. */
import { EXEC_TIMEOUT_SECONDS, type Parameters } from './settings.ts'

/** Prepare, created, start and poststart; or prestop, stop, poststop and release, and the processes' own time to end. */
const COMMANDS = 4
const MOUNTING_SECONDS = 120

export function stepSeconds(parameters: Parameters): number {
  const [exec, stop] = ['exec.timeout', 'stop.timeout'].map(name => Number(parameters.get(name)?.value ?? 0))
  return COMMANDS * (exec || EXEC_TIMEOUT_SECONDS) + (stop ?? 0) + MOUNTING_SECONDS
}
