/** The steps that make a blueprint, in the order of its stages. Each list is planned whole and done in one go. */
import { posix } from 'node:path'
import type { Step } from '../../core/step.ts'
import { runInBlueprint } from '../../freebsd/chroot.ts'
import { mountDevices, unmount } from '../../freebsd/devfs.ts'
import { changeMode, makeDirectories } from '../../freebsd/directories.ts'
import { logLine } from '../../freebsd/logger.ts'
import { closeDatabase, installPackages, runTriggers, type Target, updateCatalogue } from '../../freebsd/pkg.ts'
import { renderFingerprint, renderPkgConf, renderRepository, type Signature } from '../../freebsd/pkg-conf.ts'
import { abiOf, kernelVersionOf, parseRelease } from '../../freebsd/release.ts'
import { renameDataset, type Setting, setProperties, takeSnapshot } from '../../freebsd/zfs-steps.ts'
import {
  blueprintDataset,
  buildDataset,
  cachePath,
  DEFAULT_OVERLAYS,
  DEFAULT_WRITABLE,
  LISTING,
  MANIFEST,
  PROPERTY,
  pkgPath,
  type Site,
  snapshotOfRevision,
} from '../layout.ts'
import { basePackagesOf, type RepositoryOptions, type Request } from './requests.ts'

/**
 * How far a blueprint is, in the property `stage`. `building`: begun, good for nothing yet. `catalogue`: its packages can be
 * looked up. `sealing`: its content is complete, its manifest may not be written. `amending`: packages are being added, or
 * what was added is taken away again. `proof`: a clone to try an amendment on.
 */
export type Stage = 'building' | 'catalogue' | 'sealing' | 'complete' | 'amending' | 'proof'

/** A file tree and the dataset that holds it. */
export interface Place {
  readonly dataset: string
  readonly root: string
}

export const stageIs = (stage: Stage): Setting => [PROPERTY.stage, stage]
export const set = (dataset: string, ...settings: Setting[]): Step[] => setProperties([[dataset, settings]])

export const packagesOf = ({ pkgbase, packages = [] }: Request): string[] =>
  pkgbase === undefined ? [...packages] : [...basePackagesOf(pkgbase), ...packages]

export const targetOf = (site: Site, request: Request, root: string): Target => ({
  configuration: `${pkgPath(site, request.name)}/pkg.conf`,
  root,
})

export function abiFor({ release = '', repository, pkgbase }: Request, architecture: string): string {
  const parsed = parseRelease(release)
  return repository?.abi ?? pkgbase?.abi ?? (parsed === undefined ? '' : abiOf(parsed, architecture))
}

/** pkg's configuration, outside of the tree; fingerprints go into it, since pkg looks for them there. */
function configureSteps(site: Site, request: Request, architecture: string, root: string): Step[] {
  const directory = pkgPath(site, request.name)
  const repositoriesDirectory = `${directory}/repos`
  const release = parseRelease(request.release ?? '')
  const repositories = [
    ...(request.pkgbase === undefined ? [] : [['base', request.pkgbase] as const]),
    ...(request.repository === undefined ? [] : [['site', request.repository] as const]),
  ]
  const keys = repositories.map(([name, options]) => keysOf(name, options, directory, root))
  const settings = {
    repositoriesDirectory,
    cacheDirectory: `${cachePath(site)}/pkg`,
    abi: abiFor(request, architecture),
    osversion: release === undefined ? 0 : kernelVersionOf(release),
  }
  return [
    makeDirectories([repositoriesDirectory, settings.cacheDirectory, ...keys.flatMap(key => key.directories)]),
    { kind: 'write', path: `${directory}/pkg.conf`, content: renderPkgConf(settings) },
    ...repositories.map(([name, { url }], index): Step => {
      const signature = keys[index]?.signature ?? { type: 'none' }
      return {
        kind: 'write',
        path: `${repositoriesDirectory}/${name}.conf`,
        content: renderRepository(name, { url, signature }),
      }
    }),
    ...keys.flatMap(key => key.steps),
  ]
}

interface Keys {
  readonly signature: Signature
  readonly directories: readonly string[]
  readonly steps: readonly Step[]
}

