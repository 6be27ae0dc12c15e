/** The kernel's interfaces: finding them, and moving them from one jail's network stack to another's. */
import { createHash } from 'node:crypto'
import { type Interface, kernelOf, loopback } from './kernel.ts'
import type { Machine } from './machine.ts'

/** By its name in the network stack of `vnet`; the first of equals (facts.md, jail-6). */
export function interfaceNamed(machine: Machine, vnet: number, name: string): Interface | undefined {
  return kernelOf(machine).interfaces.find(each => each.vnet === vnet && each.name === name)
}

export function interfaceWith(machine: Machine, id: string): Interface | undefined {
  return kernelOf(machine).interfaces.find(each => each.id === id)
}

/** ifindex_alloc (sys/net/if.c): the lowest that is free. */
export function freeIndex(machine: Machine): number {
  const taken = new Set(kernelOf(machine).interfaces.map(each => each.index))
  let index = 1
  while (taken.has(index)) index += 1
  return index
}

export const bridgeOf = (machine: Machine, member: Interface): Interface | undefined =>
  kernelOf(machine).interfaces.find(each => each.members?.some(one => one.interface === member.id))

/** A bridge without members keeps the MTU of its last ones (facts.md, net-1). */
export function leaveBridge(machine: Machine, member: Interface): void {
  const members = bridgeOf(machine, member)?.members
  members?.splice(
    members.findIndex(each => each.interface === member.id),
    1,
  )
}

/** if_vmove: it leaves its bridge and loses addresses and `up`, but neither its name nor its link address. */
export function moveInterface(machine: Machine, moved: Interface, vnet: number): void {
  const { interfaces } = kernelOf(machine)
  leaveBridge(machine, moved)
  Object.assign(moved, { vnet, isUp: false, addresses: [] })
  if (moved.driver === 'epair') moved.nd6 = ['PERFORMNUD', 'IFDISABLED', 'AUTO_LINKLOCAL']
  // Last in the list of where it is now: `ifconfig -l` of 03-jails.jsonl, "failures while starting".
  interfaces.splice(interfaces.indexOf(moved), 1)
  interfaces.push(moved)
  dropRoutes(machine)
  machine.changed()
}

/** An epair goes whole, wherever its ends are; VLANs go with what they are on. */
export function destroyInterface(machine: Machine, gone: Interface): void {
  const { interfaces } = kernelOf(machine)
  for (const each of [...interfaces]) {
    if (each !== gone && each.id !== gone.peer && each.vlan?.parent !== gone.id) continue
    leaveBridge(machine, each)
    interfaces.splice(interfaces.indexOf(each), 1)
  }
  dropRoutes(machine)
  machine.changed()
}

export function openVnet(machine: Machine, vnet: number): void {
  kernelOf(machine).interfaces.push(loopback(machine, vnet, freeIndex(machine)))
}

/** vnet_destroy: what came from elsewhere goes home under the name it has by now, the rest is destroyed. */
export function closeVnet(machine: Machine, vnet: number): void {
  const kernel = kernelOf(machine)
  kernel.routes = kernel.routes.filter(route => route.vnet !== vnet)
  for (const each of kernel.interfaces.filter(one => one.vnet === vnet)) {
    if (each.home === vnet) destroyInterface(machine, each)
    else moveInterface(machine, each, each.home)
  }
}

/** A route goes with the address its gateway was reached by, and so does what is known of neighbors. */
export function dropRoutes(machine: Machine): void {
  const kernel = kernelOf(machine)
  kernel.routes = kernel.routes.filter(({ vnet, gateway }) => isReachable(machine, vnet, gateway))
  // lltable_prefix_free: entries of a network go with the address in it, permanent ones too.
  const near = kernel.neighbors.filter(({ address, interface: id }) => {
    const on = interfaceWith(machine, id)
    return on !== undefined && reaches(on, address)
  })
  kernel.neighbors.splice(0, kernel.neighbors.length, ...near)
}

export const isReachable = (machine: Machine, vnet: number, gateway: string): boolean =>
  kernelOf(machine).interfaces.some(each => each.vnet === vnet && reaches(each, gateway))

/** Whether a gateway is on the network of one of its addresses. */
export function reaches({ addresses }: Interface, gateway: string): boolean {
  const isSix = gateway.includes(':')
  return addresses.some(({ address, prefix, family }) =>
    family === 'inet6'
      ? isSix && prefix6(gateway, prefix) === prefix6(address, prefix)
      : !isSix && prefix4(gateway, prefix) === prefix4(address, prefix),
  )
}

export const toNumber = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
export const toDotted = (number: number) => [24, 16, 8, 0].map(shift => Math.floor(number / 2 ** shift) % 256).join('.')
const prefix4 = (address: string, length: number) => Math.floor(toNumber(address) / 2 ** (32 - length))

function prefix6(address: string, length: number): string {
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const words = (text: string | undefined) => (text ? text.split(':') : [])
  const [front, back] = [words(head), words(tail)]
  const middle = Array.from({ length: tail === undefined ? 0 : 8 - front.length - back.length }, () => '0')
  const bits = [...front, ...middle, ...back].map(word => Number.parseInt(word, 16).toString(2).padStart(16, '0'))
  return bits.join('').slice(0, length)
}

/** A link address nobody else has: of FreeBSD's own vendor for a bridge, made up for an epair. */
export function freshEther(machine: Machine, prefix: string): string {
  const bytes = createHash('sha256').update(`ether ${machine.guid()}`).digest()
  const missing = 6 - prefix.split(':').length
  return [prefix, ...Array.from(bytes.subarray(0, missing), byte => byte.toString(16).padStart(2, '0'))].join(':')
}
