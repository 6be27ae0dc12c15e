/**
 * Everything that is read of a host to tell about it: ten processes at most, however many instances, and two more for
 * figures; the rest are files.
 */
import { Refused } from '../../core/errors.ts'
import type { Probe } from '../../core/host.ts'
import { type Interface, listInterfaces } from '../../freebsd/ifconfig.ts'
import { type JailInFull, listJailsInFull } from '../../freebsd/jls.ts'
import { isWithin, listMounts, type Mount } from '../../freebsd/mount.ts'
import { readTraffic, type Traffic } from '../../freebsd/netstat.ts'
import { type Anchors, readAnchors } from '../../freebsd/pf.ts'
import { readRcFiles } from '../../freebsd/rc-files.ts'
import { type Kernel as Limits, readRules, readUse } from '../../freebsd/rctl.ts'
import { type BootFile, readBootFile } from '../../freebsd/rctl-conf.ts'
import { readSysctls, type Sysctls } from '../../freebsd/sysctl.ts'
import { listTree, type Row } from '../../freebsd/zfs-tree.ts'
import { type Pool, readPools } from '../../freebsd/zpool.ts'
import { type Manifest, parseManifest } from '../blueprint/manifest.ts'
import { BRIDGES_FILE } from '../bridge/filter.ts'
import { SYSCTLS } from '../bridge/plan.ts'
import {
  blueprintPath,
  FILTER_FOLDER,
  INSTANCE_CONFS,
  instancePlaces,
  MANIFEST,
  PROPERTY,
  rulesFile,
  type Site,
} from '../layout.ts'
import { readSwitches, type Switches } from '../switch/ways-back.ts'

export interface Seen {
  readonly site: Site
  readonly jails: readonly JailInFull[]
  /** In the order of mounting. */
  readonly mounts: readonly Mount[]
  readonly interfaces: readonly Interface[]
  /** Empty where figures were not asked for. */
  readonly traffic: ReadonlyMap<string, Traffic>
  /** Of those that bridges and what is on them depend on. */
  readonly sysctls: Sysctls
  readonly limits: Limits
  /** Of running jails, where the kernel counts it. */
  readonly use: ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly atBoot: BootFile
  readonly rcConf: ReadonlyMap<string, string>
  readonly pools: readonly Pool[]
  readonly filter: Anchors
  /** The file of pf's rules for bridges. */
  readonly bridgeRules: string | undefined
  /** Files of rules of instances, by id. */
  readonly rulesFiles: ReadonlyMap<string, string>
  /** Below the site's dataset, with PROPERTIES. Empty where it is not there. */
  readonly datasets: ReadonlyMap<string, Row>
  readonly snapshots: ReadonlyMap<string, Row>
  /** Why blueprints were amended, by the snapshot of the revision. */
  readonly reasons: ReadonlyMap<string, string>
  /** Files of /etc/jail.conf.d whose names could be an instance's, by that. */
  readonly confs: ReadonlyMap<string, string>
  /** By path: of each instance its fstab and the one of its next start. */
  readonly fstabs: ReadonlyMap<string, string>
  readonly switches: Switches
  /** By blueprint: its manifest, or why it cannot be read. */
  readonly manifests: ReadonlyMap<string, Manifest | string>
}

const PROPERTIES: readonly string[] = [
  'used',
  'available',
  'usedbysnapshots',
  'quota',
  'readonly',
  'keystatus',
  PROPERTY.stage,
  PROPERTY.blueprint,
  PROPERTY.revision,
  PROPERTY.seeded,
  PROPERTY.replica,
  PROPERTY.outage,
  PROPERTY.reason,
  'creation',
]

