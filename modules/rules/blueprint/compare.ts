/** Whether a complete blueprint is what a task asks for. Only what the task says is compared. */
import { digestOfCommands, digestsOfFiles, type Manifest } from './manifest.ts'
import { basePackagesOf, type Request } from './requests.ts'

/** What differs, in words. With `amend`, packages that are missing are no difference: they are what is to be added. */
export function differencesTo(request: Request, manifest: Manifest): string[] {
  const { release, architecture, repository, pkgbase, packages, files, directories, commands, amend } = request
  const abi = repository?.abi ?? pkgbase?.abi
  return [
    ...(release !== undefined && release !== manifest.release
      ? [`its release is ${manifest.release}, not ${release}`]
      : []),
    ...(architecture !== undefined && architecture !== manifest.architecture
      ? [`its architecture is ${manifest.architecture}, not ${architecture}`]
      : []),
    ...(abi !== undefined && abi !== manifest.abi ? [`its ABI is ${manifest.abi}, not ${abi}`] : []),
    ...baseDifferences(request, manifest.base),
    ...(amend || packages === undefined ? [] : listDifferences('', packages, manifest.requested)),
    ...(files === undefined ? [] : fileDifferences(digestsOfFiles(files), manifest.files)),
    ...(directories === undefined || manifest.directories === undefined
      ? []
      : listDifferences('the directory ', directories, manifest.directories)),
    ...(commands !== undefined && digestOfCommands(commands) !== manifest.commands
      ? ['other commands were run in it']
      : []),
  ]
}

/** Where the same comes from is no difference: a mirror may go, and another take its place. */
function baseDifferences({ base, pkgbase }: Request, present: Manifest['base']): string[] {
  if (pkgbase !== undefined) {
    if ('sha256' in present) return ['its base is from base.txz, not from packages']
    return present.packages === undefined
      ? []
      : listDifferences('the base package ', basePackagesOf(pkgbase), present.packages)
  }
  if (base === undefined) return []
  if (!('sha256' in present)) return ['its base is from packages, not from base.txz']
  return base.sha256 === undefined || base.sha256 === present.sha256
    ? []
    : [`its base is the archive ${present.sha256}, not the archive ${base.sha256}`]
}

function listDifferences(kind: string, wanted: readonly string[], present: readonly string[]): string[] {
  const missing = wanted.filter(name => !present.includes(name))
  const extra = present.filter(name => !wanted.includes(name))
  return [
    ...(missing.length > 0 ? [`it was made without ${kind}${missing.join(', ')}`] : []),
    ...(extra.length > 0 ? [`it was made with ${kind}${extra.join(', ')}, which the task does not list`] : []),
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
