/**
 * What keeps an instance from sending as somebody else: a customer is root on a network stack of its own and can take any
 * address there (fact live-8), so all of it is at the outer end and on the bridge. Pure, for whoever wires an instance.
 *
 * What checks what, by sys/net/if_bridge.c, sys/net/if_ethersubr.c and sys/netpfil/pf/pf.c:
 * - neighbours never get a frame of each other: `private`;
 * - the table of link addresses cannot be poisoned: `-learn`, with the one address `static`, so `-discover` costs nothing;
 * - IP that comes in at the outer end meets pf there (net.link.bridge.pfil_member; pfil_local_phys for what is sent to the
 *   host itself), and what is neither IP nor ARP is dropped (pfil_onlyip);
 * - `ether` rules see frames to the host only (ether_demux), and of ARP no more than the link addresses
 *   (pf_test_eth_rule): what an ARP packet claims is beyond pf.
 */
import { linkLocal, withoutPrefix } from '../../freebsd/addresses.ts'

export interface Guarded {
  /** The outer end, a member of the bridge. */
  readonly member: string
  /** The link address of the inner end. */
  readonly ether: string
  /** With their prefix length or without. */
  readonly addresses: readonly string[]
}

/** Words for `ifconfig BRIDGE`, behind `addm MEMBER` or for one that is a member already. */
export const memberWords = ({ member, ether }: Omit<Guarded, 'addresses'>): string[] => [
  'private',
  member,
  '-discover',
  member,
  '-learn',
  member,
  'static',
  member,
  ether,
  'ifmaxaddr',
  member,
  '1',
]

/** Where the kernel shall look at bridged packets. */
export const ISOLATION_SYSCTLS: ReadonlyMap<string, string> = new Map([
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
    `ether block in quick on ${member} from ! ${ether}`,
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
  return [...starting('table'), ...starting('ether'), ...starting('block')].map(line => `${line}\n`).join('')
}
