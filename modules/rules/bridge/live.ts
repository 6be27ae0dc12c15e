/** What of a host's interfaces is to be changed now, bridge by bridge. */
import type { RunStep } from '../../core/step.ts'
import {
  addAddress,
  addMember,
  bringUp,
  createBridge,
  createVlan,
  type Device,
  describeInterface,
  destroyDevice,
  type Member,
  removeAddress,
  removeMember,
  renameInterface,
  setMember,
  setMtu,
} from '../../freebsd/ifconfig-network.ts'
import type { Request } from './requests.ts'

export type Devices = ReadonlyMap<string, Device>

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

/** What hangs on a bridge on behalf of something that runs on the host (epair(4), tap(4) with bhyve(8)). */
const GUESTS = ['epair', 'tap', 'vm-port', 'vmnet']

const isGuest = (name: string, devices: Devices) =>
  devices.get(name)?.groups.some(group => GUESTS.includes(group)) ?? false

export const guestsOf = (bridge: Device | undefined, devices: Devices): Member[] =>
  (bridge?.members ?? []).filter(({ name }) => isGuest(name, devices))

export const uplinksOf = (bridge: Device | undefined, devices: Devices): Member[] =>
  (bridge?.members ?? []).filter(({ name }) => !isGuest(name, devices))

type Move = readonly [uplink: string, address: string]

/** Addresses of uplinks that the task gives to the bridge. */
export function movedAddresses({ uplinks, addresses = [] }: Request, devices: Devices): Move[] {
  return uplinks.flatMap(({ name }) =>
    (devices.get(name)?.addresses ?? []).flatMap(address =>
      addresses.includes(address) ? [[name, address] as const] : [],
    ),
  )
}

export const unwantedUplinks = ({ uplinks }: Request, bridge: Device | undefined, devices: Devices): string[] =>
  uplinksOf(bridge, devices)
    .map(({ name }) => name)
    .filter(member => !uplinks.some(({ name }) => name === member))

/**
 * `unnamed`: what the boot has made for it and not yet called by its name. An address that moves is gone for as short as the
 * release allows: from FreeBSD 15 on until its interface is a member.
 */
export function liveSteps(
  request: Request,
  devices: Devices,
  { unnamed, refusesMemberAddresses }: { readonly unnamed: string; readonly refusesMemberAddresses: boolean },
): RunStep[] {
  const bridge = devices.get(request.name)
  const moved = movedAddresses(request, devices)
  const early = refusesMemberAddresses ? moved : []
  if (request.state === 'absent') return absentSteps(request, bridge, devices)
  return [
    ...(bridge === undefined
      ? [devices.has(unnamed) ? renameInterface(unnamed, request.name) : createBridge(request.name)]
      : []),
    ...unwantedUplinks(request, bridge, devices).flatMap(name => dropUplink(request, name, devices)),
    ...uplinkSteps(request, bridge, { devices, early }),
    ...addressSteps(request, bridge, refusesMemberAddresses ? [] : moved),
    ...appearanceSteps(request, bridge),
    ...(request.isolate ? guestsOf(bridge, devices) : [])
      .filter(({ flags }) => !flags.includes('PRIVATE'))
      .map(({ name }) => setMember(request.name, 'private', name)),
  ]
}

/** The MTU comes before `addm`: a member keeps its own, and the first one's is the bridge's (fact net-1). */
function uplinkSteps(
  { name: own, uplinks, stp, mtu }: Request,
  bridge: Device | undefined,
  { devices, early }: { readonly devices: Devices; readonly early: readonly Move[] },
): RunStep[] {
  return uplinks.flatMap(({ name, vlan }) => {
    const device = devices.get(name)
    const member = bridge?.members.find(one => one.name === name)
    // A VLAN has at first what it is on.
    const size = device?.mtu ?? devices.get(vlan?.parent ?? '')?.mtu
    const isStp = member?.flags.includes('STP') ?? false
    return [
      ...(device === undefined && vlan !== undefined ? [createVlan(name, vlanNote(own))] : []),
      ...(mtu === undefined || member !== undefined || size === mtu ? [] : [setMtu(name, mtu)]),
      ...early.filter(([from]) => from === name).map(([, address]) => removeAddress(name, address)),
      ...(member === undefined ? [addMember(own, name)] : []),
      ...(stp === isStp ? [] : [setMember(own, stp ? 'stp' : '-stp', name)]),
      ...(device?.isUp === false ? [bringUp(name)] : []),
    ]
  })
}

function addressSteps({ name, addresses }: Request, bridge: Device | undefined, moved: readonly Move[]): RunStep[] {
  const present = bridge?.addresses ?? []
  if (addresses === undefined) return []
  return [
    ...present.filter(address => !addresses.includes(address)).map(address => removeAddress(name, address)),
    ...addresses.flatMap(address => [
      ...moved.filter(([, one]) => one === address).map(([from]) => removeAddress(from, address)),
      ...(present.includes(address) ? [] : [addAddress(name, address)]),
    ]),
  ]
}

function appearanceSteps({ name, mtu, description, uplinks }: Request, bridge: Device | undefined): RunStep[] {
  const takesFromUplink = uplinks.length > 0 && (bridge?.members ?? []).length === 0
  const now = bridge?.mtu ?? 1500
  return [
    ...(mtu === undefined || takesFromUplink || now === mtu ? [] : [setMtu(name, mtu)]),
    ...(description === undefined || bridge?.description === description ? [] : [describeInterface(name, description)]),
    ...(bridge?.isUp ? [] : [bringUp(name)]),
  ]
}

function dropUplink({ name }: Request, uplink: string, devices: Devices): RunStep[] {
  const isOurs = devices.get(uplink)?.description === vlanNote(name)
  return [removeMember(name, uplink), ...(isOurs ? [destroyDevice(uplink)] : [])]
}

/** A VLAN of ours that never became a member, or was left behind, goes too. */
function absentSteps({ name }: Request, bridge: Device | undefined, devices: Devices): RunStep[] {
  const vlans = [...devices.values()].filter(({ description }) => description === vlanNote(name))
  return [...(bridge === undefined ? [] : [destroyDevice(name)]), ...vlans.map(vlan => destroyDevice(vlan.name))]
}

/** As a diff shows it: of what the task speaks of. */
export function stateOf(request: Request, devices: Devices): BridgeState {
  const { name, mtu, description, addresses, isolate } = request
  const bridge = devices.get(name)
  if (bridge === undefined) return { exists: false }
  const uplinks = uplinksOf(bridge, devices)
  return {
    exists: true,
    uplinks: uplinks.map(one => one.name).sort(),
    ...(addresses === undefined ? {} : { addresses: [...bridge.addresses].sort() }),
    ...(mtu === undefined ? {} : { mtu: bridge.mtu }),
    ...(description === undefined ? {} : { description: bridge.description ?? '' }),
    ...(uplinks.length === 0 ? {} : { stp: uplinks.every(({ flags }) => flags.includes('STP')) }),
    ...(isolate ? { unprotected: unprotected(bridge, devices) } : {}),
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

const unprotected = (bridge: Device, devices: Devices): string[] =>
  guestsOf(bridge, devices)
    .filter(({ flags }) => !flags.includes('PRIVATE'))
    .map(({ name }) => name)
