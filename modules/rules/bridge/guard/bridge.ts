/**
 * What must not happen to a host that is reached over the network: whoever has an address may be in use by the connection
 * that asks for the change, so what interrupts one is refused unless the task says that it is meant.
 */
import { isIP } from 'node:net'
import { isInNetwork, withoutPrefix } from '../../freebsd/addresses.ts'
import { type Device, splitVlan } from '../../freebsd/ifconfig-network.ts'
import { type Variables, variableOf } from './boot.ts'
import { type Devices, guestsOf, movedAddresses, unwantedUplinks, uplinksOf } from './live.ts'
import type { Request } from './requests.ts'

export interface Surroundings {
  readonly devices: Devices
  readonly variables: Variables
  /** FreeBSD 15 and later, unless a sysctl says otherwise: a bridge's member must not have addresses. */
  readonly refusesMemberAddresses: boolean
  /** IPv6 is not forwarded yet, and shall be. */
  readonly becomesRouter: boolean
}

const ALLOW = 'give `allow_uplink_change: true`'

/** Reasons not to do it. */
export function objections(request: Request, seen: Surroundings): string[] {
  const { name } = request
  const bridge = seen.devices.get(name)
  const said = [
    ...(bridge === undefined || bridge.groups.includes('bridge')
      ? []
      : ['it is there, and is no bridge. Choose another name.']),
    ...(request.state === 'absent' ? losses(request, bridge, seen.devices) : changes(request, bridge, seen)),
  ]
  return said.map(why => `${name}: ${why}`)
}

/** What an earlier task would have made. */
export function missing({ name, state, uplinks, nat }: Request, devices: Devices): string[] {
  if (state === 'absent') return []
  const needed = [
    ...uplinks.map(uplink => uplink.vlan?.parent ?? uplink.name),
    ...(nat === undefined ? [] : [nat.interface]),
  ]
  return [...new Set(needed)]
    .filter(each => !devices.has(each))
    .map(
      each =>
        `${name}: there is no interface ${each}. There are: ${[...devices.keys()].filter(one => !/^(lo|epair)/.test(one)).join(', ')}.`,
    )
}

function losses({ allowsUplinkChange }: Request, bridge: Device | undefined, devices: Devices): string[] {
  const guests = guestsOf(bridge, devices).map(guest => guest.name)
  if (guests.length > 0)
    return [`it still has ${guests.join(', ')} on it. Stop what uses it first: instance_jail with \`state: stopped\`.`]
  const isUsed = uplinksOf(bridge, devices).length > 0 && (bridge?.addresses ?? []).length > 0
  if (!isUsed || allowsUplinkChange) return []
  return [
    `it has an uplink and the address ${bridge?.addresses.join(', ')}, by which this host may be reached. To destroy it all the same, ${ALLOW}.`,
  ]
}

function changes(request: Request, bridge: Device | undefined, seen: Surroundings): string[] {
  const { devices } = seen
  const { addresses, uplinks, allowsUplinkChange: allowed } = request
  const dropped = unwantedUplinks(request, bridge, devices)
  const removed = addresses === undefined ? [] : (bridge?.addresses ?? []).filter(one => !addresses.includes(one))
  const hasUplink = uplinksOf(bridge, devices).length > 0
  return [
    ...(dropped.length === 0 || allowed
      ? []
      : [
          `${dropped.join(', ')} would leave it, and with it whatever is reached that way. If it shall stay, name it in \`uplinks\`; else ${ALLOW}.`,
        ]),
    ...(removed.length === 0 || !hasUplink || allowed
      ? []
      : [
          `it would lose ${removed.join(', ')}, by which this host may be reached. Name it in \`addresses\`, or ${ALLOW}.`,
        ]),
    ...(addresses ?? []).flatMap(address => elsewhere(request, address, devices)),
    ...uplinks.flatMap(({ name }) => uplinkChanges(request, name, seen)),
    ...routerChanges(request, seen),
  ]
}

