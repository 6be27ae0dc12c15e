/** What a vnet_bridge task asks for, one request a bridge, with everything that can be wrong with the words alone. */
import { isIP } from 'node:net'
import { InvalidOptions } from '../../core/errors.ts'
import { canonical, familyOf, isInNetwork, networkOf, readAddress, withoutPrefix } from '../../freebsd/addresses.ts'
import { splitVlan } from '../../freebsd/ifconfig-network.ts'
import { oneOrList, withoutUndefined } from '../listed.ts'

export interface UplinkOptions {
  readonly interface: string
  readonly vlan?: number | undefined
}

export interface NatOptions {
  readonly interface: string
  readonly address?: string | undefined
  readonly address6?: string | undefined
}

export interface RedirectOptions {
  readonly port: number
  readonly to: string
  readonly to_port?: number | undefined
  readonly protocol?: 'tcp' | 'udp' | undefined
  readonly interface?: string | undefined
  readonly address?: string | undefined
}

export interface BridgeOptions {
  readonly state?: 'present' | 'absent' | undefined
  readonly uplinks?: readonly UplinkOptions[] | undefined
  readonly addresses?: readonly string[] | undefined
  readonly mtu?: number | undefined
  readonly description?: string | undefined
  readonly stp?: boolean | undefined
  readonly nat?: NatOptions | undefined
  readonly redirects?: readonly RedirectOptions[] | undefined
  readonly forward?: boolean | undefined
  readonly isolate?: boolean | undefined
  readonly allow_uplink_change?: boolean | undefined
}

export interface TaskOptions extends BridgeOptions {
  readonly name?: string | undefined
  readonly bridges?: readonly ({ readonly name: string } & BridgeOptions)[] | undefined
}

export interface Uplink {
  readonly name: string
  /** Of a VLAN. */
  readonly vlan: { readonly parent: string; readonly tag: number } | undefined
}

export interface Redirect {
  readonly interface: string
  readonly protocol: 'tcp' | 'udp'
  /** Of this host; undefined for any of the interface's. */
  readonly address: string | undefined
  readonly port: number
  readonly to: string
  readonly toPort: number
}

export interface Request {
  readonly name: string
  readonly state: 'present' | 'absent'
  readonly uplinks: readonly Uplink[]
  /** Undefined: they are left as they are. */
  readonly addresses: readonly string[] | undefined
  readonly mtu: number | undefined
  readonly description: string | undefined
  readonly stp: boolean
  readonly nat: NatOptions | undefined
  readonly redirects: readonly Redirect[]
  readonly forwards: boolean
  /** pf keeps what it does not forward, or its neighbours, from going through the host. */
  readonly isBounded: boolean
  readonly isolate: boolean
  readonly allowsUplinkChange: boolean
}

/** Of if.h, IFNAMSIZ. In rc.conf(5) `.` and `-` both become `_`, so a bridge's name has neither (network.subr, get_if_var). */
const BRIDGE_NAME = /^[a-z][a-z0-9_]{0,14}$/
const INTERFACE_NAME = /^[a-z][a-z0-9_.]{0,14}$/

export function requestsOf({ name, bridges, ...common }: TaskOptions): Request[] {
  const given = oneOrList('bridge', 'name', name, bridges)
  const requests = given.map(own => requestOf(own.name, { ...common, ...withoutUndefined(own) }))
  refuseShared(requests)
  return requests
}

function requestOf(name: string, options: BridgeOptions): Request {
  const refuse = (why: string): never => {
    throw new InvalidOptions(`${name}: ${why}`)
  }
  if (!BRIDGE_NAME.test(name) || /^(epair|vlan|lo|tap|tun)\d*$/.test(name))
    refuse("cannot be a bridge's name: it has up to 15 characters of a to z, 0 to 9 and _, like hosting0")
  const { nat, description, mtu, stp = false, isolate = true } = options
  const addresses = options.addresses?.map(
    text => readAddress(text) ?? refuse(`'${text}' is not an address with its prefix length, like 10.66.0.1/24`),
  )
  if (description !== undefined && !/^[\w.,:;+@()/-]+( [\w.,:;+@()/-]+)*$/.test(description))
    refuse('`description` is words of letters, digits and .,:;+@()/-_ since rc(8) would evaluate others')
  if (nat !== undefined) checkNat(nat, addresses ?? [], refuse)
  const leadsOut = nat !== undefined || (options.redirects ?? []).length > 0
  if (options.forward === false && leadsOut) refuse('`forward: false` keeps `nat` and `redirects` from working')
  return {
    name,
    state: options.state ?? 'present',
    uplinks: (options.uplinks ?? []).map(uplink => uplinkOf(uplink, name, refuse)),
    addresses,
    mtu,
    description,
    stp,
    nat,
    redirects: (options.redirects ?? []).map(one => redirectOf(one, nat, addresses ?? [], refuse)),
    forwards: options.forward ?? leadsOut,
    isBounded: isolate || options.forward === false,
    isolate,
    allowsUplinkChange: options.allow_uplink_change ?? false,
  }
}

