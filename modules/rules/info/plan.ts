/** What is told of a host: everything by name, a table, and the sentences that matter most. */
import type { Plan } from '../../core/module.ts'
import { type BlueprintState, problemsOfBlueprints, stateOfBlueprints } from './blueprints.ts'
import { driftOf } from './drift.ts'
import { problemsOfHost } from './host.ts'
import { viewsOf } from './instance.ts'
import type { Seen } from './look.ts'
import { describePool, type PoolState, problemsOfPool, stateOfPool } from './pools.ts'
import { newestSnapshots } from './snapshots.ts'
import { type InstanceState, stateOf } from './state.ts'
import { tableOf } from './table.ts'
import { counted } from './words.ts'

export interface HostState {
  host: string
  instances: Record<string, InstanceState>
  blueprints: Record<string, BlueprintState>
  pools: Record<string, PoolState>
  not_as_configured: string[]
  table: string[]
}

export interface Wish {
  /** Undefined for all. */
  readonly ids: readonly string[] | undefined
  readonly facts: boolean
}

export function planInfo({ ids, facts }: Wish, seen: Seen, now: Date): Plan<HostState> {
  const all = viewsOf(seen)
  const views = all.filter(({ id }) => ids?.includes(id) ?? true)
  const newest = newestSnapshots(`${seen.site.dataset}/instances`, seen.snapshots, seen.datasets)
  const instances = Object.fromEntries(
    views.map(view => {
      const drift = driftOf(view, seen)
      return [view.id, stateOf(view, seen, { newest: newest.get(view.id), drift, now })] as const
    }),
  )
  const state: HostState = {
    host: seen.rcConf.get('hostname') ?? '',
    instances,
    blueprints: stateOfBlueprints(seen, all),
    pools: Object.fromEntries(seen.pools.map(pool => [pool.name, stateOfPool(pool, now)])),
    not_as_configured: [
      ...seen.pools.flatMap(pool => problemsOfPool(pool, now)),
      ...problemsOfHost(seen, all),
      ...problemsOfBlueprints(seen),
      ...Object.values(instances).flatMap(one => one.not_as_configured),
    ],
    table: tableOf(instances, 'rules' in seen.limits ? seen.limits.rules : []),
  }
  const unknown = (ids ?? []).filter(id => !(id in instances))
  return {
    before: state,
    after: state,
    steps: [],
    unmet: unknown.map(id => `${id}: this host has no instance of that name. Check the name, or make it first.`),
    ...(facts ? { facts: { bluejail: state } } : {}),
    msg: summary(
      state,
      seen.pools.map(pool => describePool(pool, now)),
      ids === undefined,
    ),
  }
}

/** Of many things that are not as they should be, so many are told. */
const MOST = 5

function summary(
  { host, instances, not_as_configured: problems }: HostState,
  pools: readonly string[],
  isWhole: boolean,
): string {
  const more = problems.length - MOST
  return [
    isWhole ? counts(host, Object.values(instances)) : Object.entries(instances).map(describeInstance).join(' '),
    ...pools,
    problems.length === 0
      ? 'Everything is as configured.'
      : `Not as configured: ${problems.slice(0, MOST).join('; ')}${more > 0 ? `; and ${more} more (state.not_as_configured)` : ''}.`,
  ]
    .filter(sentence => sentence !== '')
    .join(' ')
}

function counts(host: string, instances: readonly InstanceState[]): string {
  const running = instances.filter(one => one.running)
  const blueprints = new Set(running.flatMap(({ blueprint }) => blueprint ?? []))
  const name = host === '' ? 'This host' : host
  if (instances.length === 0) return `${name} has no instances.`
  if (running.length === 0) return `${name} has ${counted(instances.length, 'instance')}, none of which runs.`
  return `${name} has ${counted(instances.length, 'instance')}, of which ${running.length} ${running.length === 1 ? 'runs' : 'run'} on ${counted(blueprints.size, 'blueprint')}.`
}

const describeInstance = ([id, { running, blueprint }]: [string, InstanceState]) =>
  running ? `${id} runs${blueprint === undefined ? '' : ` on ${blueprint}`}.` : `${id} does not run.`
