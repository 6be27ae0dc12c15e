/** An instance's interfaces: their names, link addresses and epairs, each the same on every run. */
import { createHash } from 'node:crypto'
import { Refused } from '../../core/errors.ts'
import { isInNetwork, networkOf, withoutPrefix } from '../../freebsd/addresses.ts'
import { type Interface, unitsIn, type Wire } from '../../freebsd/ifconfig.ts'
import { type MadeWire, wiresIn } from '../../freebsd/ifconfig-wires.ts'
import { linesUnder, settingsIn } from '../../freebsd/jail-conf-read.ts'
import { ISOLATED, memberWords, openMemberWords, repairWords } from '../bridge/isolation.ts'
import { epairEnd } from '../layout.ts'
import type { InterfaceWish, Route } from './network.ts'

/** Names have room for one digit (fact jail-7). */
export const MOST_INTERFACES = 10

/**
 * The link address of an end of an instance's epair: those that epair(4) makes are random (fact net-3), and neighbours
 * would have to learn a new one with every start. Locally administered, and never a multicast one.
 */
export function linkAddress(host: string, id: string, number: number, end: 'a' | 'b'): string {
  const digest = createHash('sha256').update(`${host}\n${id}\n${number}`).digest().subarray(0, 5)
  const bytes = [...digest.subarray(0, 4), (digest.readUInt8(4) & 0xfe) | (end === 'b' ? 1 : 0)]
  return ['02', ...bytes.map(byte => byte.toString(16).padStart(2, '0'))].join(':')
}

/** Away from the low numbers, which `ifconfig epair create` gives to whoever asks. Up to IF_MAXUNIT (sys/net/if.h). */
const FIRST_UNIT = 1_000
const LAST_UNIT = 32_767

export interface Taken {
  /** Numbers of epairs by the instance that has them. */
  readonly units: Map<string, number[]>
}

/** What the configurations of all instances and the host's interfaces say. */
export function takenUnits(confs: ReadonlyMap<string, string>, interfaces: readonly Interface[]): Taken {
  const others = interfaces.flatMap(({ name }) => /^epair(\d+)[ab]$/.exec(name)?.[1] ?? []).map(Number)
  const units = new Map([...confs].map(([id, conf]) => [id, unitsIn(conf)]))
  const named = new Set([...units.values()].flat())
  units.set(
    '',
    others.filter(unit => !named.has(unit)),
  )
  return { units }
}

/** Keeps the numbers that an instance has, and finds free ones for the rest; notes them in `taken`. */
export function chooseUnits(id: string, count: number, taken: Taken): number[] {
  const own = (taken.units.get(id) ?? []).slice(0, count)
  const isTaken = (unit: number) =>
    own.includes(unit) || [...taken.units].some(([by, all]) => by !== id && all.includes(unit))
  while (own.length < count) {
    let unit =
      FIRST_UNIT +
      (createHash('sha256').update(`${id}\n${own.length}`).digest().readUInt32BE() % (LAST_UNIT - FIRST_UNIT))
    while (isTaken(unit)) unit = unit === LAST_UNIT ? FIRST_UNIT : unit + 1
    own.push(unit)
  }
  taken.units.set(id, own)
  return own
}

/** What is to be wired; `host` and the number of an epair are the host's affair. */
export interface Wiring {
  readonly id: string
  readonly interfaces: readonly InterfaceWish[]
  readonly routes: readonly Route[]
}

export function wiresOf(
  { id, interfaces, routes }: Wiring,
  host: string,
  units: readonly number[],
  present: readonly Interface[] = [],
): Wire[] {
  return interfaces.map((wish, number) => {
    const ends = { a: epairEnd(number, 'a', id), b: epairEnd(number, 'b', id) }
    const ether = wish.ether ?? linkAddress(host, id, number, 'b')
    const { bridge, isPrivate, mtu, addresses } = wish
    const words = (isPrivate ? memberWords : openMemberWords)({ member: ends.a, ether })
    return {
      unit: units[number] ?? 0,
      outer: { name: ends.a, ether: linkAddress(host, id, number, 'a') },
      inner: { passing: ends.b, name: innerName(number), ether },
      bridge,
      isPrivate,
      memberWords: words,
      repairWords: isPrivate ? repairWords(ends.a, words) : words,
      mtu,
      addresses,
      fixed: isPrivate ? fixedAddresses(addresses, bridge, present) : [],
      note: noteOf([bridge, isPrivate, mtu ?? null, ether, addresses, number === 0 ? routes : []]),
    }
  })
}

/**
 * Where the host is on a network with it, it need not ask who has these, and believes nobody else. Only there: the commands
 * cannot be told on which bridge, and would change what is known of the same address on another.
 */
