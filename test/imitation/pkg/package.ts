/** A package as its manifest describes it, and as one that is installed is remembered. */
import { listOf, objectOf, textOf, type Ucl } from './ucl.ts'

export interface Dependency {
  readonly name: string
  readonly origin: string
  readonly version: string
}

export interface PackagedFile {
  readonly sum: string
  readonly uname: string
  readonly gname: string
  readonly perm: string
  readonly mtime: number
}

export interface Package {
  readonly name: string
  readonly origin: string
  readonly version: string
  readonly comment: string
  readonly maintainer: string
  readonly www: string
  readonly abi: string
  readonly arch: string
  readonly prefix: string
  readonly flatsize: number
  readonly desc: string
  readonly deps: readonly Dependency[]
  readonly files: Readonly<Record<string, PackagedFile>>
  /** Directories of its own, with their traits. */
  readonly directories: Readonly<Record<string, Omit<PackagedFile, 'sum' | 'mtime'>>>
  /** Accounts it needs: name to number. */
  readonly users: Readonly<Record<string, number>>
  readonly groups: Readonly<Record<string, number>>
  /** Files `X.sample` that become `X` where there is none (the ports' @sample). */
  readonly samples: readonly string[]
  readonly message: string
  /** Kernel's version it was made on. */
  readonly osversion: string
}

export interface Installed extends Package {
  automatic: boolean
  locked: boolean
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly repository: string
}

export const fullName = ({ name, version }: Pick<Package, 'name' | 'version'>) => `${name}-${version}`

/** `FreeBSD:14:amd64` in the older words: `freebsd:14:x86:64`. */
export const archOf = (abi: string) =>
  abi.toLowerCase().replace(':amd64', ':x86:64').replace(':i386', ':x86:32').replace(':aarch64', ':aarch64:64')

/** Of a manifest as a person or `pkg create` writes it; what it lacks is as `defaults` say. */
export function readManifest(given: { [key: string]: Ucl }, defaults: { abi: string; osversion: string }): Package {
  const text = (key: string) => textOf(given[key]) ?? ''
  const abi = text('abi') || defaults.abi
  return {
    name: text('name'),
    origin: text('origin'),
    version: text('version'),
    comment: text('comment'),
    maintainer: text('maintainer'),
    www: text('www'),
    abi,
    arch: archOf(abi),
    prefix: text('prefix') || '/usr/local',
    flatsize: Number(text('flatsize')),
    desc: text('desc'),
    deps: Object.entries(objectOf(given.deps)).map(([name, dependency]) => ({
      name,
      origin: textOf(objectOf(dependency).origin) ?? '',
      version: textOf(objectOf(dependency).version) ?? '',
    })),
    files: objectOf(given.files) as unknown as Package['files'],
    directories: objectOf(given.directories) as unknown as Package['directories'],
    users: objectOf(given.users) as Package['users'],
    groups: objectOf(given.groups) as Package['groups'],
    samples: listOf(given.samples).map(String),
    message: text('message'),
    osversion: text('osversion') || defaults.osversion,
  }
}

/** As `pkg info --raw --raw-format json-compact` prints it (09-pkg.jsonl, line 15). */
export function rawJson(found: Installed): string {
  const deps = Object.fromEntries(found.deps.map(({ name, origin, version }) => [name, { origin, version }]))
  return JSON.stringify({
    name: found.name,
    origin: found.origin,
    version: found.version,
    comment: found.comment,
    maintainer: found.maintainer,
    www: found.www,
    abi: found.abi,
    arch: found.arch,
    prefix: found.prefix,
    flatsize: found.flatsize,
    timestamp: found.timestamp,
    licenses: [''],
    desc: found.desc,
    ...(found.deps.length > 0 && { deps }),
    annotations: { FreeBSD_version: found.osversion, repo_type: 'binary', repository: found.repository },
    files: found.files,
  })
}
