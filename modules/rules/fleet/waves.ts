/**
 * The waves in which a fleet is updated: canaries first, then so many at a time. Which wave an instance is in follows from
 * the fleet and the sizes alone and not from what was done already, so that an update that was broken off goes on where it
 * was, and a wave that was switched can be named to be switched back. Instances whose switch was cut off may be down, and go
 * before all others.
 */
import { isThere, type Member } from './fleet.ts'
import { sizesOf } from './sizes.ts'
import { type Pace, type Turn, turnsOf, type Waiting } from './turns.ts'

export interface Wave {
  /** 0 is the wave of those that were cut off. */
  readonly number: number
  readonly kind: 'cut off' | 'canaries' | 'others'
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
  const isWanted = ({ number }: Numbered) => order.only?.includes(number) ?? true
  let seconds = 0
  return cutOffFirst(membersByWave(fleet, order.serial), isWanted).map(wave => {
    const { kind, members } = wave
    const needsNothing = (member: Member) => kind !== 'cut off' && isThere(member) !== (order.isBack ?? false)
    const there = members.filter(needsNothing)
    const toDo = kind === 'cut off' || isWanted(wave) ? members.filter(member => !needsNothing(member)) : []
    const { turns, waiting, ...taken } = turnsOf(toDo, pace, now.getTime() + seconds * 1000)
    seconds += taken.seconds
    return { ...wave, there, turns, waiting, seconds: taken.seconds }
  })
}

type Numbered = Pick<Wave, 'number' | 'kind' | 'members'>

function membersByWave(fleet: readonly Member[], serial: readonly string[]): Numbered[] {
  const canaries = acrossHosts(fleet.filter(member => member.isCanary))
  const others = acrossHosts(fleet.filter(member => !member.isCanary))
  const waves: Numbered[] = canaries.length > 0 ? [{ number: 1, kind: 'canaries', members: canaries }] : []
  let at = 0
  for (const size of sizesOf(serial, others.length)) {
    waves.push({ number: waves.length + 1, kind: 'others', members: others.slice(at, at + size) })
    at += size
  }
  return waves
}

/** Whoever may be down does not wait for a window, and nobody of its customer goes before it is up. */
function cutOffFirst(waves: readonly Numbered[], isWanted: (wave: Numbered) => boolean): Numbered[] {
  const isEarly = (wave: Numbered, { isCutOff }: Member) => isCutOff === true && isWanted(wave)
  const early = waves.flatMap(wave => wave.members.filter(member => isEarly(wave, member)))
  if (early.length === 0) return [...waves]
  const members = early.map(({ window: _window, ...member }) => member)
  return [
    { number: 0, kind: 'cut off', members },
    ...waves.map(wave => ({ ...wave, members: wave.members.filter(member => !isEarly(wave, member)) })),
  ]
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
