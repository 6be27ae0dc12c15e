/**
 * sysrc(8) for the host's own rc.conf. It evaluates what it reads as shell (fact host-1), so it is never run on a file of
 * an instance. Sources: freebsd-14.2/07-sysrc.jsonl, usr.sbin/sysrc/sysrc.
 */
import { CommandFailed, Refused, UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import { type Command, type RunStep, run } from '../core/step.ts'

/** `NAME: VALUE`, a line each; a value may have line breaks of its own. */
export function parseVariables(stdout: string, names: readonly string[]): Map<string, string> {
  const values = new Map<string, string>()
  let name: string | undefined
  for (const line of stdout.replace(/\n$/, '').split('\n')) {
    const [, found, value = ''] = /^(\w+): (.*)$/.exec(line) ?? []
    if (found !== undefined && names.includes(found) && !values.has(found)) {
      name = found
      values.set(found, value)
    } else if (name !== undefined) values.set(name, `${values.get(name)}\n${line}`)
    else if (line !== '') throw new UnexpectedOutput(['sysrc', ...names], line)
  }
  return values
}

/** Of these variables those that are set, by rc.conf or by default, in one process. */
export async function readVariables(machine: Probe, names: readonly string[]): Promise<Map<string, string>> {
  const command: Command = ['sysrc', '-i', ...names]
  // Unknown ones make it exit 1 without a word (-i); whatever else is wrong it says.
  const answer = await machine.query(command, { exits: [0, 1] })
  if (answer.exit !== 0 && answer.stderr.trim() !== '') throw CommandFailed.exited(command, answer)
  return parseVariables(answer.stdout, names)
}

/** checkyesno of rc.subr(8). */
export const isYes = (value: string | undefined) => /^(yes|true|on|1)$/i.test(value ?? '')

/** Sets variables in one process. What sysrc writes for a quote or a dollar sign does not read back (fact host-3). */
export function setVariables(values: ReadonlyMap<string, string>): RunStep {
  for (const [name, value] of values) {
    if (/["'`$\\\n\r]/.test(value))
      throw new Refused(
        `the value ${JSON.stringify(value)} cannot be written for ${name} with sysrc(8), which does not escape quotes, '$', backticks and backslashes. Edit /etc/rc.conf by hand.`,
      )
  }
  return run('sysrc', ...[...values].map(([name, value]) => `${name}=${value}`))
}
