/** Whether a complete blueprint is what a task asks for. Only what the task says is compared. */
import { digestsOfFiles, type Manifest } from './manifest.ts'
import type { Request } from './requests.ts'

/** What differs, in words. With `amend`, packages that are missing are no difference: they are what is to be added. */
export function differencesTo(request: Request, manifest: Manifest): string[] {
  const { release, architecture, base, pkgbase, packages, files, commands, amend } = request
  const sha256 = 'sha256' in manifest.base ? manifest.base.sha256 : undefined
  return [
    ...(release !== undefined && release !== manifest.release
      ? [`its release is ${manifest.release}, not ${release}`]
      : []),
    ...(architecture !== undefined && architecture !== manifest.architecture
      ? [`its architecture is ${manifest.architecture}, not ${architecture}`]
      : []),
    ...(base?.sha256 !== undefined && base.sha256 !== sha256
      ? [`its base is ${sha256 === undefined ? 'packages' : `the archive ${sha256}`}, not the archive ${base.sha256}`]
      : []),
    ...(pkgbase !== undefined && sha256 !== undefined ? ['its base is from base.txz, not from packages'] : []),
    ...(amend || packages === undefined ? [] : packageDifferences(packages, manifest.requested)),
    ...(files === undefined ? [] : fileDifferences(digestsOfFiles(files), manifest.files)),
    ...(commands !== undefined && JSON.stringify(commands) !== JSON.stringify(manifest.commands)
      ? ['other commands were run in it']
      : []),
  ]
}

function packageDifferences(wanted: readonly string[], present: readonly string[]): string[] {
  const missing = wanted.filter(name => !present.includes(name))
  const extra = present.filter(name => !wanted.includes(name))
  return [
    ...(missing.length > 0 ? [`it was made without ${missing.join(', ')}`] : []),
    ...(extra.length > 0 ? [`it was made with ${extra.join(', ')}, which the task does not list`] : []),
  ]
}

function fileDifferences(wanted: Record<string, string>, present: Readonly<Record<string, string>>): string[] {
  const paths = [...new Set([...Object.keys(wanted), ...Object.keys(present)])].sort()
  const differing = paths.filter(path => wanted[path] !== present[path]).map(path => `/${path}`)
  return differing.length === 0 ? [] : [`these of its files differ: ${differing.join(', ')}`]
}

/** What an amendment is to add. */
export const addedBy = ({ amend, packages = [] }: Request, { requested }: Manifest): string[] =>
  amend ? packages.filter(name => !requested.includes(name)) : []