/** `figures`: how full pools are, and what went through interfaces. */
export async function lookAtHost(site: Site, machine: Probe, figures: boolean): Promise<Seen> {
  const [
    jails,
    mounts,
    interfaces,
    traffic,
    sysctls,
    limits,
    atBoot,
    rcConf,
    pools,
    filter,
    bridgeRules,
    tree,
    ...files
  ] = await Promise.all([
    listJailsInFull(machine),
    listMounts(machine),
    listInterfaces(machine),
    figures ? readTraffic(machine) : new Map(),
    readSysctls(machine, SYSCTLS),
    readRules(machine),
    readBootFile(machine),
    readRcFiles(machine),
    readPools(machine, figures),
    readAnchors(machine),
    machine.read(BRIDGES_FILE),
    listTree(machine, site.dataset, 'filesystem,volume,snapshot', PROPERTIES),
    readById(machine, INSTANCE_CONFS, id => `${INSTANCE_CONFS}/${id}.conf`),
    readById(machine, FILTER_FOLDER, rulesFile),
  ])
  const [confs, rulesFiles] = files
  const running = jails.filter(({ path, isDying }) => !isDying && isWithin(path, `${site.path}/instances`))
  const datasets = new Map([...tree].filter(([name]) => !name.includes('@')))
  const snapshots = new Map(
    [...tree].filter(([name]) => name.startsWith(`${site.dataset}/instances`) && name.includes('@')),
  )
  const reasons = new Map(
    [...tree].flatMap(([name, row]) => {
      const reason = name.startsWith(`${site.dataset}/blueprints/`) ? row.get(PROPERTY.reason) : undefined
      return reason === undefined ? [] : [[name, reason] as const]
    }),
  )
  const ids = [...new Set([...childrenOf(`${site.dataset}/instances`, datasets), ...confs.keys()])]
  return {
    site,
    jails,
    mounts,
    interfaces,
    traffic,
    sysctls,
    limits,
    use:
      'rules' in limits
        ? await readUse(
            machine,
            running.map(({ name }) => name),
          )
        : new Map(),
    atBoot,
    rcConf,
    pools,
    filter,
    bridgeRules,
    rulesFiles,
    datasets,
    snapshots,
    reasons,
    confs,
    fstabs: await readFstabs(machine, site, ids),
    switches: await readSwitches(machine, site, ids),
    manifests: await readManifests(machine, site, childrenOf(`${site.dataset}/blueprints`, datasets)),
  }
}

/** The names of the datasets directly below one. */
export const childrenOf = (dataset: string, datasets: ReadonlyMap<string, Row>): string[] =>
  [...datasets.keys()].flatMap(name => {
    const child = name.startsWith(`${dataset}/`) ? name.slice(dataset.length + 1) : ''
    return child === '' || child.includes('/') ? [] : [child]
  })

/** Files of a directory whose names could be an instance's. */
async function readById(
  machine: Probe,
  directory: string,
  pathOf: (id: string) => string,
): Promise<Map<string, string>> {
  const names = (await machine.list(directory)) ?? []
  const ids = names.flatMap(name => /^([a-z][a-z0-9-]{0,10})\.conf$/.exec(name)?.[1] ?? [])
  return readAll(ids, id => machine.read(pathOf(id)))
}

const readFstabs = (machine: Probe, site: Site, ids: readonly string[]): Promise<Map<string, string>> => {
  const paths = ids.map(id => instancePlaces(site, id)).flatMap(({ fstab, nextFstab }) => [fstab, nextFstab])
  return readAll(paths, path => machine.read(path))
}

const readManifests = (machine: Probe, site: Site, names: readonly string[]): Promise<Map<string, Manifest | string>> =>
  readAll(names, async name => {
    const path = `${blueprintPath(site, name)}/${MANIFEST}`
    try {
      return parseManifest(await machine.read(path), path)
    } catch (problem) {
      if (problem instanceof Refused) return problem.message
      throw problem
    }
  })

async function readAll<T>(
  keys: readonly string[],
  read: (key: string) => Promise<T | undefined>,
): Promise<Map<string, T>> {
  const found = await Promise.all(keys.map(async key => [key, await read(key)] as const))
  return new Map(found.flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])))
}
