/**
 * ifconfig(8): the host's interfaces, and the command lines of jail.conf(5) that give an instance its own. Sources:
 * freebsd-14.2/03-jails.jsonl and 04-symlink-rctl-net.jsonl. Inner ends are seen by `ifconfig -j` only, a process for each
 * jail; so what an instance got is noted at the outer end, where no customer can reach it (`description`).
 */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import { type Command, type RunStep, run } from '../core/step.ts'
import { familyOf, isOfLink } from './addresses.ts'

export interface Interface {
  readonly name: string
  readonly isUp: boolean
  readonly mtu: number
  readonly description: string | undefined
  readonly ether: string | undefined
  readonly groups: readonly string[]
  /** With their prefix length where they have one. */
  readonly addresses: readonly string[]
  /** IPv6 addresses that are good for its link only, without that link's name. */
  readonly linkAddresses: readonly string[]
  /** It learns its IPv6 routes from routers, which it no longer does once the host is a router itself. */
  readonly acceptsRoutes: boolean
  /** Of a bridge: the names of what is on it. */
  readonly members: readonly string[]
  /** Of a bridge: how it treats each of its members. */
  readonly membership: ReadonlyMap<string, Membership>
  /** Of a VLAN: the interface it is on. */
  readonly parent: string | undefined
}

export interface Membership {
  /** LEARNING, DISCOVER, STP, PRIVATE, … */
  readonly flags: readonly string[]
  /** How many link addresses it may have, 0 for any number. */
  readonly maxAddresses: number
}

/** Prefix lengths in place of masks, of both families (fact net-2). */
const IFCONFIG: Command = ['ifconfig', '-a', '-f', 'inet:cidr,inet6:cidr']

/** What an interface's first line says, and the indented ones after it. */
export interface Shown {
  readonly name: string
  readonly head: string
  readonly details: readonly string[]
}

export function parseShown(stdout: string, command: Command): Shown[] {
  const found: { name: string; head: string; details: string[] }[] = []
  for (const line of stdout.split('\n').filter(text => text !== '')) {
    const name = /^(\S+): flags=/.exec(line)?.[1]
    if (name !== undefined) found.push({ name, head: line, details: [] })
    else if (/^\s/.test(line) && found.length > 0) found.at(-1)?.details.push(line.trim())
    else throw new UnexpectedOutput(command, line)
  }
  return found
}

/** What IFCONFIG printed: of an interface's lines only those that tell something we ask for are read. */
export function parseInterfaces(stdout: string): Interface[] {
  return parseShown(stdout, IFCONFIG).map(({ name, head, details }) => {
    const [, flags = '', mtu] = /: flags=[0-9a-f]+(?:<([^>]*)>)? .*\bmtu (\d+)/.exec(head) ?? []
    if (mtu === undefined) throw new UnexpectedOutput(IFCONFIG, head)
    const after = (word: string) => details.find(line => line.startsWith(word))?.slice(word.length)
    const addresses = details.flatMap(line => /^inet6? (\S+)/.exec(line)?.[1] ?? [])
    const membership = membershipIn(details)
    return {
      name,
      isUp: flags.split(',').includes('UP'),
      mtu: Number(mtu),
      description: after('description: '),
      ether: after('ether '),
      groups: after('groups: ')?.split(' ') ?? [],
      addresses: addresses.filter(address => !isOfLink(address)),
      linkAddresses: addresses.filter(isOfLink).map(address => address.replace(/%[^/]*/, '')),
      acceptsRoutes: /<.*\bACCEPT_RTADV\b.*>/.test(after('nd6 options=') ?? ''),
      members: [...membership.keys()],
      membership,
      parent: / parent interface: (\S+)$/.exec(after('vlan: ') ?? '')?.[1],
    }
  })
}

/** A member has two lines: of a VLAN-aware bridge of FreeBSD 15 they say more, and not of these things. */
function membershipIn(details: readonly string[]): Map<string, Membership> {
  return new Map(
    details.flatMap((line, index) => {
      const [, member, set = ''] = /^member: (\S+) flags=[0-9a-f]+(?:<([^>]*)>)?/.exec(line) ?? []
      if (member === undefined) return []
      const maximum = /^ifmaxaddr (\d+) /.exec(details[index + 1] ?? '')?.[1] ?? '0'
      return [[member, { flags: set.split(',').filter(flag => flag !== ''), maxAddresses: Number(maximum) }] as const]
    }),
  )
}

