/**
 * What must not happen to a host that is reached over the network: whoever has an address may be in use by the connection
 * that asks for the change, so what interrupts one is refused unless the task says that it is meant.
 */
import { withoutPrefix } from '../../../freebsd/addresses.ts'
import type { Interface } from '../../../freebsd/ifconfig.ts'
import type { Variables } from '../boot.ts'
import { unwantedUplinks, vlansOf } from '../live.ts'
import { type Devices, guestsOf, isStp, uplinksOf } from '../members.ts'
import type { Request } from '../requests.ts'
import { sshRedirects } from './ssh.ts'
import { tagObjections } from './tags.ts'
import { uplinkChanges } from './uplinks.ts'

export interface Surroundings {
  readonly devices: Devices
  readonly variables: Variables
  /** FreeBSD 15 and later, unless a sysctl says otherwise: a bridge's member must not have addresses. */
  readonly refusesMemberAddresses: boolean
  /** IPv6 is not forwarded yet, and shall be. */
  readonly becomesRouter: boolean
  /** Where sshd listens. */
  readonly sshPorts: readonly number[]
}

export const ALLOW = 'give `allow_uplink_change: true`'

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

function losses({ name, allowsUplinkChange }: Request, bridge: Interface | undefined, devices: Devices): string[] {
  const guests = guestsOf(bridge, devices)
  if (guests.length > 0)
    return [`it still has ${guests.join(', ')} on it. Stop what uses it first: instance_jail with \`state: stopped\`.`]
  if (allowsUplinkChange) return []
  const isUsed = uplinksOf(bridge, devices).length > 0 && (bridge?.addresses ?? []).length > 0
  return [
    ...(isUsed
      ? [
          `it has an uplink and the address ${bridge?.addresses.join(', ')}, by which this host may be reached. To destroy it all the same, ${ALLOW}.`,
        ]
      : []),
    ...vlansOf(name, devices)
      .filter(({ addresses }) => addresses.length > 0)
      .map(
        vlan =>
          `${vlan.name}, which was made for it and goes with it, has the address ${vlan.addresses.join(', ')}, by which this host may be reached. To destroy it all the same, ${ALLOW}.`,
      ),
  ]
}

function changes(request: Request, bridge: Interface | undefined, seen: Surroundings): string[] {
  const { devices } = seen
  const { addresses, uplinks, allowsUplinkChange: allowed } = request
  const dropped = unwantedUplinks(request, bridge, devices)
  const removed = addresses === undefined ? [] : (bridge?.addresses ?? []).filter(one => !addresses.includes(one))
  const hasUplink = uplinksOf(bridge, devices, request).length > 0
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
    ...(hasUplink && (bridge?.addresses ?? []).length > 0 && !allowed ? interruptions(request, bridge) : []),
    ...(addresses ?? []).flatMap(address => elsewhere(request, address, devices)),
    ...uplinks.flatMap(({ name }) => uplinkChanges(request, name, seen)),
    ...uplinks.flatMap(uplink => tagObjections(request, uplink, seen)),
    ...sshRedirects(request, seen),
    ...routerChanges(request, seen),
  ]
}

/** What makes a network card start anew, or a port of spanning tree listen for half a minute (802.1D, forward delay). */
function interruptions({ mtu, stp, uplinks }: Request, bridge: Interface | undefined): string[] {
  const given = bridge?.addresses.join(', ')
  const reached = `its address ${given}, by which this host may be reached`
  const isNewSize = mtu !== undefined && mtu !== bridge?.mtu
  const changed = uplinks.filter(({ name }) => bridge?.members.includes(name) && isStp(bridge, name) !== stp)
  return [
    ...(isNewSize ? [`an MTU of ${mtu} for it and its uplinks interrupts ${reached}. To go on, ${ALLOW}.`] : []),
    ...(changed.length === 0
      ? []
      : [`\`stp: ${stp}\` interrupts ${reached}, for as long as spanning tree takes. To go on, ${ALLOW}.`]),
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

/** Routers do not listen to routers (net.inet6.ip6.forwarding in inet6(4)): the host may lose its own default route. */
function routerChanges({ forwards, addresses = [], allowsUplinkChange }: Request, seen: Surroundings): string[] {
  if (!forwards || !seen.becomesRouter || !addresses.some(one => one.includes(':')) || allowsUplinkChange) return []
  const listening = [...seen.devices.values()].filter(({ acceptsRoutes }) => acceptsRoutes).map(({ name }) => name)
  if (listening.length === 0) return []
  return [
    `to forward IPv6, this host becomes a router, and ${listening.join(', ')} no longer learns its default route from others. Set ipv6_defaultrouter in rc.conf, and ${ALLOW}.`,
  ]
}
