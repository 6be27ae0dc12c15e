/** What becoming a member of a bridge does to an interface that has an address. */
import { splitVlan } from '../../../freebsd/ifconfig-network.ts'
import { type Variables, variableOf } from '../boot.ts'
import { movedAddresses } from '../moving.ts'
import type { Request } from '../requests.ts'
import { ALLOW, type Surroundings } from './bridge.ts'

export function uplinkChanges(request: Request, name: string, seen: Surroundings): string[] {
  const { devices, variables, refusesMemberAddresses } = seen
  const device = devices.get(name)
  const other = [...devices.values()].find(one => one.name !== request.name && one.members.includes(name))
  if (other !== undefined) return [`${name} is on the bridge ${other.name}. Take it from there first.`]
  const isMember = devices.get(request.name)?.members.includes(name) ?? false
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
