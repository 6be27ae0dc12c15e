/** What a plan for blueprints has to know of the host. A complete blueprint costs no process: its manifest is read. */
import type { Probe } from '../../core/host.ts'
import type { Done } from '../../core/perform.ts'
import { listMounts, type Mount } from '../../freebsd/mount.ts'
import { type Kernel, readKernel } from '../../freebsd/uname.ts'
import { type Below, type Dataset, listBelow, listSnapshots, readHolds } from '../../freebsd/zfs.ts'
import { readDatasets } from '../../freebsd/zfs-datasets.ts'
import { listTree as listDatasets, type Row } from '../../freebsd/zfs-tree.ts'
import {
  blueprintDataset,
  blueprintPath,
  buildDataset,
  buildPath,
  instancePlaces,
  LISTING,
  PROPERTY,
  type Site,
} from '../layout.ts'
import { readSwitches, type Switches } from '../switch/ways-back.ts'
import { findSources } from './find.ts'
import type { Request } from './requests.ts'
import type { FoundSource } from './source.ts'
import { lookAtTree, nextSnapshot, type Tree } from './tree.ts'

export interface Blueprint {
  readonly complete: Tree | undefined
  readonly build: Tree | undefined
  /** The list of its files as it was sealed; read to verify. */
  readonly sealed: string | undefined
}

export interface Seen {
  readonly site: Site
  readonly datasets: ReadonlyMap<string, Dataset>
  readonly snapshots: ReadonlySet<string>
  readonly mounts: readonly Mount[]
  readonly kernel: Kernel | undefined
  readonly blueprints: ReadonlyMap<string, Blueprint>
  /** By the source's key: what was found, or why nothing was. */
  readonly sources: ReadonlyMap<string, FoundSource | { readonly problem: string }>
  /** fstab of each instance, and the one it will have, by path; read where a blueprint shall go. */
  readonly fstabs: ReadonlyMap<string, string>
  /** Read where a blueprint shall go: where instances came from, and the snapshots that they have of then. */
  readonly switches: Switches
  readonly generations: ReadonlyMap<string, Row>
  readonly below: readonly Below[]
  readonly holds: ReadonlyMap<string, readonly string[]>
  /** Of the directory that half-built blueprints are in. */
  readonly buildMode: number | undefined
  /** Nothing was done by this run yet: what is half-built was left by another. */
  readonly isFirst: boolean
}

export async function lookAt(
  requests: readonly Request[],
  site: Site,
  machine: Probe,
  done: readonly Done[],
): Promise<Seen> {
  const parents = [site.dataset, `${site.dataset}/blueprints`, `${site.dataset}/build`]
  const names = requests.flatMap(({ name }) => [blueprintDataset(site, name), buildDataset(site, name)])
  const datasets = await readDatasets(machine, [...parents, ...names])
  const isFirst = done.length === 0

  const blueprints = new Map<string, Blueprint>()
  for (const request of requests) {
    const at = { machine, request, site, isFirst }
    const complete = await lookAtTree(at, datasets.get(blueprintDataset(site, request.name)), blueprintPath)
    const build = await lookAtTree(at, datasets.get(buildDataset(site, request.name)), buildPath)
    const sealed =
      request.verify && complete !== undefined ? await machine.read(`${complete.root}/${LISTING}`) : undefined
    blueprints.set(request.name, { complete, build, sealed })
  }

  const unfinished = requests.filter(({ name, state }) => state === 'present' && isUnfinished(blueprints.get(name)))
  const kernel = unfinished.length === 0 ? undefined : await readKernel(machine)
  const started = isFirst ? unfinished.filter(({ name }) => blueprints.get(name)?.complete === undefined) : []
  const leaving = requests
    .filter(({ state }) => state === 'absent')
    .flatMap(({ name }) => [blueprintDataset(site, name), buildDataset(site, name)])
    .filter(name => datasets.has(name))
  const below = leaving.length === 0 ? [] : await listBelow(machine, leaving)
  const trees = [...blueprints.values()].flatMap(({ build, complete }) => [build, complete])

  return {
    site,
    datasets,
    snapshots: await listSnapshots(
      machine,
      trees.flatMap(tree => (tree?.stage === 'sealing' ? [nextSnapshot(tree)] : [])),
    ),
    mounts: leaving.length + unfinished.length === 0 ? [] : await listMounts(machine),
    kernel,
    blueprints,
    sources: kernel === undefined ? new Map() : await findSources(started, kernel, site, machine),
    ...(leaving.length === 0 ? NO_USERS : await lookAtUsers(machine, site)),
    below,
    holds: await readHolds(
      machine,
      below.filter(one => one.holds > 0).map(one => one.name),
    ),
    buildMode: unfinished.length === 0 ? undefined : (await machine.status(`${site.path}/build`))?.mode,
    isFirst,
  }
}

const isUnfinished = (blueprint: Blueprint | undefined) =>
  blueprint?.complete === undefined || blueprint.complete.stage !== 'complete' || blueprint.build !== undefined

const NO_USERS = {
  fstabs: new Map(),
  switches: { underWay: new Map(), last: new Map(), problems: [] },
  generations: new Map(),
}

async function lookAtUsers(machine: Probe, site: Site): Promise<Pick<Seen, 'fstabs' | 'switches' | 'generations'>> {
  const ids = (await machine.list(`${site.path}/instances`)) ?? []
  const fstabs = new Map<string, string>()
  for (const id of ids) {
    const { fstab, nextFstab } = instancePlaces(site, id)
    for (const path of [fstab, nextFstab]) {
      const text = await machine.read(path)
      if (text !== undefined) fstabs.set(path, text)
    }
  }
  return {
    fstabs,
    switches: await readSwitches(machine, site, ids),
    generations: await listDatasets(machine, `${site.dataset}/instances`, 'snapshot', [PROPERTY.blueprint]),
  }
}
