/** What is known of a host and of each instance when a plan is made. */
import { Refused } from '../../core/errors.ts'
import type { Interface, Wire } from '../../freebsd/ifconfig.ts'
import { unitsIn } from '../../freebsd/ifconfig.ts'
import type { JailInFull } from '../../freebsd/jls.ts'
import { isWithin, type Mount } from '../../freebsd/mount.ts'
import type { Neighbor } from '../../freebsd/neighbors.ts'
import type { Anchors } from '../../freebsd/pf.ts'
import { refuseLaterFormat } from '../bridge/revision.ts'
import type { Seen as SeenDatasets } from '../dataset/plan.ts'
import { FORMAT, onItsWay, rulesFile } from '../layout.ts'
import type { SeenFile } from '../program/file.ts'
import { guardAsIs } from './as-configured.ts'
import { compareJail, type Difference } from './compare.ts'
import { formatOf, renderConf } from './config.ts'
import { type Guard, guardOf } from './filter.ts'
import {
  chooseUnits,
  leftInterfaces,
  madeByOthers,
  madeIn,
  refuseCollisions,
  refuseOpen,
  takenUnits,
  wiresOf,
} from './interfaces.ts'
import type { RcConf } from './list.ts'
import type { Request } from './requests.ts'
import { unknownParameters } from './settings.ts'

export interface Seen {
  readonly jails: readonly JailInFull[]
  readonly mounts: readonly Mount[]
  readonly interfaces: readonly Interface[]
  readonly rcConf: RcConf
  /** Files of /etc/jail.conf.d whose names could be an instance's, by that. */
  readonly confs: ReadonlyMap<string, string>
  /** Paths that were looked for and are there. */
  readonly present: ReadonlySet<string>
  /** Fstabs of instances that run, by id. */
  readonly fstabs: ReadonlyMap<string, string>
  /** The console's last lines of instances that did not start, by id. */
  readonly consoles: ReadonlyMap<string, readonly string[]>
  /** Parameters that this host's kernel knows, where something asks for one that FreeBSD's manual does not list. */
  readonly parameters: ReadonlySet<string>
  /** Files of pf's rules, by id. */
  readonly rules: ReadonlyMap<string, string>
  /** What stops instances when the host goes down. */
  readonly shutdown: SeenFile
  /** What of them is in force; undefined where neither the task nor a file needs pf. */
  readonly anchors: Anchors | undefined
  /** Permanent entries of the host's tables of neighbors. */
  readonly neighbors: readonly Neighbor[]
  /** Of instances whose datasets shall go. */
  readonly datasets: SeenDatasets
}

export interface View {
  readonly request: Request
  /** Undefined where it does not run. */
  readonly jail: JailInFull | undefined
  readonly isDying: boolean
  /** Below its root, in the order of mounting. */
  readonly mounts: readonly Mount[]
  /** Its interfaces' ends on the host, one of each pair. */
  readonly interfaces: readonly string[]
  /** What the host has fixed for its link addresses. */
  readonly neighbors: readonly Neighbor[]
  readonly conf: string | undefined
  readonly wantedConf: string
  readonly wires: readonly Wire[]
  readonly guard: Guard
  /** instance_mounts has another fstab for the next start. */
  readonly hasNextFstab: boolean
  /** Of a running one. */
  readonly difference: Difference
}

export function viewsOf(requests: readonly Request[], host: string | undefined, seen: Seen): View[] {
  const problems = requests.flatMap(({ id, parameters }) =>
    unknownParameters(parameters, seen.parameters).map(one => `${id}: ${one}`),
  )
  if (problems.length > 0) throw new Refused(problems.join(' '))
  const taken = takenUnits(seen.confs, seen.interfaces)
  const name = host ?? seen.rcConf.get('hostname') ?? ''
  const views = requests.map(request => {
    refuseForeign(request, seen)
    const units = chooseUnits(request.id, request.interfaces.length, taken)
    return viewOf(request, wiresOf(request, nameFor(request, name), units, seen.interfaces), seen)
  })
  // One that shall stop may be the way out of what two have at once.
  const staying = views.filter(
    ({ request: { configures, state } }) => configures && state !== 'absent' && state !== 'stopped',
  )
  for (const { request, wires } of staying) refuseOpen(request.id, wires, seen.interfaces)
  refuseCollisions(new Map(staying.map(({ request, wires }) => [request.id, wires])), {
    made: madeByOthers(seen.confs, new Set(views.map(({ request }) => request.id))),
    interfaces: seen.interfaces,
  })
  return views
}

function nameFor({ id, interfaces, state }: Request, host: string): string {
  if (host !== '' || interfaces.length === 0 || state === 'absent') return host
  throw new Refused(
    `${id}: link addresses are derived from the host's name, and rc.conf has none. Set it ('sysrc hostname=…'), or give \`host\`.`,
  )
}

function viewOf(request: Request, wires: readonly Wire[], seen: Seen): View {
  const { id, places } = request
  const jail = seen.jails.find(one => one.name === id && !one.isDying)
  const mounts = seen.mounts.filter(({ node }) => isWithin(node, places.root))
  const conf = seen.confs.get(id)
  const hasNextFstab = seen.present.has(places.nextFstab)
  const ownGuard = guardOf(request, wires, seen.rules.get(id), seen.anchors)
  const guard = request.configures ? ownGuard : guardAsIs(ownGuard)
  const ends = [...madeIn(conf ?? ''), ...wires.map(({ inner, bridge }) => ({ ether: inner.ether, bridge }))]
  const neighbors = seen.neighbors.filter(one =>
    ends.some(({ ether, bridge }) => ether === one.ether && bridge === one.interface),
  )
  const running = jail && { jail, mounts, interfaces: seen.interfaces, neighbors, hasNextFstab, conf }
  return {
    request,
    jail,
    isDying: seen.jails.some(one => one.name === id && one.isDying),
    mounts,
    interfaces: leftInterfaces(id, unitsIn(conf ?? ''), seen.interfaces),
    neighbors,
    conf,
    wantedConf: request.configures ? renderConf(request, wires, guard) : (conf ?? ''),
    wires,
    guard,
    hasNextFstab,
    difference:
      running === undefined || !request.configures ? { steps: [], pending: [] } : compareJail(request, wires, running),
  }
}

/** What somebody else made under this name is not ours to change, stop or overwrite. */
function refuseForeign({ id, places }: Request, seen: Seen): void {
  if (seen.present.has(places.journal)) throw new Refused(onItsWay(id, places))
  const conf = seen.confs.get(id)
  const format = conf === undefined ? FORMAT : formatOf(conf)
  if (format === undefined)
    throw new Refused(
      `${id}: ${places.jailConf} is there and was not written by bluejail. Move it away, or choose another id.`,
    )
  if (format > FORMAT)
    throw new Refused(
      `${id}: ${places.jailConf} is of format ${format}, written by a later release of bluejail than this one, which knows ${FORMAT}. Use that release.`,
    )
  refuseLaterFormat(seen.rules.get(id), rulesFile(id))
  const jail = seen.jails.find(one => one.name === id)
  if (jail !== undefined && jail.path !== places.root)
    throw new Refused(
      `${id}: a jail of this name runs in ${jail.path}, and the instance's root is ${places.root}. Choose another id, or stop that jail.`,
    )
}
