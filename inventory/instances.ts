/** The instances of all hosts: what the inventory says of them, and what their hosts say. Where both do, the host is right. */
import { Failure } from '../modules/core/errors.ts'
import { parseJails } from '../modules/freebsd/jls.ts'
import { parseMounts } from '../modules/freebsd/mount.ts'
import {
  blueprintPath,
  checkBlueprintName,
  checkInstanceId,
  instancePlaces,
  isInstanceId,
  type Site,
} from '../modules/rules/layout.ts'
import type { Answers } from './ask.ts'
import { type Asked, partsOf, type Told } from './play.ts'

export interface Instance {
  readonly id: string
  readonly host: string
  readonly blueprint?: string
  readonly customer?: string
  /** Unknown where the host was silent. */
  readonly running?: boolean
}

export interface Host {
  readonly name: string
  /** The names of the variables that say how it is reached. */
  readonly connection: readonly string[]
}

export interface Fleet {
  readonly hosts: readonly Host[]
  readonly instances: readonly Instance[]
  /** Names that an instance cannot have in the inventory: hosts and groups. */
  readonly taken: ReadonlySet<string>
  readonly warnings: readonly string[]
}

/** What a host said of one instance. */
interface Sight {
  readonly running: boolean
  readonly blueprint?: string
}

export function fleetOf(answers: Answers): Fleet {
  const taken = new Set(answers.keys())
  const hosts: Host[] = []
  const instances: Instance[] = []
  const warnings: string[] = []
  for (const [name, told] of [...answers].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if ('problem' in told) {
      warnings.push(`${name}: its variables cannot be read, so its instances are left out: ${firstLine(told.problem)}`)
      continue
    }
    for (const group of told.groups) taken.add(group)
    hosts.push({ name, connection: told.connection })
    try {
      instances.push(...instancesOf(name, told, warnings))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      warnings.push(`${name}: its instances are left out: ${error.message}`)
    }
  }
  return { hosts, instances, taken, warnings }
}

function instancesOf(host: string, told: Told, warnings: string[]): Instance[] {
  const declared = new Map(
    told.instances.map(own => {
      const { id, blueprint, customer } = { ...told.defaults, ...own }
      return [
        checkInstanceId(String(id)),
        {
          ...(blueprint === undefined ? {} : { blueprint: checkBlueprintName(String(blueprint)) }),
          ...(customer === undefined ? {} : { customer: String(customer) }),
        },
      ] as const
    }),
  )
  const seen = sightsOf(host, told, warnings)
  return [...new Set([...declared.keys(), ...(seen?.keys() ?? [])])].map(id => ({
    id,
    host,
    ...declared.get(id),
    ...(seen === undefined ? {} : { running: false }),
    ...seen?.get(id),
  }))
}

/** The instances that it has, or undefined where it did not tell. */
function sightsOf(host: string, { said, path }: Told, warnings: string[]): Map<string, Sight> | undefined {
  const silent = silenceOf(said)
  if (silent !== undefined) {
    if (silent !== '') warnings.push(`${host} did not tell what runs (${silent}): its instances are the inventory's.`)
    return undefined
  }
  const { jails, mounts, datasets } = partsOf(said.stdout ?? '')
  const site: Site = { dataset: '', path }
  const roots = new Map(parseMounts(mounts).map(({ node, special }) => [node, special]))
  const running = parseJails(jails).filter(jail => !jail.isDying && isOurs(jail.name, jail.path, site))
  return new Map<string, Sight>([
    ...datasets.flatMap(keptIn).map(id => [id, { running: false }] as const),
    ...running.map(({ name, path: root }) => {
      const blueprint = roots.get(root)?.slice(blueprintPath(site, '').length)
      return [
        name,
        { running: true, ...(blueprint === undefined ? {} : { blueprint: checkBlueprintName(blueprint) }) },
      ] as const
    }),
  ])
}

/** The instance whose dataset a line tells of, unless it went to another host and this is what it left. */
function keptIn(line: string): string[] {
  const [name = '', moved = '-'] = line.split('\t')
  const id = name.split('/').at(-1) ?? ''
  return moved === '-' && name.endsWith(`/instances/${id}`) && isInstanceId(id) ? [id] : []
}

/** Why there is no answer; nothing to tell of where it was not asked. */
function silenceOf({ rc, stderr, msg, unreachable }: Asked): string | undefined {
  if (rc === 0) return undefined
  if (unreachable) return `unreachable: ${firstLine(msg ?? '')}`
  return rc === undefined ? '' : firstLine(stderr || msg || `exit status ${rc}`)
}

const isOurs = (name: string, root: string, site: Site): boolean =>
  isInstanceId(name) && instancePlaces(site, name).root === root

const firstLine = (text: string) => text.trim().split('\n')[0] ?? ''
