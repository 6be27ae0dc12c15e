/** Which files must be looked at to decide about jails, and what is read only where something asks for it. */
import type { Probe } from '../../core/host.ts'
import type { Done } from '../../core/perform.ts'
import { readConsole } from '../../freebsd/console-log.ts'
import { addressesIn } from '../../freebsd/ifconfig.ts'
import type { JailInFull } from '../../freebsd/jls.ts'
import type { Mount } from '../../freebsd/mount.ts'
import { listNeighbors, type Neighbor } from '../../freebsd/neighbors.ts'
import { type Anchors, readAnchors } from '../../freebsd/pf.ts'
import { listBelow, readHolds } from '../../freebsd/zfs.ts'
import { readDatasets } from '../../freebsd/zfs-datasets.ts'
import { FILTER_FOLDER, INSTANCE_CONFS, rulesFile } from '../layout.ts'
import { concernsFilter } from './filter.ts'
import { History } from './history.ts'
import { MAIN_CONF } from './list.ts'
import type { Request } from './requests.ts'
import { lookAtShutdown } from './shutdown.ts'
import { directoriesFor, startStep } from './start.ts'
import type { Seen } from './world.ts'

export type Look = Pick<Seen, 'confs' | 'present' | 'fstabs' | 'rules' | 'shutdown'>

export async function lookAt(requests: readonly Request[], machine: Probe): Promise<Look> {
  const paths = new Set([
    MAIN_CONF,
    FILTER_FOLDER,
    ...requests.flatMap(request => directoriesFor(request).map(({ path }) => path)),
    ...requests.flatMap(({ places }) => [places.root, places.nextFstab, places.journal]),
  ])
  const found = await Promise.all([...paths].map(async path => [path, await machine.status(path)] as const))
  const fstabs = await Promise.all(
    requests.map(async ({ id, places }) => [id, await machine.read(places.fstab)] as const),
  )
  const rules = await Promise.all(requests.map(async ({ id }) => [id, await machine.read(rulesFile(id))] as const))
  return {
    confs: await readConfs(machine),
    present: new Set(found.flatMap(([path, status]) => (status === undefined ? [] : [path]))),
    fstabs: present(fstabs),
    rules: present(rules),
    shutdown: await lookAtShutdown(machine),
  }
}

const present = (texts: readonly (readonly [string, string | undefined])[]) =>
  new Map(texts.flatMap(([id, text]) => (text === undefined ? [] : [[id, text] as const])))

/** All of them, for the numbers of epairs that they have taken. */
async function readConfs(machine: Probe): Promise<Map<string, string>> {
  const names = (await machine.list(INSTANCE_CONFS)) ?? []
  const ids = names.flatMap(name => /^([a-z][a-z0-9-]{0,10})\.conf$/.exec(name)?.[1] ?? [])
  const texts = await Promise.all(
    ids.map(async id => [id, await machine.read(`${INSTANCE_CONFS}/${id}.conf`)] as const),
  )
  return present(texts)
}

/** Of those that this run has started, and that do not run. */
export async function readConsoles(
  requests: readonly Request[],
  jails: readonly JailInFull[],
  machine: Probe,
  done: readonly Done[],
): Promise<Map<string, string[]>> {
  const history = new History(done)
  const consoles = new Map<string, string[]>()
  for (const request of requests) {
    const { id, parameters } = request
    const log = parameters.get('exec.consolelog')?.value
    if (log === undefined || history.tries(startStep(request)) === 0 || jails.some(({ name }) => name === id)) continue
    consoles.set(id, await readConsole(machine, log))
  }
  return consoles
}

export async function readDatasetsToDestroy(
  requests: readonly Request[],
  mounts: readonly Mount[],
  machine: Probe,
): Promise<Seen['datasets']> {
  const names = requests.filter(one => one.destroysDatasets).map(({ places }) => places.dataset)
  const datasets = names.length === 0 ? new Map() : await readDatasets(machine, names)
  const below = datasets.size === 0 ? [] : await listBelow(machine, [...datasets.keys()])
  const held = below.filter(({ holds }) => holds > 0).map(({ name }) => name)
  return {
    datasets,
    below,
    mounts,
    holds: held.length === 0 ? new Map() : await readHolds(machine, held),
    snapshots: new Set(),
    altroots: new Map(),
    modes: new Map(),
  }
}

/** Undefined where pf need not be there. */
export const lookAtFilter = async (
  requests: readonly Request[],
  rules: Look['rules'],
  machine: Probe,
): Promise<Anchors | undefined> => (concernsFilter(requests, rules) ? readAnchors(machine) : undefined)

/** Where no address is anybody's own, there is nothing to be seen of any. */
export async function lookAtNeighbors(
  requests: readonly Request[],
  confs: Look['confs'],
  machine: Probe,
): Promise<Neighbor[]> {
  const isFixed = requests.some(
    ({ id, interfaces }) =>
      interfaces.some(({ isPrivate, addresses }) => isPrivate && addresses.length > 0) ||
      addressesIn(confs.get(id) ?? '').length > 0,
  )
  return isFixed ? listNeighbors(machine) : []
}
