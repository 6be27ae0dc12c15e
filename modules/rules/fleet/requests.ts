/** What a task says of the fleet, read and checked. */
import { InvalidOptions } from '../../core/errors.ts'
import type { Scalar } from '../../core/options.ts'
import { checkBlueprintName, checkInstanceId } from '../layout.ts'
import type { Outcome } from '../switch/outcomes.ts'
import { type Member, nameOf } from './fleet.ts'
import type { Met } from './outcomes.ts'
import { sizeProblem, USUAL_SERIAL } from './sizes.ts'
import { type Day, isTimezone, minutesOf, type Window } from './windows.ts'

export interface GivenWindow {
  readonly days?: readonly Day[] | undefined
  readonly from: string
  readonly to: string
  readonly timezone: string
}

export interface GivenMember {
  readonly host: string
  readonly id: string
  readonly customer?: string | undefined
  readonly blueprint: string
  readonly target: string
  readonly outage_seconds?: Scalar | undefined
  readonly canary: boolean
  readonly cut_off: boolean
  readonly outdated: boolean
  readonly maintenance?: GivenWindow | undefined
}

export function fleetOf(given: readonly GivenMember[]): Member[] {
  const names = new Set<string>()
  return given.map(one => {
    const name = nameOf(one)
    if (names.has(name)) throw new InvalidOptions(`${name} is in the list twice: an instance can go once`)
    names.add(name)
    const { customer, outage_seconds: outage, maintenance } = one
    return {
      host: one.host,
      id: checkInstanceId(one.id),
      blueprint: checkBlueprintName(one.blueprint),
      target: checkBlueprintName(one.target),
      isCanary: one.canary,
      isCutOff: one.cut_off,
      isOutdated: one.outdated,
      ...(customer === undefined ? {} : { customer }),
      ...(outage === undefined || outage === null
        ? {}
        : { outageSeconds: secondsOf(outage, `outage_seconds of ${name}`) }),
      ...(maintenance === undefined ? {} : { window: windowOf(maintenance, `maintenance of ${name}`) }),
    }
  })
}

export function serialOf(given: readonly string[] | undefined): readonly string[] {
  if (given === undefined) return USUAL_SERIAL
  const problems = given.flatMap(size => sizeProblem(size) ?? [])
  if (problems.length > 0) throw new InvalidOptions(`serial: ${problems.join('; ')}`)
  if (given.length === 0)
    throw new InvalidOptions(`serial is empty: give sizes of waves, like ${USUAL_SERIAL.join(', ')}`)
  return given
}

export interface GivenOutcome {
  readonly host: string
  readonly id: string
  readonly customer?: string | undefined
  readonly outcome: Outcome
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly outage_seconds?: Scalar | undefined
  readonly reason?: string | undefined
}

export function metOf({ host, id, outcome, customer, from, to, outage_seconds: outage, reason }: GivenOutcome): Met {
  return {
    ...{ host, id, outcome },
    ...(customer === undefined ? {} : { customer }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(outage === undefined || outage === null
      ? {}
      : { outageSeconds: secondsOf(outage, `outage_seconds of ${nameOf({ host, id })}`) }),
    ...(reason === undefined ? {} : { reason }),
  }
}

function secondsOf(given: NonNullable<Scalar>, what: string): number {
  const seconds = typeof given === 'boolean' ? Number.NaN : Number(given)
  if (Number.isFinite(seconds) && seconds >= 0) return seconds
  throw new InvalidOptions(`${what}: '${given}' is no number of seconds`)
}

function windowOf({ days = [], from, to, timezone }: GivenWindow, what: string): Window {
  if (!isTimezone(timezone))
    throw new InvalidOptions(`${what}: there is no time zone '${timezone}'; like Europe/Berlin`)
  const time = (given: string) => {
    const minutes = minutesOf(given)
    if (minutes !== undefined) return minutes
    // YAML 1.1 reads 2:30 without quotes as a number of base 60.
    throw new InvalidOptions(`${what}: '${given}' is no time of day; write it in quotes, like "02:30"`)
  }
  return { days, from: time(from), to: time(to), timezone }
}
