/** What became of instances so far, as blueprint_switch told of each. */
import { counted, table } from '../info/words.ts'
import { OUTCOMES, type Outcome } from '../switch/outcomes.ts'
import { nameOf } from './fleet.ts'

export interface Met {
  readonly host: string
  readonly id: string
  readonly customer?: string
  readonly outcome: Outcome
  readonly from?: string
  readonly to?: string
  readonly outageSeconds?: number
  readonly reason?: string
}

/** On the way back, running as before is what was asked for. */
export const isGood = ({ outcome }: Met, isBack: boolean) =>
  outcome === 'as_wanted' || outcome === (isBack ? 'rolled_back' : 'switched')

/** It was left as it was, since others had failed or its time was over: it did not go. */
export const wasLeft = ({ outcome }: Met) => outcome === 'not_begun'

export const isBad = (met: Met, isBack: boolean) => !isGood(met, isBack) && !wasLeft(met)

/** Whoever came back runs, and so does whom nobody touched; of others nobody knows. */
export const mayBeDown = ({ outcome }: Met) => outcome === 'failed' || outcome === 'unknown'

const WORDS: Readonly<Record<Outcome, string>> = {
  switched: 'switched',
  as_wanted: 'was there',
  rolled_back: 'came back',
  refused: 'was refused',
  not_begun: 'was left',
  failed: 'FAILED',
  unknown: 'UNKNOWN',
}

/** The instances that went, a line each, and the outages in sum. */
export function outcomeTable(all: readonly Met[]): string[] {
  if (all.length === 0) return ['Nothing was switched.']
  const rows = all.map(({ host, id, outcome, from = '', to = '', outageSeconds, reason = '' }) => [
    ...[host, id, WORDS[outcome], from === to || from === '' ? to : `${from} -> ${to}`],
    ...[outageSeconds === undefined ? '-' : seconds(outageSeconds), brief(reason)],
  ])
  return [...table([['host', 'instance', 'outcome', 'blueprint', 'outage', ''], ...rows]), summary(all)]
}

/** The whole of it was told where it happened. */
const brief = (reason: string) => (reason.length <= 60 ? reason : `${reason.slice(0, 59).trimEnd()}…`)

function summary(all: readonly Met[]): string {
  const counts = OUTCOMES.flatMap(outcome => {
    const count = all.filter(one => one.outcome === outcome).length
    return count === 0 ? [] : [`${count} ${WORDS[outcome]}`]
  })
  const outages = all.flatMap(({ outageSeconds }) => outageSeconds ?? []).sort((one, other) => one - other)
  const median = outages[Math.floor((outages.length - 1) / 2)]
  const longest = outages.at(-1)
  return [
    `${counted(all.length, 'instance')}: ${counts.join(', ')}`,
    ...(median === undefined || longest === undefined
      ? []
      : [`outage ${seconds(median)} in the middle, ${seconds(longest)} at most`]),
  ].join('; ')
}

export const seconds = (amount: number) => `${amount.toFixed(1)} s`

/** `web1 on hamburg1 (came back: its port 80 did not answer)` */
export const describeMet = (met: Met) =>
  `${nameOf(met)} (${WORDS[met.outcome]}${met.reason === undefined ? '' : `: ${met.reason.replace(/\.$/, '')}`})`