function elsewhere({ name, uplinks }: Request, address: string, devices: Devices): string[] {
  const owner = [...devices.values()].find(
    device => device.name !== name && device.addresses.some(one => withoutPrefix(one) === withoutPrefix(address)),
  )
  if (owner === undefined) return []
  if (!uplinks.some(uplink => uplink.name === owner.name))
    return [`${withoutPrefix(address)} is an address of ${owner.name}. Take it from there first, or give another one.`]
  return owner.addresses.includes(address)
    ? []
    : [`${address} is on ${owner.name} with another prefix length. Give it as it is there.`]
}

function uplinkChanges(request: Request, name: string, seen: Surroundings): string[] {
  const { devices, variables, refusesMemberAddresses } = seen
  const device = devices.get(name)
  const other = [...devices.values()].find(
    one => one.name !== request.name && one.members.some(member => member.name === name),
  )
  if (other !== undefined) return [`${name} is on the bridge ${other.name}. Take it from there first.`]
  const isMember = devices.get(request.name)?.members.some(member => member.name === name) ?? false
  if (device === undefined || device.addresses.length === 0) return []
  const isNewSize = request.mtu !== undefined && request.mtu !== device.mtu
  if (isMember && !isNewSize && movedAddresses(request, devices).length === 0) return []
  const given = device.addresses.join(', ')
  if (!request.allowsUplinkChange) {
    const vlan =
      splitVlan(name) === undefined
        ? ' Use a VLAN on it, as in `{interface: …, vlan: 100}`, or to go on,'
        : ' To go on,'
    return [
      `${name} has the address ${given}, by which this host may be reached, and making it a member of a bridge interrupts that.${vlan} give its address in \`addresses\`, so that it becomes the bridge's, and ${ALLOW}.`,
    ]
  }
  const left = device.addresses.filter(address => !(request.addresses ?? []).includes(address))
  if (left.length > 0 && refusesMemberAddresses)
    return [
      `${name} has the address ${left.join(', ')}, and on this release a member of a bridge must have none. Give it in \`addresses\`: it becomes the bridge's.`,
    ]
  return routeProblems(request, name, variables)
}

/** What a boot must find changed as well, and we cannot change. */
function routeProblems({ addresses = [] }: Request, name: string, variables: Variables): string[] {
  const settings = variables.get(variableOf(name)) ?? ''
  const scoped = variables.get('ipv6_defaultrouter')?.endsWith(`%${name}`)
  return [
    ...(addresses.length > 0 && /\b(SYNC)?DHCP\b/i.test(settings)
      ? [
          `${name} gets its addresses by DHCP (${variableOf(name)} in rc.conf), which a member of a bridge cannot. Give it fixed ones first.`,
        ]
      : []),
    ...(scoped ? [`ipv6_defaultrouter in rc.conf leads through ${name}. Let it lead through the bridge first.`] : []),
  ]
}

/** Routers do not listen to routers (net.inet6.ip6.forwarding in inet6(4)): the host may lose its own default route. */
function routerChanges({ forwards, addresses = [], allowsUplinkChange }: Request, seen: Surroundings): string[] {
  if (!forwards || !seen.becomesRouter || !addresses.some(one => one.includes(':')) || allowsUplinkChange) return []
  const listening = [...seen.devices.values()].filter(({ acceptsRoutes }) => acceptsRoutes).map(({ name }) => name)
  if (listening.length === 0) return []
  return [
    `to forward IPv6, this host becomes a router, and ${listening.join(', ')} no longer learns its default route from others. Set ipv6_defaultrouter in rc.conf, and ${ALLOW}.`,
  ]
}

/** The default route of rc.conf that leads through a network of one of these bridges. */
export function defaultRouter(requests: readonly Request[], variables: Variables): string | undefined {
  const router = variables.get('defaultrouter') ?? ''
  if (isIP(router) !== 4) return undefined
  const isThere = requests.some(
    ({ state, uplinks, addresses = [] }) =>
      state === 'present' && uplinks.length > 0 && addresses.some(address => isInNetwork(router, address)),
  )
  return isThere ? router : undefined
}
