/**
 * Frames with the tag of a VLAN on a bridge whose uplink is the interface that the VLANs are on: if_bridge(4) carries them
 * like others (ether_input_internal of sys/net/if_ethersubr.c takes the tag off, bridge_enqueue puts it on again).
 */
import { type Variables, variableOf } from '../boot.ts'
import type { Devices } from '../members.ts'
import type { Request, Uplink } from '../requests.ts'

interface Seen {
  readonly devices: Devices
  readonly variables: Variables
}

/** Those that are there, and those that a boot makes. */
function vlansOn(name: string, { devices, variables }: Seen): string[] {
  const live = [...devices.values()].filter(({ parent }) => parent === name).map(vlan => vlan.name)
  const booted = (variables.get(variableOf(name).replace(/^ifconfig_/, 'vlans_')) ?? '')
    .split(/\s+/)
    .filter(word => word !== '')
    .map(word => (/^\d+$/.test(word) ? `${name}.${word}` : word))
  return [...new Set([...live, ...booted])].sort()
}

/** What has no tag is VLAN 1 to if_bridge, so that this one passes where others are dropped (isolation.ts). */
export function tagObjections({ isolate }: Request, { name, vlan }: Uplink, seen: Seen): string[] {
  if (!isolate || vlan !== undefined || !vlansOn(name, seen).includes(`${name}.1`)) return []
  return [
    `${name} has VLAN 1 on it, ${name}.1, into which an instance could send by putting that tag on its frames. Give the bridge a VLAN of its own, as in \`{interface: ${name}, vlan: 100}\`, give VLAN 1 another number, or \`isolate: false\`.`,
  ]
}

export function tagWarnings(request: Request, seen: Seen): string[] {
  return request.uplinks.flatMap(({ name, vlan }) => {
    const vlans = vlan === undefined ? vlansOn(name, seen) : []
    if (request.state === 'absent' || vlans.length === 0) return []
    const whatHappens = request.isolate
      ? 'what is broadcast in them reaches instances on this bridge, which cannot send into them'
      : 'instances on this bridge can send into them, and hear what is broadcast there'
    return [
      `${request.name}: its uplink ${name} carries ${vlans.join(', ')} too: ${whatHappens}. A VLAN of its own as uplink keeps them apart.`,
    ]
  })
}
