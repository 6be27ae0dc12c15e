/**
 * Routes of rc.conf(5) that lead through a bridge with an uplink: they go with the address of the network they lead
 * through, and must be there again as soon as that is on the bridge.
 */
import { isIP } from 'node:net'
import { canonical, isInNetwork, networkOf } from '../../freebsd/addresses.ts'
import type { Route } from '../../freebsd/route.ts'
import type { Variables } from './boot.ts'
import type { Request } from './requests.ts'

export interface SeenRoute extends Route {
  /** Where it leads to at present; undefined where it is missing. */
  readonly now: string | undefined
}

export const leadsThrough = ({ gateway }: Route, address: string): boolean => isInNetwork(gateway, networkOf(address))

/** A link in place of a gateway, or a gateway's address on its link, is in no network. */
export const leadsNowThrough = ({ now = '' }: SeenRoute, address: string): boolean =>
  isIP(now) !== 0 && !now.includes('%') && isInNetwork(now, networkOf(address))

export function routesThrough(requests: readonly Request[], variables: Variables): Route[] {
  return routesIn(variables).filter(route =>
    requests.some(
      ({ state, uplinks, addresses = [] }) =>
        state === 'present' && uplinks.length > 0 && addresses.some(address => leadsThrough(route, address)),
    ),
  )
}

function routesIn(variables: Variables): Route[] {
  const names = (variable: string) => (variables.get(variable) ?? '').split(/\s+/).filter(name => name !== '')
  return [
    ...toDefault('inet', variables.get('defaultrouter')),
    ...toDefault('inet6', variables.get('ipv6_defaultrouter')),
    // `NAME:INTERFACE` is for that interface alone (rc.d/routing).
    ...names('static_routes').flatMap(name => further('inet', variables.get(`route_${name.split(':', 1)[0]}`))),
    ...names('ipv6_static_routes').flatMap(name =>
      further('inet6', variables.get(`ipv6_route_${name.split(':', 1)[0]}`)),
    ),
  ]
}

const VERSION = { inet: 4, inet6: 6 } as const

const toDefault = (family: Route['family'], gateway = ''): Route[] =>
  isIP(gateway) === VERSION[family]
    ? [{ family, destination: 'default', kind: undefined, gateway: canonical(gateway) }]
    : []

/** `-net 10.9.0.0/16 10.0.2.254`: what has more words than that is left alone. */
function further(family: Route['family'], words = ''): Route[] {
  const [, kind, destination, gateway] =
    /^(?:-inet6? +)?(?:(-net|-host) +)?([0-9a-fA-F.:]+(?:\/\d+)?) +(?:-gateway +)?([0-9a-fA-F.:]+)$/.exec(
      words.trim(),
    ) ?? []
  if (destination === undefined || gateway === undefined || isIP(gateway) !== VERSION[family]) return []
  return [{ family, destination, kind, gateway: canonical(gateway) }]
}
