/** What a host shows of one instance: as it is, and as its own files say that it shall be. */
import { cpusIn } from '../../freebsd/cpuset.ts'
import { type FstabEntry, parseFstab } from '../../freebsd/fstab.ts'
import { type MadeWire, wiresIn } from '../../freebsd/ifconfig-wires.ts'
import type { Setting } from '../../freebsd/jail-conf.ts'
import { linesUnder, settingsIn } from '../../freebsd/jail-conf-read.ts'
import { parameterNamed } from '../../freebsd/jail-parameters.ts'
import type { JailInFull } from '../../freebsd/jls.ts'
import { isWithin, type Mount } from '../../freebsd/mount.ts'
import { mountsBelow } from '../instance/compare.ts'
import type { PlannedMount } from '../instance/mounts.ts'
import { formatOf } from '../jail/config.ts'
import type { Parameter, Parameters } from '../jail/settings.ts'
import { FORMAT, type InstancePlaces, instancePlaces, type Site } from '../layout.ts'
import { childrenOf, type Seen } from './look.ts'

export interface Configuration {
  readonly hostname: string
  readonly parameters: Parameters
  readonly wires: readonly MadeWire[]
  /** Those that it is held to from its start on. */
  readonly cpus: string | undefined
}

export interface InstanceView {
  readonly id: string
  readonly places: InstancePlaces
  readonly life: 'running' | 'dying' | 'stopped'
  readonly jail: JailInFull | undefined
  /** What its file in /etc/jail.conf.d says, or why nobody can tell; undefined where there is none. */
  readonly configuration: Configuration | string | undefined
  /** Below its root, in the order of mounting. */
  readonly mounts: readonly Mount[]
  /** By which it was mounted, where it runs. */
  readonly fstab: readonly FstabEntry[]
  /** What that says, and where there is one for its next start, that one. */
  readonly planned: readonly PlannedMount[]
  /** The blueprint whose tree is its root. */
  readonly runsOn: string | undefined
  readonly configuredOn: string | undefined
}

/** Every instance that has a dataset, a configuration, or a jail. */
export function viewsOf(seen: Seen): InstanceView[] {
  const ours = [...seen.confs].filter(([, conf]) => formatOf(conf) !== undefined).map(([id]) => id)
  const jails = seen.jails.filter(({ name, path }) => path === instancePlaces(seen.site, name).root)
  const ids = new Set([
    ...childrenOf(`${seen.site.dataset}/instances`, seen.datasets),
    ...ours,
    ...jails.map(({ name }) => name),
  ])
  return [...ids].sort().map(id => viewOf(id, seen))
}

function viewOf(id: string, seen: Seen): InstanceView {
  const places = instancePlaces(seen.site, id)
  const own = seen.jails.filter(({ name, path }) => name === id || isWithin(path, places.root))
  const jail = own.find(({ isDying }) => !isDying)
  const mounts = mountsBelow(seen.mounts, places.root)
  const fstab = entriesOf(seen.fstabs.get(places.fstab))
  const next = seen.fstabs.get(places.nextFstab)
  const planned = plannedIn(next === undefined ? fstab : entriesOf(next), places, seen.site)
  const rootOf = (all: readonly FstabEntry[]) => all.find(({ node }) => node === places.root)?.special
  return {
    id,
    places,
    life: jail !== undefined ? 'running' : own.length > 0 ? 'dying' : 'stopped',
    jail,
    configuration: configurationOf(seen.confs.get(id)),
    mounts,
    fstab,
    planned,
    runsOn: jail === undefined ? undefined : blueprintAt(seen.site, rootOf(mounts)),
    configuredOn: blueprintAt(seen.site, rootOf(planned)),
  }
}

/** The blueprint whose tree is at `path`. */
function blueprintAt({ path }: Site, tree: string | undefined): string | undefined {
  const name = tree?.startsWith(`${path}/blueprints/`) ? tree.slice(`${path}/blueprints/`.length) : undefined
  return name?.includes('/') ? undefined : name
}

function plannedIn(entries: readonly FstabEntry[], { root }: InstancePlaces, { path }: Site): PlannedMount[] {
  return entries.map(entry => ({
    ...entry,
    path: entry.node.slice(root.length + 1),
    part:
      entry.node === root
        ? 'blueprint'
        : entry.fstype === 'zfs'
          ? 'writable'
          : isWithin(entry.special, `${path}/blueprints`)
            ? 'overlay'
            : 'extra',
  }))
}

/** A file that nobody can read has no entries: jail(8) would not mount anything either. */
function entriesOf(text: string | undefined): FstabEntry[] {
  try {
    return parseFstab(text ?? '')
  } catch {
    return []
  }
}

function configurationOf(conf: string | undefined): Configuration | string | undefined {
  if (conf === undefined) return undefined
  const format = formatOf(conf)
  if (format === undefined) return 'it was not written by bluejail'
  if (format > FORMAT) return `it is of format ${format}, written by a later release of bluejail than this one`
  const settings = settingsIn(conf)
  if (settings === undefined) return 'it was changed by hand'
  return {
    hostname: linesUnder(settings, 'host.hostname')[0] ?? '',
    parameters: new Map(settings.filter(([name]) => !GIVEN_OTHERWISE.has(name)).map(parameterOf)),
    wires: wiresIn(linesUnder(settings, 'exec.prepare'), linesUnder(settings, 'exec.created')),
    cpus: cpusIn(conf),
  }
}

/** What instance_jail writes beside the parameters that a task may give. */
const GIVEN_OTHERWISE = new Set(
  'path host.hostname mount.fstab vnet persist exec.prepare exec.created exec.release'.split(' '),
)

function parameterOf([name, value]: Setting): [string, Parameter] {
  const known = parameterNamed(name)
  if (value === true) return [known?.parameter.name ?? name, { kind: 'switch', value: String(!known?.isNegated) }]
  return [name, { kind: known?.parameter.kind ?? 'text', value: typeof value === 'string' ? value : value.join(',') }]
}
