/** What a blueprint_jail task asks for, one request a blueprint. */
import { posix } from 'node:path'
import { InvalidOptions } from '../../core/errors.ts'
import { packageNameProblem } from '../../freebsd/pkg.ts'
import { parseRelease } from '../../freebsd/release.ts'
import { checkBlueprintName, LISTING, MANIFEST } from '../layout.ts'
import { oneOrList, repeatedIn, withoutUndefined } from '../listed.ts'

export interface BaseOptions {
  readonly url?: string | undefined
  readonly mirrors?: readonly string[] | undefined
  readonly file?: string | undefined
  readonly sha256?: string | undefined
  readonly size?: number | undefined
}

export interface RepositoryOptions {
  readonly url: string
  readonly signature_type?: 'fingerprints' | 'pubkey' | 'none' | undefined
  readonly fingerprints?: readonly string[] | undefined
  readonly pubkey?: string | undefined
  readonly abi?: string | undefined
}

export interface FileOptions {
  readonly path: string
  readonly content: string
  readonly mode?: number | undefined
}

export interface BlueprintOptions {
  readonly release?: string | undefined
  readonly architecture?: string | undefined
  readonly base?: BaseOptions | undefined
  readonly pkgbase?: (RepositoryOptions & { readonly packages?: readonly string[] | undefined }) | undefined
  readonly packages?: readonly string[] | undefined
  readonly repository?: RepositoryOptions | undefined
  readonly files?: readonly FileOptions[] | undefined
  readonly directories?: readonly string[] | undefined
  readonly commands?: readonly (readonly string[])[] | undefined
}

export interface TaskOptions extends BlueprintOptions {
  readonly name?: string | undefined
  readonly blueprints?: readonly ({ readonly name: string } & BlueprintOptions)[] | undefined
  readonly state: 'present' | 'absent'
  readonly amend: boolean
  readonly reason?: string | undefined
  readonly verify: boolean
  readonly keep_ways_back: boolean
  readonly hosting_dataset?: string | undefined
  readonly hosting_path?: string | undefined
}

export interface Request extends BlueprintOptions {
  readonly name: string
  readonly state: 'present' | 'absent'
  readonly amend: boolean
  readonly reason: string
  readonly verify: boolean
  /** It stays where an instance could go back to it. */
  readonly keepsWaysBack: boolean
}

/** The set of base packages for jails, as releases from 15.0 on have it. */
const DEFAULT_BASE_PACKAGES = ['FreeBSD-set-base-jail']

/** ZFS takes 8,191 bytes for a property's value (ZAP_MAXVALUELEN of openzfs include/sys/zap.h). */
const REASON = /^[^\p{Cc}]{0,1000}$/u

export const basePackagesOf = ({
  packages = DEFAULT_BASE_PACKAGES,
}: {
  readonly packages?: readonly string[] | undefined
}) => packages

/** What stands beside `blueprints` holds for each of them that does not say otherwise. Sorted lists, clean paths. */
export function requestsOf(task: TaskOptions): Request[] {
  const {
    name,
    blueprints,
    reason = '',
    keep_ways_back: keepsWaysBack,
    hosting_dataset,
    hosting_path,
    ...common
  } = task
  const { state, amend } = common
  const listed = oneOrList('blueprint', 'name', name, blueprints)
  if (amend && reason === '')
    throw new InvalidOptions('an amendment needs a `reason`: it is kept with the revision it makes')
  if (!REASON.test(reason))
    throw new InvalidOptions('`reason` is one line of at most 1,000 characters: it is kept as a property of a snapshot')
  if (amend && state === 'absent') throw new InvalidOptions('`amend` means nothing with state=absent')

  const requests = listed.map((own): Request => {
    const given = withoutUndefined(own)
    const name = checkBlueprintName(own.name)
    return cleaned({ ...common, ...given, name, reason, keepsWaysBack })
  })
  const problems = [...requests.flatMap(problemsOf), ...repeatedIn(requests.map(request => request.name))]
  if (problems.length > 0) throw new InvalidOptions(problems.join('; '))
  return requests
}

function cleaned(request: Request): Request {
  const { packages, pkgbase, files, directories } = request
  return {
    ...request,
    ...(packages && { packages: sorted(packages) }),
    ...(pkgbase?.packages && { pkgbase: { ...pkgbase, packages: sorted(pkgbase.packages) } }),
    ...(directories && { directories: sorted(directories.map(inTree)) }),
    ...(files && { files: files.map(file => ({ ...file, path: inTree(file.path) })) }),
  }
}

const sorted = (names: readonly string[]) => [...new Set(names)].sort()

