/**
 * cpuset(1): the CPUs that a running jail may use. Sources: usr.bin/cpuset/cpuset.c, sys/kern/kern_cpuset.c (14). A jail
 * gets a new set at every start, with all CPUs in it.
 */
import { CommandFailed, UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import { type Command, type RunStep, run } from '../core/step.ts'

/** The numbers of CPUs, ascending. */
export type Cpus = readonly number[]

/** `jail 3 mask: 0, 1`, and a line about memory. */
export function parseMask(stdout: string): Cpus | undefined {
  const list = /^jail \d+ mask: ([\d, ]+)$/m.exec(stdout)?.[1]
  return list?.split(', ').map(Number)
}

/** One jail a process: cpuset knows no list of them. Undefined where the jail does not run. */
export async function readCpus(machine: Probe, jail: string): Promise<Cpus | undefined> {
  const command: Command = ['cpuset', '-g', '-j', jail]
  const answer = await machine.query(command, { exits: [0, 1] })
  if (answer.exit === 1 && /^cpuset: jail ".*" not found$/m.test(answer.stderr)) return undefined
  if (answer.exit !== 0) throw CommandFailed.exited(command, answer)
  const mask = parseMask(answer.stdout)
  if (mask === undefined) throw new UnexpectedOutput(command, answer.stdout)
  return mask
}

/** `0-2,5`, as cpuset reads it. */
export function describeCpus(cpus: Cpus): string {
  const runs: [number, number][] = []
  for (const cpu of cpus) {
    const last = runs.at(-1)
    if (last !== undefined && cpu === last[1] + 1) last[1] = cpu
    else runs.push([cpu, cpu])
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}

const commandFor = (jail: string, cpus: Cpus | 'all') =>
  ['cpuset', '-l', cpus === 'all' ? cpus : describeCpus(cpus), '-j', jail] as const

/** For exec.poststart of jail.conf(5). */
export const cpusLine = (jail: string, cpus: Cpus) => commandFor(jail, cpus).join(' ')

/** The CPUs that such a line of `conf` holds its jail to, in cpuset's words. */
export const cpusIn = (conf: string): string | undefined => /"cpuset -l (\S+) -j \S+"/.exec(conf)?.[1]

export const setCpus = (jail: string, cpus: Cpus | 'all'): RunStep => ({
  ...run(...commandFor(jail, cpus)),
  // cpuset_testupdate: EDEADLK where nothing would be left of a set below it.
  objections: [
    {
      said: /Resource deadlock avoided/,
      means: `A process in ${jail} has bound itself to CPUs that would be taken from it. Stop it, or restart the jail.`,
    },
  ],
})
