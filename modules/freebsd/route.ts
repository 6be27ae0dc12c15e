/** route(8): the routes that rc.conf(5) names. Sources: sbin/route/route.c; libexec/rc/rc.d/routing. */
import { CommandFailed } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import { type Command, type RunStep, run } from '../core/step.ts'
import type { Family } from './addresses.ts'

export interface Route {
  readonly family: Family
  /** `default`, or a network or host. */
  readonly destination: string
  /** `-net` or `-host`, where rc.conf says so. */
  readonly kind: string | undefined
  readonly gateway: string
}

const wordsOf = ({ family, kind, destination }: Route) => [
  ...(family === 'inet6' ? ['-inet6'] : []),
  ...(kind === undefined ? [] : [kind]),
  destination,
]

/** Whether there is one. Where none leads there by itself, the kernel tells of another, which leads elsewhere. */
export async function hasRoute(machine: Probe, route: Route): Promise<boolean> {
  const command: Command = ['route', '-n', 'get', ...wordsOf(route)]
  const answer = await machine.query(command, { exits: [0, 1] })
  if (answer.exit === 0)
    return route.destination === 'default' || /^ *gateway: (\S+)$/m.exec(answer.stdout)?.[1] === route.gateway
  if (!/has not been found/.test(answer.stderr)) throw CommandFailed.exited(command, answer)
  return false
}

export const addRoute = (route: Route): RunStep => run('route', 'add', ...wordsOf(route), route.gateway)
export const deleteRoute = (route: Route): RunStep => run('route', 'delete', ...wordsOf(route), route.gateway)