export const listInterfaces = async (machine: Probe): Promise<Interface[]> =>
  parseInterfaces((await machine.query(IFCONFIG)).stdout)

/** Of an epair both ends go, wherever the other is and whatever it is called (04: `ifconfig vnet0 destroy`). */
export const destroyInterface = (name: string): RunStep => ({ ...run('ifconfig', name, 'destroy'), setbacks: [1] })

/** An epair between a bridge and an instance. */
export interface Wire {
  /** Number of the epair: `epair7a` and `epair7b` before they get their names. */
  readonly unit: number
  readonly outer: { readonly name: string; readonly ether: string }
  /** `passing` while it is on its way, `name` once it is in the instance. */
  readonly inner: { readonly passing: string; readonly name: string; readonly ether: string }
  readonly bridge: string
  readonly isPrivate: boolean
  /** What follows `addm`: how the bridge treats its outer end. */
  readonly memberWords: readonly string[]
  /** The same for an outer end through which the instance may have sent already. */
  readonly repairWords: readonly string[]
  readonly mtu: number | undefined
  readonly addresses: readonly string[]
  /** Those of them that the host has fixed to its link address, without prefix lengths. */
  readonly fixed: readonly string[]
  /** A word to know it by. */
  readonly note: string
}

/** For exec.prepare, before there is a jail. The MTU comes first: a bridge's member keeps its own (fact net-1). */
export const prepareLines = ({ unit, outer, inner, bridge, memberWords, mtu, note }: Wire): string[] => [
  `ifconfig epair${unit} create`,
  `ifconfig epair${unit}a name ${outer.name}`,
  `ifconfig epair${unit}b name ${inner.passing}`,
  `ifconfig ${outer.name} ether ${outer.ether} descr ${note}${mtu === undefined ? '' : ` mtu ${mtu}`}`,
  `ifconfig ${inner.passing} ether ${inner.ether}${mtu === undefined ? '' : ` mtu ${mtu}`}`,
  ['ifconfig', bridge, 'addm', outer.name, ...memberWords].join(' '),
  `ifconfig ${outer.name} up`,
]

/** For one that was taken off its bridge while the instance runs. */
export const attachMember = ({ bridge, outer, repairWords }: Wire): RunStep =>
  run('ifconfig', bridge, 'addm', outer.name, ...repairWords)

/** For one that is on its bridge, and not as it shall be. */
export const repairMember = ({ bridge, repairWords }: Wire): RunStep => run('ifconfig', bridge, ...repairWords)

/** For exec.created: by then the jail is there, and vnet.interface would move it in too late to be configured (fact jail-5). */
export const createdLines = (jail: string, { inner, addresses }: Wire): string[] => [
  `ifconfig ${inner.passing} vnet ${jail}`,
  `ifconfig -j ${jail} ${inner.passing} name ${inner.name}`,
  ...addresses.map((address, index) => {
    const [family, isFirst] = [
      familyOf(address),
      addresses.findIndex(one => familyOf(one) === familyOf(address)) === index,
    ]
    return `ifconfig -j ${jail} ${inner.name} ${family} ${address}${isFirst ? '' : ' alias'}`
  }),
  `ifconfig -j ${jail} ${inner.name} up`,
]

/** For exec.created, when all interfaces are there. */
export const routeLine = (jail: string, destination: string, gateway: string): string =>
  `route -j ${jail} add ${gateway.includes(':') ? '-inet6 ' : ''}${destination} ${gateway}`

/** For exec.release, when the jail is gone. */
export const releaseLine = ({ outer }: Wire): string => `ifconfig ${outer.name} destroy`

/** The numbers of the epairs that a jail's configuration makes, in order. */
export const unitsIn = (conf: string): number[] =>
  [...conf.matchAll(/"ifconfig epair(\d+) create"/g)].map(match => Number(match[1]))

/** What a jail's configuration gives its interfaces, without prefix lengths, in order. */
export const addressesIn = (conf: string): string[] =>
  [...conf.matchAll(/"ifconfig -j \S+ \S+ inet6? ([0-9a-fA-F.:]+)\/\d+/g)].map(match => match[1] ?? '')

/** The outer ends that a jail's configuration destroys when it stops. */
export const releasedIn = (conf: string): string[] =>
  [...conf.matchAll(/"ifconfig (\S+) destroy"/g)].map(match => match[1] ?? '')
