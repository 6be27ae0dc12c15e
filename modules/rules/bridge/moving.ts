/** Addresses that become the bridge's, off an uplink of it, with the routes that go and come with them. */
import type { Done } from '../../core/perform.ts'
import { describeStep, type RunStep } from '../../core/step.ts'
import { addAddress, removeAddress } from '../../freebsd/ifconfig-network.ts'
import { addRoute, deleteRoute } from '../../freebsd/route.ts'
import type { Devices } from './members.ts'
import type { Request } from './requests.ts'
import { leadsNowThrough, leadsThrough, type SeenRoute } from './routes.ts'

export type Move = readonly [uplink: string, address: string]

export function movedAddresses({ uplinks, addresses = [] }: Request, devices: Devices): Move[] {
  return uplinks.flatMap(({ name }) =>
    (devices.get(name)?.addresses ?? []).flatMap(address =>
      addresses.includes(address) ? [[name, address] as const] : [],
    ),
  )
}

/** A route stays where it is when its network moves, and would lead out of the uplink still. */
export const takeAway = ([from, address]: Move, routes: readonly SeenRoute[]): RunStep[] => [
  ...routes
    .filter(route => leadsNowThrough(route, address))
    .map(route => deleteRoute({ ...route, gateway: route.now ?? route.gateway })),
  removeAddress(from, address),
]

/**
 * The way back, where an address had to go before its interface could be a member and then that failed: from FreeBSD 15
 * on, a member has none.
 */
export function wayBack(
  request: Request,
  devices: Devices,
  routes: readonly SeenRoute[],
  done: readonly Done[],
): { readonly steps: RunStep[]; readonly failures: string[] } | undefined {
  const has = (step: RunStep) => done.some(one => describeStep(one.step) === describeStep(step))
  const refused = request.uplinks.flatMap(({ name }) =>
    done.flatMap(({ step, setback }) =>
      setback !== undefined && describeStep(step) === `ifconfig ${request.name} addm ${name}`
        ? [{ name, said: setback.stderr.trim() }]
        : [],
    ),
  )
  if (refused.length === 0) return undefined
  const there = [...devices.values()].flatMap(({ addresses }) => addresses)
  const lost = refused.flatMap(({ name }) =>
    (request.addresses ?? [])
      .filter(address => has(removeAddress(name, address)) && !there.includes(address))
      .map(address => [name, address] as const),
  )
  return {
    steps: lost.flatMap(([name, address]) => [
      addAddress(name, address),
      ...routes.filter(route => route.now === undefined && leadsThrough(route, address)).map(addRoute),
    ]),
    failures: refused.map(
      ({ name, said }) =>
        `${request.name}: ${name} could not be made a member (${said}), and has got its addresses back. See what it is and what it has: ifconfig ${name}`,
    ),
  }
}