type Refuse = (why: string) => never

function uplinkOf({ interface: given, vlan: tag }: UplinkOptions, bridge: string, refuse: Refuse): Uplink {
  const split = splitVlan(given)
  const vlan = tag === undefined ? split : { parent: given, tag }
  const name = vlan === undefined ? given : `${vlan.parent}.${vlan.tag}`
  if (!INTERFACE_NAME.test(name) || name === bridge) refuse(`'${name}' cannot be the name of an uplink`)
  if (vlan !== undefined && (splitVlan(vlan.parent) !== undefined || vlan.tag < 1 || vlan.tag > 4094))
    refuse(`'${name}' is not a VLAN: give an interface without a dot and a number from 1 to 4094`)
  return { name, vlan }
}

function checkNat({ interface: name, address, address6 }: NatOptions, addresses: readonly string[], refuse: Refuse) {
  if (!INTERFACE_NAME.test(name)) refuse(`nat: '${name}' cannot be the name of an interface`)
  if (address !== undefined && isIP(address) !== 4) refuse(`nat: '${address}' is not an IPv4 address`)
  if (address6 !== undefined && isIP(address6) !== 6) refuse(`nat: '${address6}' is not an IPv6 address`)
  const wanted = address6 === undefined ? 'inet' : 'inet6'
  if (!addresses.some(one => familyOf(one) === 'inet' || familyOf(one) === wanted))
    refuse('`nat` is for the networks of the bridge: give its own address in them, in `addresses`')
}

function redirectOf(
  { port, to, to_port: toPort = port, protocol = 'tcp', interface: given, address }: RedirectOptions,
  nat: NatOptions | undefined,
  addresses: readonly string[],
  refuse: Refuse,
): Redirect {
  const from = given ?? nat?.interface ?? refuse(`the redirect of port ${port} needs an \`interface\`, or \`nat\` one`)
  if (!INTERFACE_NAME.test(from)) refuse(`'${from}' cannot be the name of an interface`)
  if (isIP(to) === 0) refuse(`'${to}' is not an address that port ${port} can be redirected to`)
  if (address !== undefined && (isIP(address) === 0 || isIP(address) !== isIP(to)))
    refuse(`port ${port} of '${address}' cannot be redirected to ${to}: they are not addresses of one kind`)
  if (addresses.length > 0 && !addresses.some(one => isInNetwork(to, networkOf(one))))
    refuse(`port ${port} is redirected to ${to}, which is in none of the bridge's networks`)
  return {
    interface: from,
    protocol,
    address: address === undefined ? undefined : canonical(address),
    port,
    to: canonical(to),
    toPort,
  }
}

/** What only one bridge can have. */
function refuseShared(requests: readonly Request[]): void {
  const owners = new Map<string, string>()
  const claim = (what: string, by: string) => {
    const other = owners.get(what)
    if (other !== undefined)
      throw new InvalidOptions(
        other === by ? `${by}: ${what} is given twice` : `${what} is given to both ${other} and ${by}`,
      )
    owners.set(what, by)
  }
  for (const { name, state, uplinks, addresses = [], redirects } of requests) {
    claim(`the name ${name}`, name)
    if (state === 'absent') continue
    for (const uplink of uplinks) claim(`the uplink ${uplink.name}`, name)
    for (const address of addresses) claim(`the address ${withoutPrefix(address)}`, name)
    for (const one of redirects)
      claim(`port ${one.port}/${one.protocol} of ${one.address ?? `${one.interface} (${familyOf(one.to)})`}`, name)
  }
}
