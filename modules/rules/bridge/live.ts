/** What of a host's interfaces is to be changed now, bridge by bridge. */
import type { RunStep } from '../../core/step.ts'
import type { Interface } from '../../freebsd/ifconfig.ts'
import {
  addAddress,
  addMember,
  bringUp,
  createBridge,
  createVlan,
  describeInterface,
  destroyDevice,
  disableIpv6,
  removeAddress,
  removeMember,
  renameInterface,
  setGroup,
  setMember,
  setMtu,
} from '../../freebsd/ifconfig-network.ts'
import { addRoute } from '../../freebsd/route.ts'
import { ISOLATED } from './isolation.ts'
import { type Devices, guestSteps, guestsOf, has, isStp, uplinksOf } from './members.ts'
import { type Move, movedAddresses, takeAway } from './moving.ts'
import type { Request } from './requests.ts'
import { leadsNowThrough, leadsThrough, type SeenRoute } from './routes.ts'

export interface BridgeState {
  exists: boolean
  uplinks?: string[]
  addresses?: string[]
  mtu?: number
  description?: string
  stp?: boolean
  /** Members that are instances' and may speak to each other. */
  unprotected?: string[]
}

/** Known again by it when the uplink is no longer wanted: interfaces of somebody else are left alone. */
export const vlanNote = (bridge: string) => `uplink of ${bridge}`

export const vlansOf = (bridge: string, devices: Devices): Interface[] =>
  [...devices.values()].filter(({ description }) => description === vlanNote(bridge))

export const unwantedUplinks = ({ uplinks }: Request, bridge: Interface | undefined, devices: Devices): string[] =>
  uplinksOf(bridge, devices).filter(member => !uplinks.some(({ name }) => name === member))

/** FreeBSD 15 and later, unless a sysctl says otherwise: a bridge's member must not have addresses. */
export interface Release {
  readonly refusesMemberAddresses: boolean
}

interface Circumstances extends Release {
  readonly unnamed: string | undefined
  readonly routes: readonly SeenRoute[]
}

/**
 * `unnamed`: what the boot has made for it and not yet called by its name. An address that moves is gone for as short as the
 * release allows: from FreeBSD 15 on until its interface is a member.
 */
export function liveSteps(
  request: Request,
  devices: Devices,
  { unnamed, routes, refusesMemberAddresses }: Circumstances,
): RunStep[] {
  const bridge = devices.get(request.name)
  const moved = movedAddresses(request, devices)
  const early = refusesMemberAddresses ? moved : []
  if (request.state === 'absent') return absentSteps(request, bridge, devices)
  return [
    ...(bridge === undefined
      ? [
          unnamed !== undefined && devices.has(unnamed)
            ? renameInterface(unnamed, request.name)
            : createBridge(request.name),
        ]
      : []),
    ...unwantedUplinks(request, bridge, devices).flatMap(name => dropUplink(request, name, devices)),
    ...uplinkSteps(request, bridge, { devices, refusesMemberAddresses, early, routes }),
    ...addressSteps(request, bridge, {
      moved: refusesMemberAddresses ? [] : moved,
      routes,
      missing: routes.filter(
        route => route.now === undefined || moved.some(([, address]) => leadsNowThrough(route, address)),
      ),
    }),
    ...appearanceSteps(request, bridge),
    ...(request.isolate
      ? guestsOf(bridge, devices, request).flatMap(guest => guestSteps(request, guest, bridge, devices))
      : []),
  ]
}

/** The MTU comes before `addm`: a member keeps its own, and the first one's is the bridge's (fact net-1). */
function uplinkSteps(
  { name: own, uplinks, stp, mtu, isolate }: Request,
  bridge: Interface | undefined,
  {
    devices,
    refusesMemberAddresses,
    early,
    routes,
  }: Release & {
    readonly devices: Devices
    readonly early: readonly Move[]
    readonly routes: readonly SeenRoute[]
  },
): RunStep[] {
  return uplinks.flatMap(({ name, vlan }) => {
    const device = devices.get(name)
    const isMember = bridge?.members.includes(name) ?? false
    const learns = !isMember || has(bridge, name, 'LEARNING')
    // A VLAN has at first what it is on.
    const size = device?.mtu ?? devices.get(vlan?.parent ?? '')?.mtu
    const leaving = early.filter(([from]) => from === name)
    const linked = refusesMemberAddresses && !isMember ? (device?.linkAddresses ?? []) : []
    return [
      ...(device === undefined && vlan !== undefined ? [createVlan(name, vlanNote(own))] : []),
      ...(mtu === undefined || isMember || size === mtu ? [] : [setMtu(name, mtu)]),
      ...(linked.length === 0 ? [] : [disableIpv6(name)]),
      ...linked.map(address => removeAddress(name, address.replace(/(\/|$)/, `%${name}$1`))),
      ...leaving.flatMap(move => takeAway(move, routes)),
      ...(isMember ? [] : [leaving.length === 0 ? addMember(own, name) : { ...addMember(own, name), setbacks: [1] }]),
      ...(learns !== isolate ? [] : [setMember(own, isolate ? '-learn' : 'learn', name)]),
      ...(stp === isStp(bridge, name) ? [] : [setMember(own, stp ? 'stp' : '-stp', name)]),
      ...(device?.isUp === false ? [bringUp(name)] : []),
    ]
  })
}

