/** What a plan for blueprints has to know of the host. A complete blueprint costs no process: its manifest is read. */
import type { Probe } from '../../core/host.ts'
import type { Done } from '../../core/perform.ts'
import { listMounts, type Mount } from '../../freebsd/mount.ts'
import { type Listing, listTree } from '../../freebsd/mtree.ts'
import {
  catalogueSizes,
  databaseOf,
  type Foreseen,
  foreseeInstall,
  listPackages,
  type Package,
} from '../../freebsd/pkg.ts'
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
  MANIFEST,
  PROPERTY,
  type Site,
  snapshotOfRevision,
} from '../layout.ts'
import { readSwitches, type Switches } from '../switch/ways-back.ts'
import { addedBy } from './compare.ts'
import { findSources } from './find.ts'
import { type Manifest, parseManifest } from './manifest.ts'
import type { Request } from './requests.ts'
import type { FoundSource } from './source.ts'
import { packagesOf, type Stage, targetOf } from './steps.ts'

/** An installation as pkg foresees it, with the bytes it takes, or why it cannot be. */
export type Prospect = (Foreseen & { readonly bytes: number }) | { readonly problem: string }

/** A dataset at one of a blueprint's two places. */
export interface Tree {
  readonly dataset: Dataset
  readonly root: string
  readonly stage: Stage | undefined
  readonly manifest: Manifest | undefined
  /** Of a tree that can be sealed, or is to be verified. */
  readonly packages?: readonly Package[]
  readonly listing?: Listing
  readonly prospect?: Prospect
}

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
    snapshots: await listSnapshots(machine, trees.flatMap(nextSnapshot)),
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

/** Which snapshot will be taken of a tree that is being sealed. */
function nextSnapshot(tree: Tree | undefined): string[] {
  if (tree?.stage !== 'sealing') return []
  return [`${tree.dataset.name}@${snapshotOfRevision(revisionOf(tree) + 1)}`]
}

/** The last revision that was completed; 0 for none. */
export function revisionOf({ dataset }: Tree): number {
  return Number(dataset.properties.get(PROPERTY.revision)?.value ?? 0)
}

export const isSealable = ({ stage, dataset }: Pick<Tree, 'stage' | 'dataset'>) =>
  stage === 'sealing' && dataset.properties.get('readonly')?.value === 'on'

interface Looking {
  readonly machine: Probe
  readonly request: Request
  readonly site: Site
  readonly isFirst: boolean
}

async function lookAtTree(
  { machine, request, site, isFirst }: Looking,
  dataset: Dataset | undefined,
  pathOf: (site: Site, name: string) => string,
): Promise<Tree | undefined> {
  if (dataset === undefined) return undefined
  const root = pathOf(site, request.name)
  const stage = dataset.properties.get(PROPERTY.stage)?.value as Stage | undefined
  const manifest = parseManifest(await machine.read(`${root}/${MANIFEST}`), `${root}/${MANIFEST}`)
  const tree = { dataset, root, stage, manifest }
  if (request.state === 'absent') return tree

  if (isSealable(tree)) {
    // pkg first: where it opens its database it may write to it, and the listing is of what remains.
    const packages = (await machine.status(databaseOf(root))) === undefined ? [] : await listPackages(machine, root)
    return { ...tree, packages, listing: await listTree(machine, root) }
  }
  if (stage === 'complete' && request.verify) return { ...tree, listing: await listTree(machine, root) }
  if (isFirst || (stage !== 'catalogue' && stage !== 'proof')) return tree
  const names = stage === 'proof' ? await addedTo(request, site, machine) : packagesOf(request)
  return { ...tree, prospect: await foresee(request, site, root, names, machine) }
}

async function addedTo(request: Request, site: Site, machine: Probe): Promise<string[]> {
  const path = `${blueprintPath(site, request.name)}/${MANIFEST}`
  const manifest = parseManifest(await machine.read(path), path)
  return manifest === undefined ? [] : addedBy(request, manifest)
}

async function foresee(
  request: Request,
  site: Site,
  root: string,
  names: readonly string[],
  machine: Probe,
): Promise<Prospect> {
  const target = targetOf(site, request, root)
  const foreseen = await foreseeInstall(machine, target, names)
  if ('problem' in foreseen) return foreseen
  const sizes = await catalogueSizes(machine, target)
  return { ...foreseen, bytes: foreseen.installed.reduce((sum, one) => sum + (sizes.get(one) ?? 0), 0) }
}

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