function fixedAddresses(addresses: readonly string[], bridge: string, present: readonly Interface[]): string[] {
  const own = present.find(({ name }) => name === bridge)?.addresses ?? []
  return addresses.map(withoutPrefix).filter(address => own.some(one => isInNetwork(address, networkOf(one))))
}

export const innerName = (number: number) => `vnet${number}`

/** Tells whether a running instance's interface is as it would be made now: it is its outer end's description. */
const noteOf = (parts: readonly unknown[]) =>
  `bluejail:${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)}`

/** The numbers of the interfaces whose outer end is on the host. */
export function numbersOf(id: string, interfaces: readonly Interface[]): number[] {
  const pattern = new RegExp(`^e(\\d)a_${id}$`)
  return interfaces.flatMap(({ name }) => pattern.exec(name)?.[1] ?? []).map(Number)
}

/**
 * What is left of an instance's interfaces on the host when it does not run: outer ends, inner ones that were still on
 * their way, and epairs that had not yet got their names. One end of each: the other goes with it (fact jail-6).
 */
export function leftInterfaces(id: string, units: readonly number[], interfaces: readonly Interface[]): string[] {
  const present = new Set(interfaces.map(({ name }) => name))
  return Array.from({ length: MOST_INTERFACES }, (_, number) => number).flatMap(number => {
    const unit = units[number]
    const unnamed = unit === undefined ? [] : [`epair${unit}a`, `epair${unit}b`]
    return [epairEnd(number, 'a', id), epairEnd(number, 'b', id), ...unnamed].find(name => present.has(name)) ?? []
  })
}

export interface Others {
  /** What instances that the task does not name are configured to have. */
  readonly made: readonly (MadeWire & { readonly id: string })[]
  readonly interfaces: readonly Interface[]
}

/** By its configuration. */
export function madeIn(conf: string): MadeWire[] {
  const settings = settingsIn(conf) ?? []
  return wiresIn(linesUnder(settings, 'exec.prepare'), linesUnder(settings, 'exec.created'))
}

/** By the configurations of all instances. */
export const madeByOthers = (confs: ReadonlyMap<string, string>, ids: ReadonlySet<string>): Others['made'] =>
  [...confs].filter(([id]) => !ids.has(id)).flatMap(([id, conf]) => madeIn(conf).map(wire => ({ id, ...wire })))

/** Two instances with one link address would take each other's packets. */
export function refuseCollisions(wires: ReadonlyMap<string, readonly Wire[]>, others: Others): void {
  const owners = new Map<string, string>()
  for (const [id, all] of wires) {
    for (const wire of all) {
      for (const { name, ether } of [wire.inner, wire.outer]) {
        const place = `${name} of ${id}`
        const other = owners.get(ether) ?? ownerOf(ether, wire.bridge, others)
        if (other !== undefined)
          throw new Refused(
            `${place} and ${other} would both have the link address ${ether}. Give one of them another with \`ether\`.`,
          )
        owners.set(ether, place)
      }
      refuseTaken(id, wire, others)
    }
  }
}

/** On another bridge it may be there once more: a copy of an instance that is tried, networks of customers. */
function ownerOf(ether: string, bridge: string, { made, interfaces }: Others): string | undefined {
  const on = interfaces.find(({ name }) => name === bridge)
  const other = made.find(one => one.bridge === bridge && one.ether === ether)
  // Ends of epairs are instances', under whatever name they are on the host (fact jail-6).
  const own = interfaces.find(
    one =>
      one.ether === ether &&
      !one.groups.includes('epair') &&
      (one.name === bridge || (on?.members.includes(one.name) ?? false)),
  )
  return other === undefined ? own?.name : `${other.inner} of ${other.id}`
}

function refuseTaken(id: string, { bridge, addresses }: Wire, { made }: Others): void {
  for (const address of addresses.map(withoutPrefix)) {
    const other = made.find(one => one.bridge === bridge && one.addresses.map(withoutPrefix).includes(address))
    if (other !== undefined)
      throw new Refused(
        `${id} would have the address ${address} on ${bridge}, which ${other.id} has. Give it another, or take it from ${other.id} first.`,
      )
  }
}

/** A bridge that keeps its members apart keeps nobody apart from one that is not private. */
export function refuseOpen(id: string, wires: readonly Wire[], interfaces: readonly Interface[]): void {
  const open = wires.find(
    ({ bridge, isPrivate }) =>
      !isPrivate && interfaces.some(({ name, groups }) => name === bridge && groups.includes(ISOLATED)),
  )
  if (open !== undefined)
    throw new Refused(
      `${id}: ${open.inner.name} is \`private: false\`, and its bridge ${open.bridge} keeps its members apart. Leave that out, or give it a bridge whose \`isolate\` is false.`,
    )
}
