/** if_bridge(4): members and what is set for each (sbin/ifconfig/ifbridge.c, sys/net/if_bridge.c). */
import { type Interface, kernelOf, type Member } from '../kernel.ts'
import type { Machine } from '../machine.ts'
import { bridgeOf, interfaceNamed, interfaceWith, leaveBridge } from '../network.ts'
import type { Screen } from '../screen.ts'
import { die } from './errors.ts'

/** IFBIFBITS of sys/net/if_bridgevar.h, in the order it prints them. */
const MEMBER_FLAGS: readonly [name: string, bit: number][] = [
  ['LEARNING', 0x1],
  ['DISCOVER', 0x2],
  ['STP', 0x4],
  ['SPAN', 0x8],
  ['STICKY', 0x10],
  ['PRIVATE', 0x800],
  ['EDGE', 0x20],
  ['AUTOEDGE', 0x40],
  ['PTP', 0x80],
  ['AUTOPTP', 0x100],
]

/** Words of ifconfig that set or clear a member's flag. */
export const MEMBER_WORDS: Readonly<Record<string, string>> = {
  discover: 'DISCOVER',
  edge: 'EDGE',
  learn: 'LEARNING',
  private: 'PRIVATE',
  sticky: 'STICKY',
  stp: 'STP',
}

export function describeBridge(machine: Machine, bridge: Interface): string[] {
  const priority = bridge.started ? 32768 : 0
  return [
    'id 00:00:00:00:00:00 priority 32768 hellotime 2 fwddelay 15',
    'maxage 20 holdcnt 6 proto rstp maxaddr 2000 timeout 1200',
    `root id 00:00:00:00:00:00 priority ${priority} ifcost 0 port 0`,
    ...(bridge.members ?? []).flatMap(member => {
      const set = MEMBER_FLAGS.filter(([name]) => member.flags.includes(name))
      const sum = set.reduce((total, [, bit]) => total + bit, 0).toString(16)
      const { name, index } = interfaceWith(machine, member.interface) ?? { name: '', index: 0 }
      return [
        `member: ${name} flags=${sum}<${set.map(([flag]) => flag).join(',')}>`,
        `        ifmaxaddr ${member.maximum} port ${index} priority 128 path cost 2000`,
      ]
    }),
  ]
}

/** bridge_ioctl_add; the errors of 04-symlink-rctl-net.jsonl, "interfaces". */
export function addMember(machine: Machine, screen: Screen, bridge: Interface, name: string): void {
  const refuse: (why: string) => never = why => die(screen, `BRDGADD ${name}: ${why}`)
  const added = interfaceNamed(machine, bridge.vnet, name)
  if (added === undefined) refuse('No such file or directory')
  const other = bridgeOf(machine, added)
  if (other !== undefined) refuse(other === bridge ? 'File exists' : 'Device busy')
  if (added.driver === 'lo' || added.driver === 'bridge') refuse('Invalid argument')
  const members = bridge.members ?? []
  // The first member decides the bridge's MTU, every other one takes it over.
  if (members.length === 0) bridge.mtu = added.mtu
  else added.mtu = bridge.mtu
  members.push({ interface: added.id, flags: ['LEARNING', 'DISCOVER', 'AUTOEDGE', 'AUTOPTP'], maximum: 0, fixed: [] })
}

export function removeMember(machine: Machine, screen: Screen, bridge: Interface, name: string): void {
  const member = interfaceNamed(machine, bridge.vnet, name)
  if (member === undefined || bridgeOf(machine, member) !== bridge)
    die(screen, `BRDGDEL ${name}: No such file or directory`)
  leaveBridge(machine, member)
}

/** The addresses of `ifconfig bridge0 addr`: learned ones come and go, only fixed ones are remembered here. */
export const describeAddresses = (machine: Machine, bridge: Interface): string =>
  (bridge.members ?? [])
    .flatMap(({ interface: id, fixed }) =>
      fixed.map(ether => `${ether} Vlan1 ${interfaceWith(machine, id)?.name} 0 flags=1<STATIC>\n`),
    )
    .join('')

export function memberOf(machine: Machine, bridge: Interface, name: string): Member | undefined {
  const { interfaces } = kernelOf(machine)
  const found = interfaces.find(each => each.vnet === bridge.vnet && each.name === name)
  return bridge.members?.find(each => each.interface === found?.id)
}

/** do_bridgeflag of ifbridge.c. */
export function setMemberFlag(machine: Machine, screen: Screen, bridge: Interface, word: string, name: string): void {
  const clears = word.startsWith('-')
  const flag = MEMBER_WORDS[word.replace(/^-/, '')] ?? ''
  const member = memberOf(machine, bridge, name)
  if (member === undefined) die(screen, 'unable to get bridge flags: No such file or directory')
  const rest = member.flags.filter(each => each !== flag)
  member.flags.splice(0, member.flags.length, ...rest, ...(clears ? [] : [flag]))
}
