/** What ifconfig(8) prints of an interface (sbin/ifconfig; 03-jails.jsonl, 04-symlink-rctl-net.jsonl). */
import type { Address, Interface } from '../kernel.ts'
import type { Machine } from '../machine.ts'
import { bridgeOf, interfaceWith, toDotted } from '../network.ts'
import { Unknown } from '../screen.ts'
import { describeBridge } from './bridge.ts'

export type Formats = Readonly<Record<string, string>>

/** `-f inet:cidr,ether:dash`. */
export function readFormats(given: string | undefined): Formats {
  const formats: Record<string, string> = {}
  for (const part of given?.split(',') ?? []) formats[part.split(':')[0] ?? ''] = part.split(':')[1] ?? ''
  for (const [family, format] of Object.entries(formats))
    if (!KNOWN_FORMATS[family]?.includes(format)) throw new Unknown(`format -f ${family}:${format}`)
  return formats
}

const KNOWN_FORMATS: Readonly<Record<string, readonly string[]>> = {
  addr: ['default', 'numeric'],
  ether: ['default', 'colon', 'dash'],
  inet: ['default', 'cidr', 'dotted', 'hex'],
  inet6: ['default', 'cidr'],
}

/** IFFBITS of sbin/ifconfig/ifconfig.c, in the order of their bits. */
const FLAGS: readonly [name: string, bit: number][] = [
  ['UP', 0x1],
  ['BROADCAST', 0x2],
  ['LOOPBACK', 0x8],
  ['RUNNING', 0x40],
  ['PROMISC', 0x100],
  ['SIMPLEX', 0x800],
  ['MULTICAST', 0x8000],
  ['LOWER_UP', 0x1000000],
]

export function flagsOf(machine: Machine, shown: Interface): string[] {
  const isLoop = shown.driver === 'lo'
  // A bridge or loopback runs once it is up; what has a link runs at once.
  const runs = shown.isUp || (!isLoop && shown.driver !== 'bridge')
  const present = new Set([
    'MULTICAST',
    ...(shown.isUp ? ['UP'] : []),
    ...(isLoop ? ['LOOPBACK'] : ['BROADCAST', 'SIMPLEX']),
    ...(runs ? ['RUNNING', 'LOWER_UP'] : []),
    ...(bridgeOf(machine, shown) === undefined ? [] : ['PROMISC']),
  ])
  return FLAGS.map(([name]) => name).filter(name => present.has(name))
}

const OPTIONS: Readonly<Record<Interface['driver'], string>> = {
  bridge: '0',
  epair: '8<VLAN_MTU>',
  lo: '680003<RXCSUM,TXCSUM,LINKSTATE,RXCSUM_IPV6,TXCSUM_IPV6>',
  vlan: '80000<LINKSTATE>',
  vtnet: '80028<VLAN_MTU,JUMBO_MTU,LINKSTATE>',
}

const MEDIA: Readonly<Partial<Record<Interface['driver'], string>>> = {
  epair: 'Ethernet 10Gbase-T (10Gbase-T <full-duplex>)',
  vlan: 'Ethernet autoselect (10Gbase-T <full-duplex>)',
  vtnet: 'Ethernet autoselect (10Gbase-T <full-duplex>)',
}

const ND6: readonly [name: string, bit: number][] = [
  ['PERFORMNUD', 0x1],
  ['ACCEPT_RTADV', 0x2],
  ['IFDISABLED', 0x8],
  ['AUTO_LINKLOCAL', 0x20],
  ['NO_RADR', 0x40],
]

function bits(table: readonly [name: string, bit: number][], names: readonly string[]): string {
  const set = table.filter(([name]) => names.includes(name))
  const sum = set.reduce((total, [, bit]) => total + bit, 0).toString(16)
  return set.length === 0 ? sum : `${sum}<${set.map(([name]) => name).join(',')}>`
}

export function describeInterface(machine: Machine, shown: Interface, formats: Formats): string {
  const ether = (address: string) => (formats.ether === 'dash' ? address.replaceAll(':', '-') : address)
  const media = MEDIA[shown.driver]
  const parent = shown.vlan && interfaceWith(machine, shown.vlan.parent)?.name
  const lines = [
    ...(shown.description === undefined ? [] : [`description: ${shown.description}`]),
    `options=${OPTIONS[shown.driver]}`,
    ...(shown.ether === undefined ? [] : [`ether ${ether(shown.ether)}`]),
    ...(shown.hwaddr === undefined || shown.hwaddr === shown.ether ? [] : [`hwaddr ${ether(shown.hwaddr)}`]),
    ...(['inet', 'inet6'] as const).flatMap(family =>
      shown.addresses.filter(each => each.family === family).map(each => describeAddress(shown, each, formats)),
    ),
    ...(shown.members === undefined ? [] : describeBridge(machine, shown)),
    ...(shown.groups.length === 0 ? [] : [`groups: ${shown.groups.join(' ')}`]),
    ...(shown.vlan === undefined
      ? []
      : [`vlan: ${shown.vlan.tag} vlanproto: 802.1q vlanpcp: 0 parent interface: ${parent ?? '<none>'}`]),
    ...(media === undefined ? [] : [`media: ${media}`, 'status: active']),
    `nd6 options=${bits(ND6, shown.nd6)}`,
  ]
  const head = `${shown.name}: flags=${bits(FLAGS, flagsOf(machine, shown))} metric 0 mtu ${shown.mtu}\n`
  return head + lines.map(line => `\t${line}\n`).join('')
}

function describeAddress(shown: Interface, { family, address, prefix, broadcast }: Address, formats: Formats): string {
  const isCidr = formats[family] === 'cidr'
  if (family === 'inet6') {
    const isLocal = address.startsWith('fe80:')
    const name = isLocal ? `${address}%${shown.name}` : address
    const scope = isLocal ? ` scopeid 0x${shown.index.toString(16)}` : ''
    return isCidr ? `inet6 ${name}/${prefix}${scope}` : `inet6 ${name} prefixlen ${prefix}${scope}`
  }
  const mask = 2 ** 32 - 2 ** (32 - prefix)
  const netmask = formats.inet === 'dotted' ? toDotted(mask) : `0x${mask.toString(16).padStart(8, '0')}`
  const end = broadcast === undefined ? '' : ` broadcast ${broadcast}`
  return isCidr ? `inet ${address}/${prefix}${end}` : `inet ${address} netmask ${netmask}${end}`
}
