/**
 * jail(8), acting. Starts and stops always name the file: without it a stop knows neither exec.stop nor the mounts (fact
 * jail-1). A failure is 1 whatever it was (usr.sbin/jail/jail.c, main), and then the host has to be looked at.
 */
import { type RunStep, run } from '../core/step.ts'
import { type Kind, negated } from './jail-parameters.ts'

const FAILED = [1]

/** What it runs inherits nothing: usr.sbin/jail/command.c, run_command, `closefrom(3)`. */
const KEEPS_LOCK = { keepsLock: true } as const

export const startJail = (name: string, conf: string, timeoutSeconds: number): RunStep => ({
  ...run('jail', '-f', conf, '-c', name),
  timeoutSeconds,
  setbacks: FAILED,
  ...KEEPS_LOCK,
})

export const stopJail = (name: string, conf: string, timeoutSeconds: number): RunStep => ({
  ...run('jail', '-f', conf, '-r', name),
  timeoutSeconds,
  setbacks: FAILED,
  ...KEEPS_LOCK,
})

/** Kills all that runs in it. Runs no command of its configuration and unmounts nothing (fact live-2). */
export const removeJail = (name: string): RunStep => ({ ...run('jail', '-R', name), setbacks: FAILED, ...KEEPS_LOCK })

/** Changes a running jail and nothing else of it: with a file, all that stands there would be set anew (fact jail-10). */
export const modifyJail = (name: string, changes: readonly Change[]): RunStep =>
  run('jail', '-m', `name=${name}`, ...changes.map(assignment))

export interface Change {
  readonly parameter: string
  readonly kind: Kind
  readonly value: string
}

const assignment = ({ parameter, kind, value }: Change) =>
  kind === 'switch' ? (value === 'true' ? parameter : negated(parameter)) : `${parameter}=${value}`
