/** route(8): the IPv4 default route. Source: sbin/route/route.c. */
import { CommandFailed } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import { type Command, type RunStep, run } from '../core/step.ts'

const GET: Command = ['route', '-n', 'get', 'default']

export async function hasDefaultRoute(machine: Probe): Promise<boolean> {
  const answer = await machine.query(GET, { exits: [0, 1] })
  if (answer.exit === 0) return true
  if (!/has not been found/.test(answer.stderr)) throw CommandFailed.exited(GET, answer)
  return false
}

export const addDefaultRoute = (gateway: string): RunStep => run('route', 'add', 'default', gateway)
