/** `.blueprint.json`: what a blueprint is made of, for whoever runs instances on it. Written once, and anew by an amendment. */
import { createHash } from 'node:crypto'
import { Refused } from '../../core/errors.ts'
import type { Listing } from '../../freebsd/mtree.ts'
import type { Package } from '../../freebsd/pkg.ts'
import { LISTING, MANIFEST } from '../layout.ts'
import type { Request } from './requests.ts'

/**
 * Every instance has the manifest in its root directory. So what only the operator is to know is not in it: why a revision
 * was made (PROPERTY.reason of its snapshot), the words of commands, the URL of a repository. Format 1 had these.
 */
export const MANIFEST_FORMAT = 2

export interface Revision {
  readonly revision: number
  /** ISO 8601 */
  readonly created: string
  /** What was asked for by name, and all that came with it. */
  readonly requested: readonly string[]
  readonly added: readonly string[]
  readonly digest: string
}

export interface Manifest {
  readonly format: number
  readonly name: string
  readonly release: string
  readonly architecture: string
  readonly abi: string
  /** The sha256 of base.txz, or the base packages that were asked for by name; format 1 does not tell those. */
  readonly base: { readonly sha256: string } | { readonly packages?: readonly string[] }
  /** Packages that were asked for by name. */
  readonly requested: readonly string[]
  /** Path to a digest of content and mode. */
  readonly files: Readonly<Record<string, string>>
  /** Made beside the usual ones. Format 1 does not tell. */
  readonly directories?: readonly string[]
  /** A digest of their words. */
  readonly commands: string
  readonly packages: readonly Package[]
  readonly totals: { readonly packages: number; readonly bytes: number; readonly files: number }
  readonly revision: number
  /** Of the listing: every file with its owner, mode, flags and sha256. */
  readonly digest: string
  readonly revisions: readonly Revision[]
}

export const renderManifest = (manifest: Manifest) => `${JSON.stringify(manifest, null, 2)}\n`

/** The manifest of a blueprint, or undefined where the text is none of ours. */
export function parseManifest(text: string | undefined, path: string): Manifest | undefined {
  const manifest = text === undefined ? undefined : parseJson(text)
  if (typeof manifest?.format !== 'number' || !Array.isArray(manifest.packages)) return undefined
  if (manifest.format > MANIFEST_FORMAT)
    throw new Refused(
      `${path} has format ${manifest.format}, and this collection knows ${MANIFEST_FORMAT}. Use a newer collection for this host.`,
    )
  return manifest.format === 1 ? fromFormat1(manifest as unknown as Format1) : (manifest as unknown as Manifest)
}

interface Format1 extends Omit<Manifest, 'base' | 'commands' | 'directories'> {
  readonly base?: { readonly sha256: string } | { readonly pkgbase: string }
  readonly commands?: readonly (readonly string[])[]
}

function fromFormat1({ base = { sha256: '' }, commands, revisions = [], ...same }: Format1): Manifest {
  return {
    ...same,
    format: MANIFEST_FORMAT,
    base: 'sha256' in base ? base : {},
    commands: digestOfCommands(commands),
    revisions: revisions.map(({ revision, created, requested, added, digest }) => ({
      revision,
      created,
      requested,
      added,
      digest,
    })),
  }
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The manifest as it was at `revision`: an amendment may have been cut short after it had written its own. */
export function asOfRevision(manifest: Manifest, revision: number): Manifest {
  const dropped = manifest.revisions.filter(one => one.revision > revision)
  const added = new Set(dropped.flatMap(one => one.added))
  const requested = new Set(dropped.flatMap(one => one.requested))
  return {
    ...manifest,
    revision,
    requested: manifest.requested.filter(name => !requested.has(name)),
    packages: manifest.packages.filter(one => !added.has(fullName(one))),
    revisions: manifest.revisions.filter(one => one.revision <= revision),
  }
}

export const fullName = ({ name, version }: Pick<Package, 'name' | 'version'>) => `${name}-${version}`

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** A line a file, sorted; our own two files are none of the blueprint's content. */
export function renderListing(listing: Listing): string {
  const own = [MANIFEST, LISTING].map(name => `./${name}`)
  const lines = [...listing].filter(([path]) => !own.includes(path)).map(([path, keywords]) => `${path} ${keywords}\n`)
  return lines.sort().join('')
}

export const parseListing = (text: string): Listing =>
  new Map(
    text
      .split('\n')
      .slice(0, -1)
      .map(line => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
  )

export const digestOf = (listing: string) => `sha256:${sha256(listing)}`

export const digestsOfFiles = (files: Request['files'] = []): Record<string, string> =>
  Object.fromEntries(
    files.map(({ path, content, mode = 0o644 }) => [path, sha256(`${mode.toString(8)} ${content}`)] as const).sort(),
  )

export const digestOfCommands = (commands: Request['commands'] = []): string => sha256(JSON.stringify(commands))

/** Tells whether what is half-built is still what is asked for, and from where: it is cheap to begin anew. */
export function recipeOf(request: Request, architecture: string): string {
  const { release, base, pkgbase, repository, packages = [], directories = [], commands = [] } = request
  const files = digestsOfFiles(request.files)
  return sha256(
    JSON.stringify([release, architecture, base, pkgbase, repository, packages, files, directories, commands]),
  )
}
