/** What the mirrors have of the releases that blueprints are to be made from, and what of it is here already. */
import type { Probe } from '../../core/host.ts'
import { fetchText, remoteSize } from '../../freebsd/fetch.ts'
import { digestInManifest } from '../../freebsd/release.ts'
import { readSha256 } from '../../freebsd/sha256.ts'
import type { Kernel } from '../../freebsd/uname.ts'
import type { Site } from '../layout.ts'
import type { Request } from './requests.ts'
import { archivePath, type FoundSource, type Source, sourceOf } from './source.ts'

/** By the source's key: what was found, or why nothing was. */
export async function findSources(
  requests: readonly Request[],
  kernel: Kernel,
  site: Site,
  machine: Probe,
): Promise<Map<string, FoundSource | { readonly problem: string }>> {
  const sources = requests
    .filter(({ pkgbase, release }) => pkgbase === undefined && release !== undefined)
    .map(request => sourceOf(request, request.architecture ?? kernel.architecture))
  const found = new Map<string, FoundSource | { readonly problem: string }>()
  for (const [key, source] of new Map(sources.map(source => [source.key, source])))
    found.set(key, await findSource(source, site, machine))
  return found
}

async function findSource(
  source: Source,
  site: Site,
  machine: Probe,
): Promise<FoundSource | { readonly problem: string }> {
  const sha256 = source.sha256 ?? (await digestFromMirror(source, machine))
  if (typeof sha256 !== 'string') return sha256
  const archive = archivePath(site, source, sha256)
  const isFile = (await machine.status(archive))?.type === 'file'
  const isHere = isFile && (await readSha256(machine, [archive])).get(archive) === sha256
  if (!isHere && source.file !== undefined) {
    const what = isFile ? `does not have the sha256 ${sha256}` : 'is not there'
    return { problem: `${source.file} ${what}. Put the base.txz of the release there, or name a url or mirrors.` }
  }
  const size = await remoteSize(machine, isHere ? [`file://${archive}`] : source.urls)
  if ('problem' in size) return { problem: `base.txz cannot be fetched: ${size.problem}.` }
  if (source.size !== undefined && size.bytes !== undefined && size.bytes !== source.size)
    return { problem: `${size.url} has ${size.bytes} bytes, and \`base.size\` says ${source.size}.` }
  return { source, sha256, bytes: size.bytes, archive, isHere }
}

async function digestFromMirror(source: Source, machine: Probe): Promise<string | { readonly problem: string }> {
  const manifest = await fetchText(machine, source.manifestUrls)
  if ('problem' in manifest)
    return {
      problem: `the release's MANIFEST cannot be fetched: ${manifest.problem}. Look at \`base\`, or give \`base.sha256\`.`,
    }
  return (
    digestInManifest(manifest.text, 'base.txz') ?? {
      problem: `${manifest.url} does not list base.txz. Look at \`base\`, or give \`base.sha256\`.`,
    }
  )
}
