/** Where a blueprint's base comes from: base.txz of a release, checked against the release's MANIFEST. */
import { posix } from 'node:path'
import type { Step } from '../../core/step.ts'
import { makeDirectories } from '../../freebsd/directories.ts'
import { fetchFile } from '../../freebsd/fetch.ts'
import { removeOlderThan } from '../../freebsd/find.ts'
import { logLine } from '../../freebsd/logger.ts'
import { urlOnMirror } from '../../freebsd/release.ts'
import { touchFile } from '../../freebsd/seed.ts'
import { checkSha256 } from '../../freebsd/sha256.ts'
import { extractArchive } from '../../freebsd/tar.ts'
import { checkSize } from '../../freebsd/wc.ts'
import { cachePath, type Site } from '../layout.ts'
import type { Request } from './requests.ts'

export const DEFAULT_MIRROR = 'https://download.freebsd.org/releases'
const ARCHIVE = 'base.txz'

/** What was asked for; requests with the same `key` share what is fetched. */
export interface Source {
  readonly key: string
  /** None where the archive is a file on the host. */
  readonly urls: readonly string[]
  readonly manifestUrls: readonly string[]
  readonly file: string | undefined
  readonly sha256: string | undefined
  readonly size: number | undefined
}

export function sourceOf({ base = {}, release = '' }: Request, architecture: string): Source {
  const { url, mirrors = [DEFAULT_MIRROR], file, sha256, size } = base
  const urls =
    file !== undefined
      ? [`file://${file}`]
      : url !== undefined
        ? [url]
        : mirrors.map(mirror => urlOnMirror(mirror, release, architecture, ARCHIVE))
  const manifestUrls = urls.map(one => `${posix.dirname(one)}/MANIFEST`)
  const key = JSON.stringify([release, architecture, urls, sha256, size])
  return { key, urls: file === undefined ? urls : [], manifestUrls, file, sha256, size }
}

/** What is known of a source once somebody has looked. */
export interface FoundSource {
  readonly source: Source
  /** What base.txz must have. */
  readonly sha256: string
  /** Bytes of the archive, where its server tells. */
  readonly bytes: number | undefined
  /** The archive on this host, or where it shall be. */
  readonly archive: string
  /** What is there now has the right digest. */
  readonly isHere: boolean
}

/** A cached archive is named after its digest, so that one mirror's mistake is not another's. */
export const archivePath = (site: Site, source: Source, sha256: string) =>
  source.file ?? `${cachePath(site)}/base-${sha256.slice(0, 16)}/${ARCHIVE}`

export function fetchSteps({ source, sha256, archive, isHere }: FoundSource, { name, release }: Request): Step[] {
  if (isHere || source.file !== undefined) return []
  return [
    logLine(`blueprint ${name}: fetching ${ARCHIVE} of ${release}`),
    makeDirectories([posix.dirname(archive)]),
    fetchFile(archive, source.urls),
    checkSha256(
      archive,
      sha256,
      `What was fetched is not the ${ARCHIVE} that MANIFEST or \`base.sha256\` speaks of (${sha256}). The mirror is wrong or was tampered with: name another one. Nothing of the file was used, and the next run fetches it again.`,
    ),
  ]
}

/** What is kept gets the time of its last use, by which it is kept (`tidyCache`). */
export const extractSteps = ({ source, archive, isHere }: FoundSource, root: string): Step[] => [
  ...(source.size === undefined || isHere
    ? []
    : [checkSize(archive, source.size, `${archive} has the right digest and not the size that \`base.size\` says.`)]),
  ...(source.file === undefined ? [touchFile(archive)] : []),
  extractArchive(archive, root),
]

/** Half a year is more than two quarters of ports. */
const KEEP_DAYS = 183

/** Archives by their last use, packages by the time that their repository gives them. */
export const tidyCache = (site: Site): Step => removeOlderThan(cachePath(site), KEEP_DAYS)

/**
 * Bytes that a blueprint takes: files compress to about a quarter as .txz (14.2: 197 MiB and 790 MiB); ZFS compresses less
 * or not at all.
 */
const EXPANSION = 4

export const bytesNeeded = ({ bytes = 0, isHere, source }: FoundSource) =>
  bytes * EXPANSION + (isHere || source.file !== undefined ? 0 : bytes)
