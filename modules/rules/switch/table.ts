/** The outcome as a person likes to read it: a line an instance. */
import { UNKNOWN } from '../../core/module.ts'
import type { InstanceState, State } from './states.ts'

/** `touched`: what this run was about; the others are only counted. */
export function tableOf(instances: State['instances'], touched: ReadonlySet<string>): string {
  const all = Object.entries(instances)
  const told = all.filter(([id]) => touched.has(id))
  const rest = all.length - told.length
  const others = rest === 1 ? '1 other' : `${rest} others`
  const resting = rest === 0 ? [] : [`${rest === all.length ? countOf(all) : others}: as wanted`]
  const rows = told.map(([id, state]) => [id, wordsOf(state), outageOf(state), notesOf(state)])
  const width = (column: number) => Math.max(...rows.map(row => row[column]?.length ?? 0))
  const lines = rows.map(row =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(width(column))))
      .join('  ')
      .trimEnd(),
  )
  return [...lines, ...resting].join('\n')
}

const countOf = (all: readonly [string, InstanceState][]) =>
  all.length === 1 ? `instance ${all[0]?.[0]}` : `${all.length} instances`

function wordsOf({ outcome, from = '-', to = '-' }: InstanceState): string {
  switch (outcome) {
    case 'switched':
      return `${from} -> ${to}`
    case 'rolled_back':
      return from === to ? `back on ${to}` : `${from} -> ${to}, back`
    case 'as_wanted':
      return `as wanted on ${to}`
    default:
      return outcome.replace('_', ' ')
  }
}

/** Of a state that is foretold. */
const isUnknown = (value: unknown) => value === UNKNOWN

const outageOf = ({ outage_seconds: outage }: InstanceState) =>
  typeof outage === 'number' ? `${outage.toFixed(2)} s away` : ''

function notesOf({ outcome, packages, merge, reason, ...state }: InstanceState): string {
  if (isUnknown(packages)) return 'packages and files are known once it is built'
  if (outcome !== 'switched') return reason ?? ''
  const counts: [number, string][] = [
    [packages?.upgraded.length ?? 0, 'upgraded'],
    [packages?.added.length ?? 0, 'added'],
    [packages?.removed.length ?? 0, 'removed'],
    [packages?.downgraded.length ?? 0, 'downgraded'],
    [packages?.major.length ?? 0, 'with a new major version'],
  ]
  const files: [number, string][] = [
    [merge?.taken?.length ?? 0, 'files taken'],
    [merge?.merged?.length ?? 0, 'merged'],
    [merge?.conflicts?.length ?? 0, 'in conflict'],
  ]
  const list = (given: [number, string][]) =>
    given
      .filter(([count]) => count > 0)
      .map(([count, what]) => `${count} ${what}`)
      .join(', ')
  const { from_release: older, to_release: newer } = state
  const parts = [
    ...(older === newer ? [] : [`${older} -> ${newer}`]),
    ...(list(counts) === '' ? [] : [`packages: ${list(counts)}`]),
    ...(list(files) === '' ? [] : [list(files)]),
  ]
  return parts.join('; ')
}
