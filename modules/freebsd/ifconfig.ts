/**
 * ifconfig(8): the host's interfaces, and the command lines of jail.conf(5) that give an instance its own. Sources:
 * freebsd-14.2/03-jails.jsonl and 04-symlink-rctl-net.jsonl. Inner ends are seen by `ifconfig -j` only, a process for each
 * jail; so what an instance got is noted at the outer end, where no customer can reach it (`description`).
 */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import { type Command, type RunStep, run } from '../core/step.ts'
import { familyOf } from './addresses.ts'

export interface Interface {
  readonly name: string
  readonly description: string | undefined
  readonly ether: string | undefined
  readonly groups: readonly string[]
  /** Of a bridge: the names of what is on it. */
  readonly members: readonly string[]
}

const IFCONFIG: Command = ['ifconfig', '-a']

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
  return parseShown(stdout, IFCONFIG).map(({ name, details }) => {
    const after = (word: string) => details.find(line => line.startsWith(word))?.slice(word.length)
    return {
      name,
      description: after('description: '),
      ether: after('ether '),
      groups: after('groups: ')?.split(' ') ?? [],
      members: details.flatMap(line => /^member: (\S+) /.exec(line)?.[1] ?? []),
    }
  })
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
  /** What follows `addm`: how the bridge treats its outer end. */
  readonly memberWords: readonly string[]
  readonly mtu: number | undefined
  readonly addresses: readonly string[]
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

/** As the preparation does it, for one that was taken off its bridge while the instance runs. */
export const attachMember = ({ bridge, outer, memberWords }: Wire): RunStep =>
  run('ifconfig', bridge, 'addm', outer.name, ...memberWords)

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
