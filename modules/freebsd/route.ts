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

/**
 * Which gateway it leads to now. Where no route leads to a network by itself, the kernel tells of another, so that only the
 * wanted gateway counts; of a default route any does.
 */
export async function readGateway(machine: Probe, route: Route): Promise<string | undefined> {
  const command: Command = ['route', '-n', 'get', ...wordsOf(route)]
  const answer = await machine.query(command, { exits: [0, 1] })
  if (answer.exit === 0) {
    const gateway = /^ *gateway: (\S+)$/m.exec(answer.stdout)?.[1]
    return route.destination === 'default' || gateway === route.gateway ? (gateway ?? '') : undefined
  }
  if (!/has not been found/.test(answer.stderr)) throw CommandFailed.exited(command, answer)
  return undefined
}

export const addRoute = (route: Route): RunStep => run('route', 'add', ...wordsOf(route), route.gateway)
export const deleteRoute = (route: Route): RunStep => run('route', 'delete', ...wordsOf(route), route.gateway)