function keysOf(name: string, { fingerprints, pubkey }: RepositoryOptions, directory: string, root: string): Keys {
  if (pubkey?.startsWith('/')) return { signature: { type: 'pubkey', key: pubkey }, directories: [], steps: [] }
  if (pubkey !== undefined) {
    const path = `${directory}/${name}.pub`
    const step: Step = { kind: 'write', path, content: pubkey.replace(/\n?$/, '\n') }
    return { signature: { type: 'pubkey', key: path }, directories: [], steps: [step] }
  }
  const [first] = fingerprints ?? []
  if (first === undefined) return { signature: { type: 'none' }, directories: [], steps: [] }
  if (first.startsWith('/'))
    return { signature: { type: 'fingerprints', directory: first }, directories: [], steps: [] }
  const inside = `/usr/share/keys/${name}`
  return {
    signature: { type: 'fingerprints', directory: inside },
    directories: [`${root}${inside}/trusted`, `${root}${inside}/revoked`],
    steps: (fingerprints ?? []).map(
      (fingerprint): Step => ({
        kind: 'write',
        path: `${root}${inside}/trusted/${fingerprint.slice(0, 16)}`,
        content: renderFingerprint(fingerprint),
        beneath: root,
      }),
    ),
  }
}

/** To where packages can be looked up. */
export const catalogueSteps = (site: Site, request: Request, architecture: string, root: string): Step[] => [
  ...configureSteps(site, request, architecture, root),
  logLine(`blueprint ${request.name}: fetching the catalogue of packages`),
  updateCatalogue(targetOf(site, request, root)),
]

export function installSteps(
  site: Site,
  request: Request,
  names: readonly string[],
  { root }: Place,
  doing = 'installing',
): Step[] {
  const list = names.slice(0, 20).join(' ')
  return [
    logLine(`blueprint ${request.name}: ${doing} ${list}${names.length > 20 ? ` and ${names.length - 20} more` : ''}`),
    makeDirectories([`${root}/dev`]),
    mountDevices(root),
    installPackages(targetOf(site, request, root), names),
    runTriggers(root),
    unmount(`${root}/dev`),
  ]
}

/** What is put beside packages: mount points, so that a sealed tree has each of them, files, and commands. */
export function furnishSteps({ files = [], directories = [], commands = [] }: Request, { root }: Place): Step[] {
  const places = new Set([
    ...DEFAULT_WRITABLE.map(({ path }) => path),
    ...DEFAULT_OVERLAYS,
    'dev',
    ...directories,
    ...files.map(({ path }) => posix.dirname(path)).filter(path => path !== '.'),
  ])
  return [
    makeDirectories([...places].map(path => `${root}/${path}`)),
    ...files.flatMap(({ path, content, mode }): Step[] => [
      { kind: 'write', path: `${root}/${path}`, content, mode: mode ?? 0o644, beneath: root },
      ...(mode === undefined ? [] : [changeMode(`${root}/${path}`, mode)]),
    ]),
    ...(commands.length === 0
      ? []
      : [mountDevices(root), ...commands.map(words => runInBlueprint(root, words)), unmount(`${root}/dev`)]),
  ]
}

/** Content is complete: nothing writes to it while its manifest is made, not even pkg's database. */
export const closeSteps = ({ dataset, root }: Place, hasPackages: boolean): Step[] => [
  ...(hasPackages ? [closeDatabase(root)] : []),
  ...set(dataset, ['readonly', 'on'], stageIs('sealing')),
]

/** The texts of the two files are known only when the content is; their paths are known before. */
export interface Papers {
  readonly manifest: string
  readonly listing: string
}

/** `reason`: why an amendment was made. It stays on the host, where no instance can read it. */
export const sealSteps = (
  { dataset, root }: Place,
  revision: number,
  { manifest, listing }: Papers,
  reason?: string,
): Step[] => [
  ...set(dataset, ['readonly', 'off']),
  { kind: 'write', path: `${root}/${LISTING}`, content: listing, beneath: root },
  { kind: 'write', path: `${root}/${MANIFEST}`, content: manifest, beneath: root },
  takeSnapshot(dataset, snapshotOfRevision(revision), reason === undefined ? [] : [[PROPERTY.reason, reason]]),
]

export const completeSteps = ({ dataset }: Place, revision: number): Step[] =>
  set(dataset, ['readonly', 'on'], [PROPERTY.revision, String(revision)], stageIs('complete'))

/** From here on it is a blueprint. */
export const publishSteps = (site: Site, { name }: Request): Step[] => [
  renameDataset(buildDataset(site, name), blueprintDataset(site, name)),
  logLine(`blueprint ${name}: complete`),
]
