/** IP addresses with a prefix length: one spelling for each, and the network they are in. */
import { isIP } from 'node:net'

export type Family = 'inet' | 'inet6'

export const familyOf = (address: string): Family => (address.includes(':') ? 'inet6' : 'inet')

/** As ifconfig(8) and pfctl(8) print it; undefined for what is no address with its prefix length. */
export function readAddress(text: string): string | undefined {
  const [address = '', prefix = '', ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0 || !/^\d{1,3}$/.test(prefix) || address.includes('%')) return undefined
  if (Number(prefix) > (version === 4 ? 32 : 128)) return undefined
  return `${canonical(address)}/${Number(prefix)}`
}

/** The URL standard shortens IPv6 addresses by the same rules as inet_ntop(3). */
export const canonical = (address: string) =>
  address.includes(':') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address

/** fe80::/10 (RFC 4291): good for one link only. */
export const isOfLink = (address: string) => /^fe[89ab]/i.test(address)

export const withoutPrefix = (address: string) => address.split('/', 1)[0] ?? ''

/** `10.66.0.0/24` of `10.66.0.1/24`. */
export function networkOf(address: string): string {
  const [own = '', prefix = ''] = address.split('/')
  const bits = own.includes(':') ? 128 : 32
  const host = BigInt(bits - Number(prefix))
  return `${toText((toNumber(own) >> host) << host, bits)}/${prefix}`
}

export function isInNetwork(address: string, network: string): boolean {
  if (familyOf(address) !== familyOf(network)) return false
  return networkOf(`${address}/${network.split('/')[1]}`) === networkOf(network)
}

/** The address that an interface gives itself on its link, from its link address (RFC 4291, appendix A). */
export function linkLocal(ether: string): string {
  const [first = 0, ...rest] = ether.split(':').map(byte => Number.parseInt(byte, 16))
  const bytes = [first ^ 2, ...rest.slice(0, 2), 0xff, 0xfe, ...rest.slice(2)]
  const number = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  return toText((0xfe80n << 112n) | number, 128)
}

function toNumber(address: string): bigint {
  if (!address.includes(':')) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
  const [head = '', tail] = canonical(address).split('::')
  const words = (text: string | undefined) => (text ? text.split(':') : [])
  const [front, back] = [words(head), words(tail)]
  const middle = Array.from({ length: tail === undefined ? 0 : 8 - front.length - back.length }, () => '0')
  return [...front, ...middle, ...back].reduce((sum, word) => (sum << 16n) | BigInt(`0x${word}`), 0n)
}

function toText(number: bigint, bits: number): string {
  const width = bits === 32 ? 8n : 16n
  const parts = Array.from({ length: bits === 32 ? 4 : 8 }, (_, index) => {
    const shift = BigInt(bits) - width * BigInt(index + 1)
    return (number >> shift) & ((1n << width) - 1n)
  })
  return bits === 32 ? parts.join('.') : canonical(parts.map(part => part.toString(16)).join(':'))
}