function addressSteps(
  { name, addresses }: Request,
  bridge: Interface | undefined,
  {
    moved,
    routes,
    missing,
  }: {
    readonly moved: readonly Move[]
    readonly routes: readonly SeenRoute[]
    readonly missing: readonly SeenRoute[]
  },
): RunStep[] {
  const present = bridge?.addresses ?? []
  if (addresses === undefined) return []
  return [
    ...present.filter(address => !addresses.includes(address)).map(address => removeAddress(name, address)),
    ...addresses.flatMap(address => [
      ...moved.filter(([, one]) => one === address).flatMap(move => takeAway(move, routes)),
      ...(present.includes(address) ? [] : [addAddress(name, address)]),
      ...missing.filter(route => leadsThrough(route, address)).map(addRoute),
    ]),
  ]
}

function appearanceSteps(
  { name, mtu, description, uplinks, isolate }: Request,
  bridge: Interface | undefined,
): RunStep[] {
  const takesFromUplink = uplinks.length > 0 && (bridge?.members ?? []).length === 0
  const now = bridge?.mtu ?? 1500
  return [
    ...(mtu === undefined || takesFromUplink || now === mtu ? [] : [setMtu(name, mtu)]),
    ...(description === undefined || bridge?.description === description ? [] : [describeInterface(name, description)]),
    ...((bridge?.groups.includes(ISOLATED) ?? false) === isolate ? [] : [setGroup(name, ISOLATED, isolate)]),
    ...(bridge?.isUp ? [] : [bringUp(name)]),
  ]
}

function dropUplink({ name }: Request, uplink: string, devices: Devices): RunStep[] {
  const isOurs = devices.get(uplink)?.description === vlanNote(name)
  return [removeMember(name, uplink), ...(isOurs ? [destroyDevice(uplink)] : [])]
}

/** A VLAN of ours that never became a member, or was left behind, goes too. */
function absentSteps({ name }: Request, bridge: Interface | undefined, devices: Devices): RunStep[] {
  return [
    ...(bridge === undefined ? [] : [destroyDevice(name)]),
    ...vlansOf(name, devices).map(vlan => destroyDevice(vlan.name)),
  ]
}

/** As a diff shows it: of what the task speaks of. */
export function stateOf(request: Request, devices: Devices): BridgeState {
  const { name, mtu, description, addresses, isolate } = request
  const bridge = devices.get(name)
  if (bridge === undefined) return { exists: false }
  const [uplinks, guests] = [uplinksOf(bridge, devices, request), guestsOf(bridge, devices, request)]
  return {
    exists: true,
    uplinks: [...uplinks].sort(),
    ...(addresses === undefined ? {} : { addresses: [...bridge.addresses].sort() }),
    ...(mtu === undefined ? {} : { mtu: bridge.mtu }),
    ...(description === undefined ? {} : { description: bridge.description ?? '' }),
    ...(uplinks.length === 0 ? {} : { stp: uplinks.every(uplink => isStp(bridge, uplink)) }),
    ...(isolate ? { unprotected: guests.filter(guest => !has(bridge, guest, 'PRIVATE')) } : {}),
  }
}

/** What it will be when `liveSteps` are done. */
export function stateAfter({ state, uplinks, addresses, mtu, description, stp, isolate }: Request): BridgeState {
  if (state === 'absent') return { exists: false }
  return {
    exists: true,
    uplinks: uplinks.map(({ name }) => name).sort(),
    ...(addresses === undefined ? {} : { addresses: [...addresses].sort() }),
    ...(mtu === undefined ? {} : { mtu }),
    ...(description === undefined ? {} : { description }),
    ...(uplinks.length === 0 ? {} : { stp }),
    ...(isolate ? { unprotected: [] } : {}),
  }
}
