/** Addresses of interfaces (sbin/ifconfig/af_inet.c, af_inet6.c, sys/netinet/in.c). */
import { isIP } from 'node:net'
import type { Address, Interface } from '../kernel.ts'
import type { Machine } from '../machine.ts'
import { dropRoutes, toDotted, toNumber } from '../network.ts'
import type { Screen } from '../screen.ts'
import { die } from './errors.ts'

/** `inet 10.0.0.1/24 alias`, collected word by word and put into force at the end, as ifconfig does. */
export interface AddressWish {
  readonly family: 'inet' | 'inet6'
  text?: string
  netmask?: string
  prefix?: number
  broadcast?: string
  verb: 'set' | 'add' | 'remove'
}

export function applyAddress(machine: Machine, screen: Screen, on: Interface, wish: AddressWish): void {
  const wanted = read(screen, on, wish)
  const same = (each: Address) => each.family === wanted.family && each.address === wanted.address
  if (wish.verb === 'remove') {
    if (!on.addresses.some(same)) die(screen, "ioctl (SIOCDIFADDR): Can't assign requested address")
    on.addresses = on.addresses.filter(each => !same(each))
    dropRoutes(machine)
  } else {
    // Without `alias` an IPv4 address takes the place of the first one.
    const first = on.addresses.find(each => each.family === 'inet')
    const replaced = wish.verb === 'set' && wish.family === 'inet' ? first : undefined
    const others = on.addresses.filter(each => each !== replaced && !same(each))
    on.addresses = replaced === undefined ? [...others, wanted] : [wanted, ...others]
    bringUp(on)
    if (wish.family === 'inet6') on.nd6 = on.nd6.filter(flag => flag !== 'IFDISABLED')
  }
  addLinkLocal(on)
  machine.changed()
}

/** A first address brings its interface up (ether_ioctl, loioctl: SIOCSIFADDR). */
export function bringUp(on: Interface): void {
  on.isUp = true
  if (on.members !== undefined) on.started = true
  addLinkLocal(on)
}

/** in6_ifattach: lo has fe80::1, others one made of their link address. */
function addLinkLocal(on: Interface): void {
  const mayHave = on.isUp && on.nd6.includes('AUTO_LINKLOCAL') && !on.nd6.includes('IFDISABLED')
  if (!mayHave || on.addresses.some(each => each.address.startsWith('fe80:'))) return
  const bytes = (on.ether ?? '').split(':').map(byte => Number.parseInt(byte, 16))
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes
  const words = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f]
  const address = on.driver === 'lo' ? 'fe80::1' : canonical6(`fe80::${words.map(word => word.toString(16)).join(':')}`)
  on.addresses = [...on.addresses, { family: 'inet6', address, prefix: 64 }]
}

function read(screen: Screen, on: Interface, wish: AddressWish): Address {
  const [text = '', length] = (wish.text ?? '').split('/')
  const version = isIP(text.split('%')[0] ?? '')
  if (wish.family === 'inet6') {
    if (version !== 6) return die(screen, `${text}: bad value`)
    const prefix = Number(length ?? wish.prefix ?? 64)
    if (!(prefix >= 0 && prefix <= 128)) return die(screen, `${length}: bad value`)
    return { family: 'inet6', address: canonical6(text.split('%')[0] ?? ''), prefix }
  }
  if (version !== 4) return die(screen, `${text}: bad value`)
  const prefix = length === undefined ? prefixOf(wish.netmask ?? classMask(text)) : Number(length)
  if (!(prefix >= 0 && prefix <= 32)) return die(screen, `${length}: bad value (width too large)`)
  const size = 2 ** (32 - prefix)
  const last = toDotted(Math.floor(toNumber(text) / size) * size + size - 1)
  return { family: 'inet', address: text, prefix, ...(on.driver === 'lo' ? {} : { broadcast: wish.broadcast ?? last }) }
}

const canonical6 = (address: string) => new URL(`http://[${address}]`).hostname.slice(1, -1)

/** sys/netinet/in.c: where no mask is given, that of the address's old class. */
const classMask = (address: string) =>
  toNumber(address) < 2 ** 31 ? '255.0.0.0' : toNumber(address) < 3 * 2 ** 30 ? '255.255.0.0' : '255.255.255.0'

function prefixOf(mask: string): number {
  const number = mask.startsWith('0x') ? Number(mask) : toNumber(mask)
  return number.toString(2).replace(/0+$/, '').length
}
