/**
 * The waves in which a fleet is updated: canaries first, then so many at a time. Which wave an instance is in follows from
 * the fleet and the sizes alone and not from what was done already, so that an update that was broken off goes on where it
 * was, and a wave that was switched can be named to be switched back.
 */
import { isThere, type Member } from './fleet.ts'
import { sizesOf } from './sizes.ts'
import { type Pace, type Turn, turnsOf, type Waiting } from './turns.ts'

export interface Wave {
  readonly number: number
  readonly isOfCanaries: boolean
  readonly members: readonly Member[]
  /** Those of its members that need nothing. */
  readonly there: readonly Member[]
  readonly turns: readonly Turn[]
  readonly waiting: readonly Waiting[]
  readonly seconds: number
}

export interface Order {
  readonly serial: readonly string[]
  /** Waves to go through; all where undefined. */
  readonly only?: readonly number[] | undefined
  /** Back: those go that are on the target, in the same waves. */
  readonly isBack?: boolean
}

export function wavesOf(fleet: readonly Member[], order: Order, pace: Pace, now: Date): Wave[] {
  let seconds = 0
  return membersByWave(fleet, order.serial).map(({ members, isOfCanaries }, at) => {
    const number = at + 1
    const needsNothing = (member: Member) => isThere(member) !== (order.isBack ?? false)
    const there = members.filter(needsNothing)
    const isWanted = order.only?.includes(number) ?? true
    const toDo = isWanted ? members.filter(member => !needsNothing(member)) : []
    const { turns, waiting, ...taken } = turnsOf(toDo, pace, now.getTime() + seconds * 1000)
    seconds += taken.seconds
    return { number, isOfCanaries, members, there, turns, waiting, seconds: taken.seconds }
  })
}

function membersByWave(fleet: readonly Member[], serial: readonly string[]) {
  const canaries = acrossHosts(fleet.filter(member => member.isCanary))
  const others = acrossHosts(fleet.filter(member => !member.isCanary))
  const waves = canaries.length > 0 ? [{ members: canaries, isOfCanaries: true }] : []
  let at = 0
  for (const size of sizesOf(serial, others.length)) {
    waves.push({ members: others.slice(at, at + size), isOfCanaries: false })
    at += size
  }
  return waves
}

/** The first instance of each host, then the second of each: so hosts work side by side, whatever a wave's size. */
function acrossHosts(fleet: readonly Member[]): Member[] {
  const byName = [...fleet].sort((one, other) => compare(one.host, other.host) || compare(one.id, other.id))
  const counts = new Map<string, number>()
  const ranked = byName.map(member => {
    const rank = counts.get(member.host) ?? 0
    counts.set(member.host, rank + 1)
    return { member, rank }
  })
  return ranked.sort((one, other) => one.rank - other.rank).map(({ member }) => member)
}

const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)
