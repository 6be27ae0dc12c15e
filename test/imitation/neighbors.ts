/**
 * arp(8) and ndp(8): entries that were set, and the host's own addresses, which are permanent too. What is learned comes and
 * goes, and is not imitated. Sources: usr.sbin/arp/arp_netlink.c, usr.sbin/ndp/ndp_netlink.c.
 */
import { type Interface, kernelOf, type Neighbor } from './kernel.ts'
import type { Machine } from './machine.ts'
import { interfaceWith, reaches } from './network.ts'
import { getopt, imitation, type Screen, Unknown } from './screen.ts'

type Family = 'inet' | 'inet6'

const TYPES: Readonly<Record<Interface['driver'], string>> = {
  bridge: 'bridge',
  epair: 'ethernet',
  lo: 'loopback',
  vlan: 'vlan',
  vtnet: 'ethernet',
}

interface Entry {
  readonly address: string
  readonly ether: string
  readonly on: Interface
}

/** Those of a loopback interface have no link address. */
function entriesOf(machine: Machine, family: Family): Entry[] {
  const { interfaces, neighbors } = kernelOf(machine)
  const own = interfaces
    .filter(({ vnet, driver }) => vnet === 0 && driver !== 'lo')
    .flatMap(on =>
      on.addresses
        .filter(each => each.family === family)
        .map(({ address }) => ({ address, ether: on.ether ?? '', on })),
    )
  const set = neighbors.flatMap(({ address, ether, interface: id }) => {
    const on = interfaceWith(machine, id)
    return on === undefined || isSix(address) !== (family === 'inet6') ? [] : [{ address, ether, on }]
  })
  return [...own, ...set]
}

const isSix = (address: string) => address.includes(':')

function set(machine: Machine, screen: Screen, program: string, address: string, ether: string): number {
  const on = kernelOf(machine).interfaces.find(
    each => each.vnet === 0 && each.driver !== 'lo' && reaches(each, address),
  )
  if (on === undefined) {
    // set_nl: guess_ifindex finds none, and that is no failure.
    screen.err(`${program}: delete: cannot locate ${address}\n`)
    return 0
  }
  const { neighbors } = kernelOf(machine)
  const kept = neighbors.filter(each => each.address !== address)
  neighbors.splice(0, neighbors.length, ...kept, { address, ether: ether.toLowerCase(), interface: on.id })
  machine.changed()
  return 0
}

function remove(machine: Machine, screen: Screen, program: string, address: string): number {
  const { neighbors } = kernelOf(machine)
  const at = neighbors.findIndex((each: Neighbor) => each.address === address)
  if (at === -1) {
    const isThere = kernelOf(machine).interfaces.some(each => each.vnet === 0 && reaches(each, address))
    screen.err(
      isThere
        ? `${program}: delete ${address}: No such file or directory\n`
        : `${program}: delete: cannot locate ${address}\n`,
    )
    return isThere ? 1 : 0
  }
  neighbors.splice(at, 1)
  machine.changed()
  screen.out(`${address} (${address}) deleted\n`)
  return 0
}

const table = (program: string, show: (machine: Machine, screen: Screen) => void) =>
  imitation(program, (machine, call, screen) => {
    const { set: flags, operands } = getopt(call.args, 'adns')
    const [address, ether] = operands
    if (flags.has('a') && operands.length === 0) show(machine, screen)
    else if (flags.has('s') && address !== undefined && ether !== undefined && operands.length === 2)
      return set(machine, screen, program, address, ether)
    else if (flags.has('d') && address !== undefined && operands.length === 1)
      return remove(machine, screen, program, address)
    else throw new Unknown(`form '${call.args.join(' ')}'`)
    return 0
  })

export const arp = table('arp', (machine, screen) => {
  for (const { address, ether, on } of entriesOf(machine, 'inet'))
    screen.out(`? (${address}) at ${ether} on ${on.name} permanent [${TYPES[on.driver]}]\n`)
})

const HEADER = `${'Neighbor'.padEnd(36)} ${'Linklayer Address'.padEnd(17)} ${'Netif'.padStart(6)} ${'Expire'.padEnd(9)} S Flags\n`

export const ndp = table('ndp', (machine, screen) => {
  screen.out(HEADER)
  for (const { address, ether, on } of entriesOf(machine, 'inet6')) {
    const name = address.startsWith('fe80:') ? `${address}%${on.name}` : address
    screen.out(`${name.padEnd(36)} ${ether.padEnd(17)} ${on.name.padStart(6)} ${'permanent'.padEnd(9)} R \n`)
  }
})
