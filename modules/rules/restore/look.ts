/** What is looked at before anything is restored: four processes, six where a copy is the source. */
import type { PathStatus, Probe } from '../../core/host.ts'
import { parseFstab } from '../../freebsd/fstab.ts'
import { type Jail, listJails } from '../../freebsd/jls.ts'
import { isWithin, listMounts, type Mount } from '../../freebsd/mount.ts'
import type { Dataset } from '../../freebsd/zfs.ts'
import { readDatasets } from '../../freebsd/zfs-datasets.ts'
import { listTree, type Row } from '../../freebsd/zfs-tree.ts'
import { PROPERTY } from '../layout.ts'
import { filesOf } from './files.ts'
import type { Taken } from './moment.ts'
import { isOwnName, wanted } from './names.ts'
import type { Request } from './requests.ts'

export type Tree = ReadonlyMap<string, Row>
export type Snapshots = ReadonlyMap<string, readonly Taken[]>

export interface World {
  readonly mounts: readonly Mount[]
  readonly life: 'running' | 'dying' | 'stopped'
  readonly isSwitching: boolean
  /** At and below the instance's dataset. */
  readonly own: Tree
  /** At and below the dataset that is restored from. */
  readonly source: Tree
  readonly ownSnapshots: Snapshots
  readonly snapshots: Snapshots
  /** With all their properties: what is restored is to have them too. */
  readonly described: ReadonlyMap<string, Dataset>
  /** Datasets of the instance and their places in it, as its fstab says. */
  readonly layout: ReadonlyMap<string, string>
  /** Of the paths that were looked at, those where something is. */
  readonly status: ReadonlyMap<string, PathStatus>
}

const COLUMNS = [
  'type',
  'createtxg',
  'origin',
  'encryption',
  'receive_resume_token',
  PROPERTY.restored,
  PROPERTY.brought,
]

export async function lookAt(request: Request, machine: Probe): Promise<World> {
  const { places, from, isCopy } = request
  const [mounts, jails, own, ownSnapshots, source, snapshots] = await Promise.all([
    listMounts(machine),
    listJails(machine),
    listTree(machine, places.dataset, 'filesystem,volume', COLUMNS),
    snapshotsBelow(machine, places.dataset),
    isCopy ? listTree(machine, from, 'filesystem,volume', COLUMNS) : undefined,
    isCopy ? snapshotsBelow(machine, from) : undefined,
  ])
  const fstab = await machine.read(places.fstab)
  const layout = new Map(
    parseFstab(fstab ?? '')
      .filter(({ fstype, special }) => fstype === 'zfs' && isWithin(special, places.dataset))
      .map(({ special, node }) => [special.slice(places.dataset.length + 1), node.slice(places.root.length + 1)]),
  )
  const seen = {
    mounts,
    life: lifeOf(request, jails),
    isSwitching: (await machine.status(places.journal)) !== undefined,
    own,
    source: source ?? own,
    ownSnapshots,
    snapshots: snapshots ?? ownSnapshots,
    layout,
  }
  const described = request.files.length > 0 ? new Map() : await readDatasets(machine, toDescribe(request, seen))
  const status = new Map<string, PathStatus>()
  for (const { path, beneath } of filesOf(request, { ...seen, described, status }).flatMap(one => one.places)) {
    const found = await machine.status(path, beneath)
    if (found !== undefined) status.set(path, found)
  }
  return { ...seen, described, status }
}

async function snapshotsBelow(machine: Probe, root: string): Promise<Snapshots> {
  const rows = await listTree(machine, root, 'snapshot', ['guid', 'creation', 'createtxg', PROPERTY.blueprint])
  const found = new Map<string, Taken[]>()
  for (const [full, row] of rows) {
    const [dataset = '', name = ''] = full.split('@')
    const blueprint = row.get(PROPERTY.blueprint)
    const taken = {
      full,
      name,
      guid: row.get('guid') ?? '',
      creation: Number(row.get('creation')),
      createtxg: Number(row.get('createtxg')),
      // A snapshot inherits user properties of its dataset as they are now; a switch sets its own.
      ...(blueprint !== undefined && name.startsWith('switch-') && { blueprint }),
    }
    found.set(dataset, [...(found.get(dataset) ?? []), taken])
  }
  for (const list of found.values()) list.sort((a, b) => a.createtxg - b.createtxg)
  return found
}

function lifeOf({ id, places }: Request, jails: readonly Jail[]): World['life'] {
  const own = jails.filter(({ name, path }) => name === id || isWithin(path, places.root))
  return own.some(({ isDying }) => !isDying) ? 'running' : own.length > 0 ? 'dying' : 'stopped'
}

/** Names of the datasets directly below `root`, without what restoring itself has put there. */
export const partsBelow = (root: string, tree: Tree): string[] => [
  ...new Set(
    [...tree.keys()]
      .filter(name => name.startsWith(`${root}/`))
      .map(name => wanted(name.slice(root.length + 1)))
      .filter(name => !name.includes('/') && !isOwnName(name)),
  ),
]

const toDescribe = ({ places, from, parts }: Request, { own, source }: Pick<World, 'own' | 'source'>) =>
  partsBelow(from, source)
    .filter(part => parts?.includes(part) ?? true)
    .flatMap(part => [`${places.dataset}/${part}`, `${from}/${part}`])
    .filter(name => own.has(name) || source.has(name))
