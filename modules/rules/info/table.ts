/** Instances as a table of lines that a person reads one by one: what they use, of how much where that is limited. */
import type { Rule } from '../../freebsd/rctl.ts'
import type { InstanceState } from './state.ts'
import { age, size, table } from './words.ts'

/** The least amounts that count for a whole jail, whatever happens beyond them, by resource. */
export type Most = ReadonlyMap<string, bigint>

export function mostOf(rules: readonly Rule[], jail: string): Most {
  const most = new Map<string, bigint>()
  for (const { resource, amount } of rules.filter(rule => rule.jail === jail && rule.per === 'jail')) {
    const known = most.get(resource)
    if (known === undefined || amount < known) most.set(resource, amount)
  }
  return most
}

type Column = readonly [head: string, cell: (one: InstanceState, most: Most) => string | undefined]

const of = (used: number | undefined, most: bigint | number | undefined, say: (amount: number) => string) =>
  used === undefined ? undefined : most === undefined ? say(used) : `${say(used)}/${say(Number(most))}`
const percent = (amount: number) => `${amount}%`

const COLUMNS: readonly Column[] = [
  ['runs', one => (one.running ? (one.blueprint ?? 'yes') : 'no')],
  ['cpu', (one, most) => of(one.use?.cpu_percent, most.get('pcpu'), percent)],
  ['cpus', one => one.cpus],
  ['memory', (one, most) => of(one.use?.memory_bytes, most.get('memoryuse'), size)],
  ['swap', (one, most) => (most.has('swapuse') ? of(one.use?.swap_bytes, most.get('swapuse'), size) : undefined)],
  ['processes', (one, most) => of(one.use?.processes, most.get('maxproc'), String)],
  ['disk', one => of(one.disk?.used_bytes, one.disk?.quota_bytes, size)],
  ['received', one => one.traffic && size(one.traffic.received_bytes)],
  ['sent', one => one.traffic && size(one.traffic.sent_bytes)],
  ['snapshot', one => (one.snapshot_age_seconds === undefined ? undefined : age(one.snapshot_age_seconds))],
  ['replica', one => (one.replica_age_seconds === undefined ? undefined : age(one.replica_age_seconds))],
  ['outage', one => (one.outage_seconds === undefined ? undefined : `${one.outage_seconds.toFixed(1)} s`)],
  ['remarks', one => (one.not_as_configured.length === 0 ? undefined : `${one.not_as_configured.length}`)],
]

/** Columns of which nothing is known are left out. */
export function tableOf(instances: Readonly<Record<string, InstanceState>>, rules: readonly Rule[]): string[] {
  const rows = Object.entries(instances)
  if (rows.length === 0) return []
  const columns = COLUMNS.map(([head, cell]) => [head, rows.map(([id, one]) => cell(one, mostOf(rules, id)))] as const)
  const told = columns.filter(([, cells]) => cells.some(text => text !== undefined))
  const lines = rows.map(([id], at) => [id, ...told.map(([, cells]) => cells[at] ?? '-')])
  return table([['instance', ...told.map(([head]) => head)], ...lines])
}
