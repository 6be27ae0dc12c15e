/** One instance as it is returned: numbers with their units, nothing where nothing is known. */
import type { Mount } from '../../freebsd/mount.ts'
import { isReadOnly } from '../../freebsd/mount.ts'
import { describeRule } from '../../freebsd/rctl.ts'
import { numbersOf } from '../jail/interfaces.ts'
import { epairEnd, PROPERTY } from '../layout.ts'
import { startsAtBoot } from './drift.ts'
import type { InstanceView } from './instance.ts'
import type { Seen } from './look.ts'
import type { Newest } from './snapshots.ts'
import { ageInSeconds } from './words.ts'

export interface InstanceState {
  readonly running: boolean
  readonly jid?: string
  readonly boot: boolean
  readonly hostname?: string
  readonly blueprint?: string
  readonly configured_blueprint?: string
  readonly revision?: number
  readonly addresses: string[]
  readonly mounts: string[]
  readonly limits: string[]
  readonly cpus?: string
  readonly use?: UseState
  readonly disk?: DiskState
  readonly traffic?: { readonly received_bytes: number; readonly sent_bytes: number }
  readonly snapshot?: string
  readonly snapshot_age_seconds?: number
  readonly not_in_snapshot?: string[]
  readonly replica?: string
  readonly replica_age_seconds?: number
  readonly outage_seconds?: number
  readonly switch?: { readonly phase: string; readonly from: string; readonly to: string }
  readonly not_as_configured: string[]
}

type UseState = Record<(typeof USE)[number][1], number>

/** Of what rctl(8) counts, what tells most of an instance. */
const USE = [
  ['pcpu', 'cpu_percent'],
  ['cputime', 'cpu_seconds'],
  ['memoryuse', 'memory_bytes'],
  ['swapuse', 'swap_bytes'],
  ['maxproc', 'processes'],
  ['readbps', 'read_bytes_per_second'],
  ['writebps', 'written_bytes_per_second'],
] as const

interface DiskState {
  readonly used_bytes: number
  readonly snapshots_bytes: number
  readonly available_bytes: number
  readonly quota_bytes?: number
}

export interface Told {
  readonly newest: Newest | undefined
  readonly drift: readonly string[]
  readonly now: Date
}

export function stateOf(view: InstanceView, seen: Seen, { newest, drift, now }: Told): InstanceState {
  const { id, life, jail, configuration, runsOn, configuredOn } = view
  const isRead = typeof configuration === 'object'
  const disk = diskOf(view, seen)
  const use = seen.use.get(id)
  const traffic = trafficOf(id, seen)
  return {
    running: life === 'running',
    ...(jail === undefined ? {} : { jid: jail.jid }),
    boot: startsAtBoot(id, seen),
    ...(isRead ? { hostname: configuration.hostname } : {}),
    ...(runsOn === undefined ? {} : { blueprint: runsOn }),
    ...(configuredOn === undefined ? {} : { configured_blueprint: configuredOn }),
    ...revisionOf(view, seen),
    addresses: isRead ? configuration.wires.flatMap(({ addresses }) => addresses) : [],
    mounts: view.mounts.map(mount => describeMount(mount, view.places.root)),
    limits:
      'rules' in seen.limits
        ? seen.limits.rules
            .filter(rule => rule.jail === id)
            .map(describeRule)
            .sort()
        : [],
    ...(isRead && configuration.cpus !== undefined ? { cpus: configuration.cpus } : {}),
    ...(use === undefined ? {} : { use: useOf(use) }),
    ...(disk === undefined ? {} : { disk }),
    ...(traffic === undefined ? {} : { traffic }),
    ...(newest === undefined
      ? {}
      : {
          snapshot: newest.name,
          snapshot_age_seconds: ageInSeconds(newest.taken, now),
          ...(newest.without.length === 0 ? {} : { not_in_snapshot: [...newest.without] }),
        }),
    ...replicaOf(view, seen, now),
    ...outageOf(view, seen),
    ...switchOf(id, seen),
    not_as_configured: [...drift],
  }
}

const useOf = (use: ReadonlyMap<string, number>) =>
  Object.fromEntries(USE.map(([resource, key]) => [key, use.get(resource) ?? 0])) as UseState

function diskOf({ places }: InstanceView, { datasets }: Seen): DiskState | undefined {
  const row = datasets.get(places.dataset)
  if (row === undefined) return undefined
  const quota = Number(row.get('quota') ?? 0)
  const below = [...datasets].filter(([name]) => name === places.dataset || name.startsWith(`${places.dataset}/`))
  return {
    used_bytes: Number(row.get('used')),
    snapshots_bytes: below.reduce((sum, [, each]) => sum + Number(each.get('usedbysnapshots') ?? 0), 0),
    available_bytes: Number(row.get('available')),
    ...(quota === 0 ? {} : { quota_bytes: quota }),
  }
}

/** What the host's end sends is what the instance receives. */
function trafficOf(id: string, { interfaces, traffic }: Seen): InstanceState['traffic'] {
  const ends = numbersOf(id, interfaces).flatMap(number => traffic.get(epairEnd(number, 'a', id)) ?? [])
  if (ends.length === 0) return undefined
  return {
    received_bytes: ends.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
    sent_bytes: ends.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0),
  }
}

function replicaOf({ places }: InstanceView, { datasets }: Seen, now: Date) {
  const [, seconds, place] = /^(\d+) (.+)$/.exec(datasets.get(places.dataset)?.get(PROPERTY.replica) ?? '') ?? []
  if (place === undefined) return {}
  return { replica: place, replica_age_seconds: ageInSeconds(new Date(Number(seconds) * 1000), now) }
}

/** The lowest, as blueprint_switch takes it to be. */
function revisionOf({ places, runsOn, configuredOn }: InstanceView, { datasets }: Seen) {
  const blueprint = runsOn ?? configuredOn
  const revisions = [...datasets]
    .filter(([name, row]) => name.startsWith(`${places.dataset}/`) && row.get(PROPERTY.blueprint) === blueprint)
    .map(([, row]) => Number(row.get(PROPERTY.revision)))
    .filter(revision => revision > 0)
  return revisions.length === 0 ? {} : { revision: Math.min(...revisions) }
}

/** As blueprint_switch measured it, in milliseconds. */
function outageOf({ places }: InstanceView, { datasets }: Seen) {
  const measured = /^\d+$/.exec(datasets.get(places.dataset)?.get(PROPERTY.outage) ?? '')?.[0]
  return measured === undefined ? {} : { outage_seconds: Number(measured) / 1000 }
}

/** That is under way, or was cut off. */
function switchOf(id: string, { switches }: Seen): Pick<InstanceState, 'switch'> {
  const journal = switches.underWay.get(id)
  if (journal === undefined) return {}
  return { switch: { phase: journal.phase, from: journal.from.blueprint, to: journal.to.blueprint } }
}

/** Inside the instance, and from where: `/etc/rc.d ro /hosting/blueprints/2026Q4-php83/etc/rc.d`. */
const describeMount = (mount: Mount, root: string) =>
  `${mount.node.slice(root.length) || '/'} ${isReadOnly(mount) ? 'ro' : 'rw'} ${mount.special}`
