/**
 * What keeps an instance from sending as somebody else: a customer is root on a network stack of its own and can take any
 * address there (fact live-8), so all of it is at the outer end and on the bridge. Pure, for whoever wires an instance.
 *
 * What checks what, by sys/net/if_bridge.c and sys/net/if_ethersubr.c:
 * - neighbours never get a frame of each other: `private`;
 * - a frame whose source is not in the table of link addresses is dropped where the interface learns and has as many as
 *   it may (bridge_rtupdate: ENOSPC; bridge_forward and GRAB_OUR_PACKETS drop then, and without `learn` never look). The
 *   one it may have is `static`, so that is the only one it can send from. An entry is of one VLAN, so frames with a tag
 *   are dropped too: all but those of VLAN 1 on FreeBSD 14, where frames without a tag are put (VLANTAGOF; `static` of
 *   sbin/ifconfig/ifbridge.c), and all of them on 15;
 * - what is in the table passes, and what was learned there moves to whoever sends from it: so nothing may be learned on
 *   such a bridge. Its uplinks do not learn, and what is for nobody there goes to them because they are `discover`;
 *   entries of what is no instance of ours are `sticky`, and do not move;
 * - IP that comes in at the outer end meets pf there (net.link.bridge.pfil_member; pfil_local_phys for what is sent to the
 *   host itself), and what is neither IP nor ARP is dropped (pfil_onlyip);
 * - what an ARP packet or a neighbour advertisement claims nothing looks at. The host's own table has permanent entries
 *   (freebsd/neighbors.ts); whoever is on the other side of an uplink has to see to itself. Nor can pf's `ether` rules
 *   tell which member a frame came from: they come behind BRIDGE_INPUT, which puts the bridge in its place.
 */
import { linkLocal, withoutPrefix } from '../../freebsd/addresses.ts'
import type { Membership } from '../../freebsd/ifconfig.ts'

export interface Guarded {
  /** The outer end, a member of the bridge. */
  readonly member: string
  /** The link address of the inner end. */
  readonly ether: string
  /** With their prefix length or without. */
  readonly addresses: readonly string[]
}

type End = Omit<Guarded, 'addresses'>

/** A group of interfaces (ifconfig(8)) that all bridges with `isolate` are in, so that others can tell. */
export const ISOLATED = 'isolated'

/**
 * Words for `ifconfig BRIDGE`, behind `addm MEMBER`, which makes it learn. `static` comes before the limit, or it would be
 * one too many.
 */
export const memberWords = ({ member, ether }: End): string[] =>
  [
    ['private', member],
    ['-discover', member],
    ['static', member, ether],
    ['ifmaxaddr', member, '1'],
  ].flat()

/** Nothing that others do takes its address from it. */
export const openMemberWords = ({ member, ether }: End): string[] => ['static', member, ether]

/** Of one that may have sent already: what it made the bridge learn is forgotten before it is held to its own. */
export const repairWords = (member: string, words: readonly string[]): string[] => [
  '-learn',
  member,
  'flush',
  ...words,
  'learn',
  member,
]

/** Whether a bridge treats it as `memberWords` say; fixed addresses are not shown, but are set before the limit is. */
export const isHeld = ({ flags, maxAddresses }: Membership): boolean =>
  flags.includes('PRIVATE') && !flags.includes('DISCOVER') && flags.includes('LEARNING') && maxAddresses === 1

/**
 * Where the kernel shall look at packets. On the bridge's own interface pf sees only what is sent to the host, by it, or
 * through it, and not what is bridged (pfil_bridge, as is usual from FreeBSD 15 on): else no rule could tell the one from
 * the other.
 */
export const PFIL_BRIDGE = 'net.link.bridge.pfil_bridge'
export const ISOLATION_SYSCTLS: ReadonlyMap<string, string> = new Map([
  [PFIL_BRIDGE, '0'],
  ['net.link.bridge.pfil_member', '1'],
  ['net.link.bridge.pfil_local_phys', '1'],
  ['net.link.bridge.pfil_onlyip', '1'],
])

/** Names of tables have 31 characters (PF_TABLE_NAME_SIZE, sys/netpfil/pf/pf.h), of interfaces 15. */
const tableOf = (member: string) => `own_${member}`

/**
 * Rules of pf for one interface of an instance, in the order of pf.conf(5). They only block, so that a host's own rules
 * still decide about the rest. `::` is whence an address is asked for before it is taken (RFC 4862).
 */
export function memberRules({ member, ether, addresses }: Guarded): string[] {
  const own = addresses.map(withoutPrefix)
  const table = tableOf(member)
  const block = (family: string, rest: string) => `block drop in quick on ${member} ${family} ${rest}`
  return [
    `table <${table}> const { ${[...own, linkLocal(ether), '::'].join(', ')} }`,
    block('inet', `from ! <${table}> to any`),
    block('inet6', `from ! <${table}> to any`),
    block('inet', 'proto udp from any port 67 to any'),
    block('inet6', 'proto udp from any port 547 to any'),
    // 5, 134 and 137: redirects and router advertisements, by number since releases name them differently.
    block('inet', 'proto icmp from any to any icmp-type 5'),
    block('inet6', 'proto icmp6 from any to any icmp6-type 134'),
    block('inet6', 'proto icmp6 from any to any icmp6-type 137'),
  ]
}

/** The file of an instance's anchor: all of its interfaces, kinds of rules together in the order that pfctl(8) demands. */
export function instanceRules(interfaces: readonly Guarded[]): string {
  const lines = interfaces.flatMap(memberRules)
  const starting = (word: string) => lines.filter(line => line.startsWith(word))
  return [...starting('table'), ...starting('block')].map(line => `${line}\n`).join('')
}
