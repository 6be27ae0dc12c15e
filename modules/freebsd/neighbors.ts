/**
 * arp(8) and ndp(8): which link address the host sends to for an address of its own networks. An entry that is set is
 * permanent, and what others claim does not change it (arp_check_update_lle of sys/netinet/if_ether.c and nd6_na_input of
 * sys/netinet6/nd6_nbr.c: LLE_STATIC). It goes with the host's own address in that network. Sources:
 * usr.sbin/arp/arp_netlink.c, usr.sbin/ndp/ndp_netlink.c and what they were before (arp.c, ndp.c), which print alike.
 */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import { type Command, type RunStep, run } from '../core/step.ts'
import { canonical, familyOf } from './addresses.ts'

export interface Neighbor {
  readonly address: string
  readonly ether: string
  /** On which of the host's interfaces. */
  readonly interface: string
}

const ARP: Command = ['arp', '-an']
const NDP: Command = ['ndp', '-an']

const LINES = [
  { command: ARP, line: /^\S+ \((\S+)\) at (\S+) on (\S+) permanent\b/, any: /^\S+ \(\S+\) at / },
  // What has a scope is good for one link only; a header comes first.
  {
    command: NDP,
    line: /^([0-9a-f:]+) +(\S+) +(\S+) +permanent\b/,
    any: /^(?:Neighbor |[0-9a-f:]+(?:%\S+)? +\S+ +\S+ +)/,
  },
] as const

/** Permanent entries, of both families. What ARP and NDP printed, one after the other. */
export function parseNeighbors(outputs: readonly string[]): Neighbor[] {
  return LINES.flatMap(({ command, line, any }, index) =>
    (outputs[index] ?? '')
      .split('\n')
      .filter(text => text !== '')
      .flatMap(text => {
        if (!any.test(text)) throw new UnexpectedOutput(command, text)
        const [, address, ether = '', on = ''] = line.exec(text) ?? []
        return address === undefined ? [] : [{ address: canonical(address), ether, interface: on }]
      }),
  )
}

/** Two processes. */
export const listNeighbors = async (machine: Probe): Promise<Neighbor[]> =>
  parseNeighbors([(await machine.query(ARP)).stdout, (await machine.query(NDP)).stdout])

const programFor = (address: string) => (familyOf(address) === 'inet6' ? 'ndp' : 'arp')

/** Where the host is not on that network, they say so and exit with 0 or 1, by release. */
export const setNeighbor = (address: string, ether: string): RunStep => ({
  ...run(programFor(address), '-s', address, ether),
  objections: [
    {
      said: /cannot (?:locate|intuit|configure)/,
      means: `The host has no interface by which it reaches ${address} directly; a moment ago it had.`,
    },
  ],
})

export const deleteNeighbor = (address: string): RunStep => ({
  ...run(programFor(address), '-d', address),
  setbacks: [1],
})

/** For jail.conf(5). A host that is on that network no longer starts and stops the jail without. */
export const setNeighborLine = (address: string, ether: string): string =>
  `${programFor(address)} -s ${address} ${ether} > /dev/null 2>&1 || true`
export const deleteNeighborLine = (address: string): string =>
  `${programFor(address)} -d ${address} > /dev/null 2>&1 || true`
