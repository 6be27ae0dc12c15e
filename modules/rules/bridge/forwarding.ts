/**
 * What may go through the host. Forwarding is one setting for all of its interfaces (net.inet.ip.forwarding), so where one
 * bridge has it, an instance of any other could reach whatever the host reaches, and its neighbour by way of the host: a
 * frame to the bridge's own link address is all it takes. On a bridge's interface pf sees just what is to, from or through
 * the host (isolation.ts), and replies to what was translated match a state before any rule is asked.
 */
import { networkOf, withoutPrefix } from '../../freebsd/addresses.ts'
import type { Interface } from '../../freebsd/ifconfig.ts'
import { type Devices, uplinksOf } from './members.ts'
import type { Request } from './requests.ts'

/** All that a router passes on: neither multicast and broadcast nor what is good for one link (RFC 6890, RFC 4291). */
const FORWARDED = ['0.0.0.0/1', '128.0.0.0/2', '192.0.0.0/3', '64:ff9b::/32', '2000::/3', 'fc00::/7']

/** Whose addresses are asked for in pf's rules; where the task does not say, those that it has. */
export const ownAddresses = ({ name, addresses }: Request, devices: Devices): readonly string[] =>
  addresses ?? devices.get(name)?.addresses ?? []

/** Bridges that nothing but the host leads out of. */
const isPrivate = (bridge: Interface, devices: Devices) =>
  bridge.groups.includes('bridge') && uplinksOf(bridge, devices).length === 0

/** The networks of all private bridges, of this task and of others. */
export const privateNetworks = (requests: readonly Request[], devices: Devices): string[] => {
  const others = [...devices.values()].filter(
    device => isPrivate(device, devices) && !requests.some(({ name }) => name === device.name),
  )
  const addresses = [
    ...requests
      .filter(({ state, uplinks }) => state === 'present' && uplinks.length === 0)
      .flatMap(request => ownAddresses(request, devices)),
    ...others.flatMap(device => device.addresses),
  ]
  return [...new Set(addresses.map(networkOf))].sort()
}

export const PRIVATE_NETWORKS = 'private_networks'

/** `self` is all that the host has when they are loaded (pf.conf(5), TABLES). */
export const networksTable = (networks: readonly string[]): string =>
  `table <${PRIVATE_NETWORKS}> const { ${[...networks, '! self'].join(', ')} }`

/** Addresses that somebody else gives the host, who may give others: rules that name them would cut it off one day. */
const hasLoanedAddresses = ({ name, uplinks, addresses }: Request, devices: Devices): boolean =>
  uplinks.length > 0 && addresses === undefined && (devices.get(name)?.addresses ?? []).length > 0

export const forwardingWarnings = (request: Request, devices: Devices): string[] =>
  request.state === 'present' && request.isBounded && !request.forwards && hasLoanedAddresses(request, devices)
    ? [
        `${request.name}: it has an uplink, and \`addresses\` does not say which are the host's on it, so nothing keeps its instances from what this host forwards to. Give them.`,
      ]
    : []

/** Of one bridge. */
export function forwardingRules(request: Request, devices: Devices): string[] {
  const { name, forwards, isolate, isBounded, uplinks } = request
  if (!isBounded) return []
  const own = ownAddresses(request, devices).map(address => `! ${withoutPrefix(address)}`)
  if (!forwards && hasLoanedAddresses(request, devices)) return []
  if (!forwards) {
    const table = `beyond_${name}`
    return [
      // 0.0.0.0 is who has no address yet.
      `table <${table}> const { ${[...FORWARDED, '! 0.0.0.0', '! self', ...own].join(', ')} }`,
      ...between(name, table),
    ]
  }
  if (!isolate) return []
  const near = uplinks.length === 0 ? [] : ownAddresses(request, devices).map(networkOf)
  const table = `near_${name}`
  return [
    ...between(name, PRIVATE_NETWORKS),
    ...(near.length === 0
      ? []
      : [
          `table <${table}> const { ${[...near, '! self', ...own].join(', ')} }`,
          `block drop in quick on ${name} from any to <${table}>`,
        ]),
  ]
}

const between = (name: string, table: string): string[] => [
  `block drop in quick on ${name} from any to <${table}>`,
  `block drop out quick on ${name} from <${table}> to any`,
]