/** Relative to the blueprint's root, without a slash at either end. */
const inTree = (path: string) => posix.normalize(`/${path}`).replace(/^\/+|\/+$/g, '')

function problemsOf(request: Request): string[] {
  const { name, release, base, pkgbase, repository, files = [], directories = [], commands = [] } = request
  const packages = [...(request.packages ?? []), ...(pkgbase?.packages ?? [])]
  const problems = [
    ...(release !== undefined && parseRelease(release) === undefined
      ? [`'${release}' is not a release's name, like 14.2-RELEASE`]
      : []),
    ...(base !== undefined && pkgbase !== undefined ? ['give either `base` or `pkgbase`'] : []),
    ...packages.map(packageNameProblem).filter(problem => problem !== undefined),
    ...(base === undefined ? [] : problemsOfBase(base)),
    ...(repository === undefined ? [] : problemsOfRepository('repository', repository)),
    ...(pkgbase === undefined ? [] : problemsOfRepository('pkgbase', pkgbase)),
    ...[...files.map(file => file.path), ...directories].flatMap(problemsOfPath),
    ...(commands.some(words => words.length === 0) ? ['a command is empty'] : []),
  ]
  return problems.map(problem => `${name}: ${problem}`)
}

function problemsOfBase({ url, mirrors, file, sha256 }: BaseOptions): string[] {
  const sources = [url, mirrors, file].filter(source => source !== undefined)
  return [
    ...(sources.length > 1 ? ['`base` takes one of url, mirrors and file'] : []),
    ...(mirrors?.length === 0 ? ['`base.mirrors` is empty'] : []),
    ...[...(mirrors ?? []), ...(url === undefined ? [] : [url])].flatMap(problemsOfUrl),
    ...(url !== undefined && !url.endsWith('/base.txz') ? ['`base.url` is that of a base.txz'] : []),
    ...(file !== undefined && !file.startsWith('/') ? ['`base.file` is a path on the host and begins with /'] : []),
    ...(sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256) ? ['`base.sha256` has 64 hexadecimal digits'] : []),
  ]
}

function problemsOfRepository(option: string, repository: RepositoryOptions): string[] {
  const { url, signature_type, fingerprints, pubkey } = repository
  const kinds = [fingerprints && 'fingerprints', pubkey && 'pubkey'].filter(kind => kind !== undefined)
  const isUnsigned = kinds.length === 0 && signature_type !== 'none'
  const odd = (fingerprints ?? []).filter(one => !/^([0-9a-f]{64}|\/.+)$/.test(one))
  return [
    ...problemsOfUrl(url),
    ...(kinds.length > 1 ? [`\`${option}\` takes either fingerprints or pubkey`] : []),
    ...(isUnsigned
      ? [`\`${option}\` has neither fingerprints nor pubkey. If nobody signs it, say signature_type: none`]
      : []),
    ...(signature_type !== undefined && kinds.length > 0 && signature_type !== kinds[0]
      ? [`\`${option}\` says signature_type: ${signature_type} and has ${kinds[0]}`]
      : []),
    ...odd.map(one => `'${one}' is no fingerprint: give 64 hexadecimal digits, or a directory inside the blueprint`),
    ...((fingerprints ?? []).some(one => one.startsWith('/')) && fingerprints?.length !== 1
      ? ['a directory of fingerprints stands alone']
      : []),
    ...(pubkey !== undefined && !/^(\/|-----BEGIN PUBLIC KEY-----)/.test(pubkey)
      ? [`\`${option}.pubkey\` is a path on the host, or the key itself (-----BEGIN PUBLIC KEY-----)`]
      : []),
  ]
}

/** pkg and fetch(1) know these; `pkg+http` looks up mirrors in DNS. A space or a quote has no place in a URL. */
function problemsOfUrl(url: string): string[] {
  const [, login] = /^[^/]*\/\/([^/]*)@/.exec(url) ?? []
  if (login !== undefined)
    return [
      `the URL '${url.replace(`${login}@`, '…@')}' has a login in it, which every list of processes would show. Take it out, and let the server admit this host by its address`,
    ]
  return /^(pkg\+)?(https?|ftp|file):\/\/[^\s"'\\]+$/.test(url)
    ? []
    : [`'${url}' is no URL of http, https, ftp or file`]
}

function problemsOfPath(path: string): string[] {
  if (path === '') return ['a path inside the blueprint is empty']
  if ([MANIFEST, LISTING].includes(path)) return [`/${path} is written when the blueprint is complete`]
  return path === 'dev' || path.startsWith('dev/') ? [`/${path}: nothing can be put into /dev`] : []
}
