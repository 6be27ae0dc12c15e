/** How an instance's switch is told: in its state, and what of it the journal keeps for later runs to tell. */
import { UNKNOWN } from '../../core/module.ts'
import type { ValuesOf } from '../../core/options.ts'
import { describeVersion, type Journal } from './journal.ts'
import type { STATE } from './options.ts'
import type { Outcome } from './outcomes.ts'
import type { Standing } from './standing.ts'

export type State = ValuesOf<typeof STATE>
export type InstanceState = State['instances'][string]

/** What the last switch came to, where that is still what the instance runs on; else only what it runs on. */
export function presentState({ last, from, request }: Standing): InstanceState {
  const state = last && stateOf(last)
  const now = from === undefined ? undefined : describeVersion(from)
  // Who wants it back has it back, and how it was then says nothing of how it is.
  const isOver = request.state === 'rolled_back' && state?.outcome === 'failed'
  if (state !== undefined && state.to === now && !isOver) return state
  return { outcome: 'as_wanted', ...(now === undefined ? {} : { from: now, to: now }) }
}

/** Of a switch that has come to an end. */
export function stateOf(journal: Journal): InstanceState {
  const { outcome, outage, parts, isAsked } = journal
  const measured = {
    ...(outage === undefined ? {} : { outage_seconds: inSeconds(outage) }),
    ...(parts === undefined ? {} : { outage_parts: partsInSeconds(parts) }),
  }
  const { outage_seconds: _outage, outage_parts: _parts, ...foretold } = foretoldState(journal)
  if (outcome === undefined || outcome === 'switched') return { ...foretold, ...measured }
  const reason = reasonOf(journal)
  return {
    ...foretold,
    outcome,
    ...(isAsked ? {} : stayed(journal)),
    ...measured,
    ...(reason === undefined ? {} : { reason }),
  }
}

/** It is where it was. */
const stayed = ({ from, to, releases }: Journal) => ({
  from: describeVersion(from),
  to: describeVersion(from),
  tried: describeVersion(to),
  ...(releases === undefined ? {} : { to_release: releases.from }),
})

/** Why it is back; and where its data of before are, where the new blueprint's services may have changed them since. */
export function reasonOf(journal: Journal): string | undefined {
  const { reason, to, snapshot, isAsked } = journal
  if (reason === undefined || isAsked || isOfNoMoreUse(journal)) return reason
  const kept = `is in the snapshot ${snapshot}, which is kept`
  const data = journal.mayHaveRun
    ? `${describeVersion(to)} was started on its data. What that was before ${kept}: \`state: rolled_back\` with \`rollback_data: true\` puts all of it back, and what was written since is lost`
    : `What its data was before ${kept}`
  return `${reason}. ${data}`
}

/** A way back that nobody needs: it is as before the switch, and well, and nothing but the old blueprint had its data. */
export const isOfNoMoreUse = ({ outcome, isAsked, mayHaveRun }: Journal) =>
  outcome === 'rolled_back' && isAsked !== true && mayHaveRun !== true

/** Of one that is to come, as far as it is known. */
export function foretoldState(journal: Journal): InstanceState {
  const { from, to, ran, packages, releases, merge, vanishing } = journal
  const goesBack = journal.isAsked === true
  return {
    outcome: goesBack ? 'rolled_back' : 'switched',
    from: describeVersion(goesBack ? to : from),
    to: describeVersion(goesBack ? from : to),
    ...(releases === undefined
      ? {}
      : {
          from_release: goesBack ? releases.to : releases.from,
          to_release: goesBack ? releases.from : releases.to,
        }),
    ...(ran ? { outage_seconds: UNKNOWN, outage_parts: UNKNOWN } : {}),
    ...(goesBack ? {} : toldOf({ packages, merge, vanishing })),
  } as unknown as InstanceState
}

/** The same of one to a blueprint that is still to be built: what becomes of packages and files, nobody knows. */
export const unbuiltState = (journal: Journal): InstanceState =>
  ({ ...foretoldState(journal), packages: UNKNOWN, merge: UNKNOWN }) as unknown as InstanceState

function toldOf({ packages, merge, vanishing }: { [K in 'packages' | 'merge' | 'vanishing']: Journal[K] | undefined }) {
  return {
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
