/** What a task says of an instance's network, checked: addresses, gateways and names of interfaces. */
import { isIP } from 'node:net'
import { InvalidOptions } from '../../core/errors.ts'
import { canonical, familyOf, isInNetwork, readAddress, withoutPrefix } from '../../freebsd/addresses.ts'

export interface InterfaceOptions {
  readonly bridge: string
  readonly addresses?: readonly string[] | undefined
  readonly ether?: string | undefined
  readonly mtu?: number | undefined
  readonly private?: boolean | undefined
}

export interface InterfaceWish {
  readonly bridge: string
  /** With their prefix length, each in its one spelling. */
  readonly addresses: readonly string[]
  readonly ether: string | undefined
  readonly mtu: number | undefined
  readonly isPrivate: boolean
}

export interface Route {
  /** `default`, or a network with its prefix length. */
  readonly destination: string
  readonly gateway: string
}

type Refuse = (why: string) => never

const refuser =
  (id: string): Refuse =>
  why => {
    throw new InvalidOptions(`${id}: ${why}`)
  }

/** Of if.h, IFNAMSIZ; it becomes a word of a command line in jail.conf(5). */
const INTERFACE_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,14}$/

export function interfacesOf(id: string, given: readonly InterfaceOptions[], most: number): InterfaceWish[] {
  const refuse = refuser(id)
  if (given.length > most) refuse(`an instance can have ${most} interfaces, and these are ${given.length}`)
  return given.map(({ bridge, addresses = [], ether, mtu, private: isPrivate = true }) => {
    if (!INTERFACE_NAME.test(bridge)) refuse(`'${bridge}' cannot be the name of a bridge`)
    return {
      bridge,
      addresses: addresses.map(address => withPrefix(address, refuse)),
      ether: ether === undefined ? undefined : checkEther(ether, refuse),
      mtu,
      isPrivate,
    }
  })
}

export function routesOf(
  id: string,
  gateways: readonly string[],
  routes: Readonly<Record<string, string>>,
  interfaces: readonly InterfaceWish[],
): Route[] {
  const refuse = refuser(id)
  const all = [
    ...gateways.map(gateway => ({ destination: 'default', gateway })),
    ...Object.entries(routes).map(([destination, gateway]) => ({ destination, gateway })),
  ]
  const defaults = gateways.map(gateway => isIP(gateway.split('%', 1)[0] ?? ''))
  if (new Set(defaults).size < defaults.length)
    refuse('`gateways` has more than one of a kind: one for IPv4 and one for IPv6')
  return all.map(({ destination: given, gateway }) => {
    const destination = given === 'default' ? given : withPrefix(given, refuse)
    const [plain = '', scope] = gateway.toLowerCase().split('%')
    if (isIP(plain) === 0) refuse(`'${gateway}' is not an address that a route can lead to`)
    const address = canonical(plain)
    if (destination !== 'default' && familyOf(destination) !== familyOf(address))
      refuse(`the route to ${destination} leads to ${gateway}, which is of another kind`)
    if (address.startsWith('fe80:')) {
      if (!interfaces.some((_, number) => scope === `vnet${number}`))
        refuse(`${gateway} is an address of one link only: say which, as in ${address}%vnet0`)
    } else if (!interfaces.some(({ addresses }) => addresses.some(one => isInNetwork(address, one))))
      refuse(`${gateway} is in none of the networks of its addresses, so no route can lead there`)
    return { destination, gateway: scope === undefined ? address : `${address}%${scope}` }
  })
}

/** No address may be given twice, of one instance or of two. */
export function refuseSharedAddresses(interfaces: ReadonlyMap<string, readonly InterfaceWish[]>): void {
  const owners = new Map<string, string>()
  for (const [id, wishes] of interfaces) {
    for (const address of wishes.flatMap(({ addresses }) => addresses)) {
      const plain = withoutPrefix(address)
      const other = owners.get(plain)
      if (other !== undefined)
        throw new InvalidOptions(`${plain} is given ${other === id ? `twice to ${id}` : `to both ${other} and ${id}`}`)
      owners.set(plain, id)
    }
  }
}

const withPrefix = (text: string, refuse: Refuse): string =>
  readAddress(text) ?? refuse(`'${text}' is not an address with its prefix length, like 10.0.0.11/24 or fd00::11/64`)

function checkEther(text: string, refuse: Refuse): string {
  const ether = text.toLowerCase()
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(ether)) refuse(`'${text}' is not a link address, like 02:00:00:00:00:01`)
  if ((Number.parseInt(ether.slice(0, 2), 16) & 1) === 1)
    refuse(`${text} is a multicast address and cannot be an interface's own. Let its first byte be even.`)
  return ether
}
