/** An instance's interfaces: their names, link addresses and epairs, each the same on every run. */
import { createHash } from 'node:crypto'
import { Refused } from '../../core/errors.ts'
import { type Interface, unitsIn, type Wire } from '../../freebsd/ifconfig.ts'
import { memberWords } from '../bridge/isolation.ts'
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

export function wiresOf({ id, interfaces, routes }: Wiring, host: string, units: readonly number[]): Wire[] {
  return interfaces.map((wish, number) => {
    const ends = { a: epairEnd(number, 'a', id), b: epairEnd(number, 'b', id) }
    const ether = wish.ether ?? linkAddress(host, id, number, 'b')
    const { bridge, isPrivate, mtu, addresses } = wish
    return {
      unit: units[number] ?? 0,
      outer: { name: ends.a, ether: linkAddress(host, id, number, 'a') },
      inner: { passing: ends.b, name: innerName(number), ether },
      bridge,
      memberWords: isPrivate ? memberWords({ member: ends.a, ether }) : [],
      mtu,
      addresses,
      note: noteOf([bridge, isPrivate, mtu ?? null, ether, addresses, number === 0 ? routes : []]),
    }
  })
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

/** Two instances with one link address would take each other's packets. */
export function refuseCollisions(wires: ReadonlyMap<string, readonly Wire[]>): void {
  const owners = new Map<string, string>()
  for (const [id, all] of wires) {
    for (const { inner, outer } of all) {
      for (const { name, ether } of [inner, outer]) {
        const place = `${name} of ${id}`
        const other = owners.get(ether)
        if (other !== undefined)
          throw new Refused(
            `${place} and ${other} would both have the link address ${ether}. Give one of them another with \`ether\`.`,
          )
        owners.set(ether, place)
      }
    }
  }
}
