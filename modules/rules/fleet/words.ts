/** The waves of an update as a person reads them. */
import { counted, table } from '../info/words.ts'
import type { Wave } from './waves.ts'

/** `45 s`, `12 min`, `1 h 5 min`: expectations are not exact. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const sum = (amounts: readonly number[]) => amounts.reduce((all, one) => all + one, 0)
const goingIn = ({ turns }: Wave) =>
  sum(turns.flatMap(({ hosts }) => [...hosts.values()].map(({ seats }) => seats.length)))

export interface Totals {
  readonly going: number
  readonly there: number
  readonly waiting: number
  readonly turns: number
  readonly seconds: number
}

export function totalsOf(waves: readonly Wave[]): Totals {
  return {
    going: sum(waves.map(goingIn)),
    there: sum(waves.map(({ there }) => there.length)),
    waiting: sum(waves.map(({ waiting }) => waiting.length)),
    turns: sum(waves.map(({ turns }) => turns.length)),
    seconds: sum(waves.map(wave => wave.seconds)),
  }
}

export function summaryOf(waves: readonly Wave[], { going, there, waiting, turns, seconds }: Totals, isBack: boolean) {
  const where = isBack ? 'are not on what they would go back from' : 'are on their blueprints already'
  return [
    going === 0
      ? 'no instance goes'
      : `${counted(going, 'instance')} of ${counted(waves.length, 'wave')}, in ${counted(turns, 'turn')}, expected to take ${duration(seconds)}`,
    ...(there === 0 ? [] : [`${there} ${where}`]),
    ...(waiting === 0 ? [] : [`${waiting} wait for their maintenance windows`]),
  ].join('; ')
}

export function waveTable(waves: readonly Wave[]): string[] {
  const rows = waves.map(wave => [
    `${wave.number}${wave.kind === 'others' ? '' : ` (${wave.kind})`}`,
    ...[wave.members.length, goingIn(wave), wave.there.length, wave.waiting.length].map(String),
    ...[String(wave.turns.length), duration(wave.seconds)],
  ])
  return table([['wave', 'instances', 'go', 'there', 'wait', 'turns', 'expected'], ...rows])
}
