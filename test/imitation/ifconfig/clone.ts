/** Interfaces that are made and destroyed by name (sbin/ifconfig/ifclone.c, sys/net/if_clone.c). */
import { type Interface, kernelOf, loopback } from '../kernel.ts'
import type { Machine } from '../machine.ts'
import { destroyInterface, freeIndex, freshEther, interfaceNamed } from '../network.ts'
import type { Screen } from '../screen.ts'
import { die } from './errors.ts'

/** `vlan 100 vlandev vtnet0`, given together with `create`. */
export interface VlanWish {
  readonly tag?: number
  readonly device?: string
}

export function createInterface(
  machine: Machine,
  screen: Screen,
  vnet: number,
  name: string,
  wish: VlanWish,
): Interface {
  if (interfaceNamed(machine, vnet, name) !== undefined) die(screen, `interface ${name} already exists`)
  const made = make(machine, screen, vnet, name, wish)
  const { interfaces, modules } = kernelOf(machine)
  interfaces.push(...made)
  // ifmaybeload of ifconfig.c: the driver is loaded when it is not there.
  const module = `if_${made[0]?.driver}`
  if (module !== 'if_lo' && !modules.includes(module)) modules.push(module)
  machine.changed()
  return made[0] as Interface
}

function make(machine: Machine, screen: Screen, vnet: number, name: string, wish: VlanWish): Interface[] {
  const onDevice = /^(.+)\.(\d+)$/.exec(name)
  if (onDevice !== null) {
    const [, device = '', tag] = onDevice
    return [makeVlan(machine, screen, vnet, name, { device, tag: Number(tag) })]
  }
  const [, driver = '', given] = /^([a-z]+)(\d*)$/.exec(name) ?? []
  const unit = given === '' || given === undefined ? freeUnit(machine, vnet, driver) : Number(given)
  if (
    kernelOf(machine).interfaces.some(
      each => isOf(each, vnet, driver) && each.unit === unit && !each.name.includes('.'),
    )
  )
    die(screen, `interface ${driver}${unit} already exists`)
  const base = { unit, vnet, home: vnet, isUp: false, addresses: [], groups: [driver] }
  switch (driver) {
    case 'lo':
      return [loopback(machine, vnet, freeIndex(machine), unit)]
    case 'bridge':
      return [
        {
          ...base,
          id: machine.id('if'),
          name: `bridge${unit}`,
          driver,
          index: freeIndex(machine),
          mtu: 1500,
          ether: freshEther(machine, '58:9c:fc'),
          nd6: ['PERFORMNUD', 'IFDISABLED'],
          members: [],
        },
      ]
    case 'epair':
      return makePair(machine, base)
    case 'vlan':
      return [makeVlan(machine, screen, vnet, `vlan${unit}`, wish, unit)]
    default:
      return die(screen, `SIOCIFCREATE2 (${name}): Invalid argument`)
  }
}

/** epair(4): both ends have made-up addresses that differ in the last byte, 0a and 0b. */
function makePair(machine: Machine, base: Pick<Interface, 'unit' | 'vnet' | 'home' | 'isUp' | 'addresses' | 'groups'>) {
  const stem = freshEther(machine, '02').split(':').slice(0, 5).join(':')
  const [a, b] = [machine.id('if'), machine.id('if')]
  const first = freeIndex(machine)
  const end = (half: 'a' | 'b', id: string, peer: string): Interface => ({
    ...base,
    addresses: [],
    groups: ['epair'],
    id,
    name: `epair${base.unit}${half}`,
    driver: 'epair',
    peer,
    index: half === 'a' ? first : nextFree(machine, first),
    mtu: 1500,
    ether: `${stem}:0${half}`,
    hwaddr: `${stem}:0${half}`,
    nd6: ['PERFORMNUD', 'IFDISABLED', 'AUTO_LINKLOCAL'],
  })
  return [end('a', a, b), end('b', b, a)]
}

function nextFree(machine: Machine, after: number): number {
  const taken = new Set(kernelOf(machine).interfaces.map(each => each.index))
  let index = after + 1
  while (taken.has(index)) index += 1
  return index
}

function makeVlan(machine: Machine, screen: Screen, vnet: number, name: string, wish: VlanWish, unit = 0): Interface {
  const parent = wish.device === undefined ? undefined : interfaceNamed(machine, vnet, wish.device)
  // An unattached VLAN is of no use to us: only whole ones are imitated.
  if (parent === undefined || wish.tag === undefined || wish.tag < 1 || wish.tag > 4094)
    return die(screen, `SIOCIFCREATE2 (${name}): Invalid argument`)
  const { interfaces } = kernelOf(machine)
  if (interfaces.some(({ vlan }) => vlan?.parent === parent.id && vlan.tag === wish.tag))
    return die(screen, `interface ${name} already exists`)
  return {
    id: machine.id('if'),
    name,
    driver: 'vlan',
    unit,
    index: freeIndex(machine),
    vnet,
    home: vnet,
    isUp: false,
    mtu: parent.mtu,
    ...(parent.ether === undefined ? {} : { ether: parent.ether }),
    groups: ['vlan'],
    addresses: [],
    nd6: ['PERFORMNUD', 'IFDISABLED', 'AUTO_LINKLOCAL'],
    vlan: { tag: wish.tag, parent: parent.id },
  }
}

/** Where it was made counts: the second end of an epair is another stack's guest. */
const isOf = (each: Interface, vnet: number, driver: string) => each.home === vnet && each.driver === driver

function freeUnit(machine: Machine, vnet: number, driver: string): number {
  const taken = kernelOf(machine).interfaces.filter(each => isOf(each, vnet, driver) && !each.name.includes('.'))
  let unit = 0
  while (taken.some(each => each.unit === unit)) unit += 1
  return unit
}

export function destroyNamed(machine: Machine, screen: Screen, gone: Interface): void {
  const isClone = gone.driver !== 'vtnet' && !(gone.driver === 'lo' && gone.unit === 0)
  if (!isClone) die(screen, 'SIOCIFDESTROY: Invalid argument')
  destroyInterface(machine, gone)
}
