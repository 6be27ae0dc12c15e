/** What is written down when a blueprint is sealed, for the first time and after an amendment. */

import { PROPERTY } from '../layout.ts'
import {
  digestOf,
  digestOfCommands,
  digestsOfFiles,
  fullName,
  MANIFEST_FORMAT,
  type Manifest,
  renderListing,
  renderManifest,
} from './manifest.ts'
import { basePackagesOf, type Request } from './requests.ts'
import { abiFor, type Papers } from './steps.ts'
import type { Tree } from './tree.ts'

const listingOf = ({ listing = new Map() }: Tree) => renderListing(listing)

function contentOf(tree: Tree) {
  const { packages = [] } = tree
  const listing = listingOf(tree)
  return {
    packages,
    totals: {
      packages: packages.length,
      bytes: packages.reduce((sum, one) => sum + one.bytes, 0),
      files: listing.split('\n').length - 1,
    },
    digest: digestOf(listing),
  }
}

export function firstManifest(request: Request, architecture: string, tree: Tree, now: Date): Manifest {
  const { name, release = '', pkgbase, packages: requested = [], files, directories = [], commands } = request
  const content = contentOf(tree)
  return {
    format: MANIFEST_FORMAT,
    name,
    release,
    architecture,
    abi: abiFor(request, architecture),
    base:
      pkgbase === undefined
        ? { sha256: tree.dataset.properties.get(PROPERTY.base)?.value ?? '' }
        : { packages: basePackagesOf(pkgbase) },
    requested,
    files: digestsOfFiles(files),
    directories,
    commands: digestOfCommands(commands),
    ...content,
    revision: 1,
    revisions: [
      {
        revision: 1,
        created: now.toISOString(),
        requested,
        added: content.packages.map(fullName),
        digest: content.digest,
      },
    ],
  }
}

/** The manifest after an amendment; `before` is the one of the last complete revision. */
export function amendedManifest(before: Manifest, adds: readonly string[], tree: Tree, now: Date): Manifest {
  const content = contentOf(tree)
  const known = new Set(before.packages.map(one => one.name))
  const fresh = content.packages.filter(one => !known.has(one.name))
  const named = fresh.filter(one => !one.automatic).map(one => one.name)
  const requested = [...new Set([...adds, ...named])].sort()
  const revision = before.revision + 1
  const entry = {
    revision,
    created: now.toISOString(),
    requested,
    added: fresh.map(fullName),
    digest: content.digest,
  }
  return {
    ...before,
    ...content,
    requested: [...before.requested, ...requested].sort(),
    revision,
    revisions: [...before.revisions, entry],
  }
}

/** Packages that an amendment should have left alone and did not. */
export function lostBy(before: Manifest, { packages = [] }: Tree): string[] {
  const present = new Set(packages.map(fullName))
  return before.packages.map(fullName).filter(name => !present.has(name))
}

export const paperOf = (manifest: Manifest, tree: Tree): Papers => ({
  manifest: renderManifest(manifest),
  listing: listingOf(tree),
})
