/** How an instance's switch is told: in its state, and what of it the journal keeps for later runs to tell. */
import { UNKNOWN } from '../../core/module.ts'
import type { ValuesOf } from '../../core/options.ts'
import type { Done } from '../../core/perform.ts'
import { describeStep, type Step } from '../../core/step.ts'
import { removeJail } from '../../freebsd/jail.ts'
import { startStep, stopStep } from './down.ts'
import { describeVersion, type Journal, type Parts, type Version } from './journal.ts'
import type { Trip, View } from './look.ts'
import type { STATE } from './options.ts'
import type { Outcome } from './outcomes.ts'
import type { Standing } from './standing.ts'
import { snapshotSteps } from './stretches.ts'

export type State = ValuesOf<typeof STATE>
export type InstanceState = State['instances'][string]

/** What the last switch came to, where that is still what the instance runs on; else only what it runs on. */
export function presentState({ last, from }: Standing): InstanceState {
  const state = last && stateOf(last)
  const now = from === undefined ? undefined : describeVersion(from)
  if (state !== undefined && state.to === now) return state
  return { outcome: 'as_wanted', ...(now === undefined ? {} : { from: now, to: now }) }
}

/** Of a switch that has come to an end. */
export function stateOf(journal: Journal): InstanceState {
  const { outcome, from, to, outage, parts, reason, isAsked } = journal
  if (outcome === 'rolled_back') {
    const was = isAsked ? to : from
    return {
      outcome,
      from: describeVersion(was),
      to: describeVersion(from),
      ...(outage === undefined ? {} : { outage_seconds: inSeconds(outage) }),
      ...(reason === undefined ? {} : { reason }),
    }
  }
  return {
    ...foretoldState(journal),
    ...(outage === undefined ? {} : { outage_seconds: inSeconds(outage) }),
    ...(parts === undefined ? {} : { outage_parts: partsInSeconds(parts) }),
  }
}

/** Of one that is to come, as far as it is known. */
export function foretoldState(journal: Journal): InstanceState {
  const { from, to, ran, packages, merge, vanishing } = journal
  const goesBack = journal.isAsked === true
  return {
    outcome: goesBack ? 'rolled_back' : 'switched',
    from: describeVersion(goesBack ? to : from),
    to: describeVersion(goesBack ? from : to),
    ...(ran ? { outage_seconds: UNKNOWN } : {}),
    ...(goesBack ? {} : toldOf({ ran, packages, merge, vanishing })),
  } as unknown as InstanceState
}

/** The same of one to a blueprint that is still to be built: what becomes of packages and files, nobody knows. */
export const unbuiltState = (journal: Journal): InstanceState =>
  ({ ...foretoldState(journal), packages: UNKNOWN, merge: UNKNOWN }) as unknown as InstanceState

function toldOf({
  ran,
  packages,
  merge,
  vanishing,
}: { [K in 'ran' | 'packages' | 'merge' | 'vanishing']: Journal[K] | undefined }) {
  return {
    ...(ran ? { outage_parts: UNKNOWN } : {}),
    ...(packages === undefined ? {} : { packages: copied(packages) }),
    ...(merge === undefined ? {} : { merge: copied(merge) }),
    ...(vanishing === undefined || vanishing.length === 0 ? {} : { scripts_vanishing: [...vanishing] }),
  }
}

const copied = <T extends object>(lists: T) =>
  Object.fromEntries(Object.entries(lists).map(([key, list]) => [key, [...list]]))

export const failedState = (standing: Standing, reason: string, outcome: Outcome = 'failed'): InstanceState => ({
  outcome,
  ...(standing.from === undefined ? {} : { from: describeVersion(standing.from), to: describeVersion(standing.from) }),
  reason,
})

export const inSeconds = (milliseconds: number) => Math.round(milliseconds / 10) / 100

const partsInSeconds = (parts: NonNullable<Journal['parts']>) =>
  Object.fromEntries(Object.entries(parts).map(([name, milliseconds]) => [name, inSeconds(milliseconds ?? 0)]))

export interface Outage {
  readonly outage?: number
  readonly parts?: Partial<Record<Parts, number>>
}

/** From the stop, or where that was another run's, from what its journal says, until now, when it is well. */
export function outageOf(trip: Trip, journal: Journal, { jail }: View, done: readonly Done[], now: Date): Outage {
  if (!journal.ran) return {}
  const timesOf = (step: Step) => {
    const words = describeStep(step)
    return done.flatMap(({ step: each, time }) => (time !== undefined && describeStep(each) === words ? [time] : []))
  }
  const stops = [...timesOf(stopStep(jail)), ...timesOf(removeJail(jail.id))]
  const began = stops[0]?.began ?? Date.parse(journal.begun)
  const outage = now.getTime() - began
  const [taken, held] = snapshotSteps(trip, journal).map(step => timesOf(step).at(-1))
  const start = timesOf(startStep(jail)).at(-1)
  const stopped = Math.max(...stops.map(({ ended }) => ended))
  if (taken === undefined || held === undefined || start === undefined || stops.length === 0) return { outage }
  return {
    outage,
    parts: {
      stop: stopped - began,
      clear: taken.began - stopped,
      snapshot: held.ended - taken.began,
      merge: start.began - held.ended,
      start: start.ended - start.began,
      health: now.getTime() - start.ended,
    },
  }
}

export const versionWords = (version: Version | undefined) => (version === undefined ? '-' : describeVersion(version))
