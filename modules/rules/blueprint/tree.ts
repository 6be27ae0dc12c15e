/** One of a blueprint's two datasets: how far it is, and what has to be seen of it for that. A complete one costs no process. */
import type { Probe } from '../../core/host.ts'
import { type Listing, listTree } from '../../freebsd/mtree.ts'
import {
  catalogueSizes,
  databaseOf,
  type Foreseen,
  foreseeInstall,
  listPackages,
  type Package,
} from '../../freebsd/pkg.ts'
import type { Dataset } from '../../freebsd/zfs.ts'
import { blueprintPath, LISTING, MANIFEST, PROPERTY, revisionPath, type Site, snapshotOfRevision } from '../layout.ts'
import { addedBy } from './compare.ts'
import { type Manifest, parseManifest } from './manifest.ts'
import type { Request } from './requests.ts'
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
  /** Of one at a blueprint's place that is not complete: what its two papers say, and what its last revision's say. */
  readonly papers?: Papers
  readonly last?: Papers
}

interface Papers {
  readonly manifest: string | undefined
  readonly listing: string | undefined
}

/** Which snapshot will be taken of a tree that is being sealed. */
export const nextSnapshot = (tree: Tree): string => `${tree.dataset.name}@${snapshotOfRevision(revisionOf(tree) + 1)}`

/** That snapshot was taken, so all that its revision is made of is there: only the dataset does not say so yet. */
export const isSealed = (tree: Tree, { snapshots }: { readonly snapshots: ReadonlySet<string> }): boolean =>
  tree.stage === 'sealing' && snapshots.has(nextSnapshot(tree))

/** The last revision that was completed; 0 for none. */
export function revisionOf({ dataset }: Pick<Tree, 'dataset'>): number {
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

export async function lookAtTree(
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
  const isHalfAmended = pathOf === blueprintPath && stage !== undefined && stage !== 'complete'
  const found = isHalfAmended ? { ...tree, ...(await lookForAWayBack(tree, request, site, machine)) } : tree

  if (isSealable(tree)) {
    // pkg first: where it opens its database it may write to it, and the listing is of what remains.
    const packages = (await machine.status(databaseOf(root))) === undefined ? [] : await listPackages(machine, root)
    return { ...found, packages, listing: await listTree(machine, root) }
  }
  if (isHalfAmended) return { ...found, listing: await listTree(machine, root) }
  if (stage === 'complete' && request.verify) return { ...tree, listing: await listTree(machine, root) }
  if (isFirst || (stage !== 'catalogue' && stage !== 'proof')) return tree
  const names = stage === 'proof' ? await addedTo(request, site, machine) : packagesOf(request)
  return { ...tree, prospect: await foresee(request, site, root, names, machine) }
}

async function lookForAWayBack(tree: Tree, { name }: Request, site: Site, machine: Probe): Promise<Partial<Tree>> {
  const papersIn = async (root: string): Promise<Papers> => ({
    manifest: await machine.read(`${root}/${MANIFEST}`),
    listing: await machine.read(`${root}/${LISTING}`),
  })
  return { papers: await papersIn(tree.root), last: await papersIn(revisionPath(site, name, revisionOf(tree))) }
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
