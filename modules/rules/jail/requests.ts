/** What an instance_jail task asks for, one request an instance, with everything that can be wrong with the words alone. */
import { InvalidOptions } from '../../core/errors.ts'
import type { Scalar } from '../../core/options.ts'
import type { Cpus } from '../../freebsd/cpuset.ts'
import { checkInstanceId, type InstancePlaces, instancePlaces, type Site } from '../layout.ts'
import { readCpuList } from '../limit/cpus.ts'
import { oneOrList, refuseRepeated, withoutUndefined } from '../listed.ts'
import { siteOf } from '../site.ts'
import { MOST_INTERFACES } from './interfaces.ts'
import {
  type InterfaceOptions,
  type InterfaceWish,
  interfacesOf,
  type Route,
  refuseSharedAddresses,
  routesOf,
} from './network.ts'
import { type Parameters, parametersOf, sharesNetwork } from './settings.ts'

export type State = 'started' | 'stopped' | 'restarted' | 'present' | 'absent'

/** The options that an instance of the list and the task itself have alike. */
export interface InstanceOptions {
  readonly state?: State | undefined
  readonly hostname?: string | undefined
  readonly interfaces?: readonly InterfaceOptions[] | undefined
  readonly gateways?: readonly string[] | undefined
  readonly routes?: Readonly<Record<string, string>> | undefined
  readonly parameters?: Readonly<Record<string, Scalar>> | undefined
  readonly cpus?: string | undefined
  readonly boot?: boolean | undefined
  readonly after?: readonly string[] | undefined
  readonly restart?: boolean | undefined
  readonly destroy_datasets?: boolean | undefined
  readonly configure?: boolean | undefined
}

export interface TaskOptions extends InstanceOptions {
  readonly id?: string | undefined
  readonly instances?: readonly ({ readonly id: string } & InstanceOptions)[] | undefined
  readonly parallel: number
  readonly host?: string | undefined
  readonly parallel_start?: boolean | undefined
  readonly reverse_stop?: boolean | undefined
  readonly hosting_dataset?: string | undefined
  readonly hosting_path?: string | undefined
}

export interface Request {
  readonly id: string
  readonly site: Site
  readonly places: InstancePlaces
  readonly state: State
  readonly hostname: string
  readonly interfaces: readonly InterfaceWish[]
  readonly routes: readonly Route[]
  readonly parameters: Parameters
  /** Undefined for all that the host has. */
  readonly cpus: Cpus | undefined
  readonly boot: boolean
  /** Instances that come before it, whether of this task or not. */
  readonly after: readonly string[]
  readonly restart: boolean
  readonly destroysDatasets: boolean
  /** Otherwise it is started or stopped as it is configured already. */
  readonly configures: boolean
}

/** What an instance that is only to be started or stopped has already. */
const OF_CONFIGURATION = ['hostname', 'interfaces', 'gateways', 'routes', 'boot', 'restart', 'cpus'] as const

/** In the order in which they are to be started. */
export function requestsOf(task: TaskOptions): Request[] {
  const { id, instances, hosting_dataset, hosting_path, ...common } = task
  const given = oneOrList('instance', 'id', id, instances)
  refuseRepeated(given.map(one => one.id))
  const site = siteOf({ hosting_dataset, hosting_path })
  const requests = given.map(own => requestOf(own.id, combined(common, own), site))
  refuseSharedAddresses(new Map(requests.map(one => [one.id, one.interfaces])))
  return inOrder(requests)
}

function combined(common: InstanceOptions, own: InstanceOptions): InstanceOptions {
  return { ...common, ...withoutUndefined(own), parameters: { ...common.parameters, ...own.parameters } }
}

function requestOf(id: string, options: InstanceOptions, site: Site): Request {
  const places = instancePlaces(site, checkInstanceId(id))
  const refuse = (why: string): never => {
    throw new InvalidOptions(`${id}: ${why}`)
  }
  const { state = 'started', hostname = id, after = [], destroy_datasets: destroysDatasets = false } = options
  if (!/^[A-Za-z0-9]([A-Za-z0-9.-]{0,253}[A-Za-z0-9])?$/.test(hostname)) refuse(`'${hostname}' is not a host's name`)
  if (destroysDatasets && state !== 'absent') refuse('`destroy_datasets` goes with `state: absent` alone')

  const { configure = true } = options
  if (!configure) {
    const excess: string[] = OF_CONFIGURATION.filter(name => options[name] !== undefined)
    if (Object.keys(options.parameters ?? {}).length > 0) excess.push('parameters')
    if (excess.length > 0) refuse(`with \`configure: false\`, ${excess.join(', ')} cannot be given`)
    if (!['started', 'stopped', 'restarted'].includes(state))
      refuse(`with \`configure: false\` it can be started, stopped or restarted, and not ${state}`)
  }
  const interfaces = interfacesOf(id, options.interfaces ?? [], MOST_INTERFACES)
  const parameters = parametersOf(id, options.parameters ?? {}, places)
  if (sharesNetwork(parameters) && interfaces.length > 0)
    refuse('it cannot have both interfaces of its own and the addresses of the host (ip4, ip6, ip4.addr, ip6.addr)')
  return {
    id,
    site,
    places,
    state,
    hostname,
    interfaces,
    routes: routesOf(id, options.gateways ?? [], options.routes ?? {}, interfaces),
    parameters,
    cpus: cpusOf(id, options.cpus),
    boot: options.boot ?? true,
    after: after.map(checkInstanceId),
    restart: options.restart ?? false,
    destroysDatasets,
    configures: configure,
  }
}

function cpusOf(id: string, words = 'all'): Cpus | undefined {
  try {
    const wish = readCpuList(words)
    return wish === 'all' ? undefined : wish
  } catch (problem) {
    throw problem instanceof InvalidOptions ? new InvalidOptions(`${id}: ${problem.message}`) : problem
  }
}

/** Each behind those it names in `after`; otherwise as they were given. */
function inOrder(requests: readonly Request[]): Request[] {
  const known = new Map(requests.map(one => [one.id, one]))
  const ordered = new Set<Request>()
  const place = (one: Request, path: readonly string[]) => {
    if (ordered.has(one)) return
    if (path.includes(one.id))
      throw new InvalidOptions(
        `\`after\` goes round in a circle: ${[...path.slice(path.indexOf(one.id)), one.id].join(' after ')}`,
      )
    for (const id of one.after) {
      const before = known.get(id)
      if (before !== undefined) place(before, [...path, one.id])
    }
    ordered.add(one)
  }
  for (const one of requests) place(one, [])
  return [...ordered]
}

/** Those that can be started side by side, wave after wave. */
export function wavesOf(requests: readonly Request[]): Request[][] {
  const waves: Request[][] = []
  const waveOf = new Map<string, number>()
  for (const one of requests) {
    const wave = Math.max(-1, ...one.after.map(id => waveOf.get(id) ?? -1)) + 1
    waveOf.set(one.id, wave)
    const members = waves[wave] ?? []
    waves[wave] = members
    members.push(one)
  }
  return waves
}
