/** pkg.conf(5): a configuration of our own, so that nothing of the host's repositories takes part. Its syntax is UCL. */

export interface Repository {
  readonly url: string
  readonly signature: Signature
}

export type Signature =
  | { readonly type: 'none' }
  /** `key` is a file on the host. */
  | { readonly type: 'pubkey'; readonly key: string }
  /** A directory with `trusted/` in it, inside the tree: from 1.20 on, pkg -r looks for it there (pkg issues 2265, 2390). */
  | { readonly type: 'fingerprints'; readonly directory: string }

export interface PkgSettings {
  readonly repositoriesDirectory: string
  readonly cacheDirectory: string
  /** `FreeBSD:14:amd64` */
  readonly abi: string
  /** __FreeBSD_version of what the packages shall run on: pkg guesses it where only the ABI is given, and says so. */
  readonly osversion: number
}

export function renderPkgConf({ repositoriesDirectory, cacheDirectory, abi, osversion }: PkgSettings): string {
  return [
    `REPOS_DIR [ ${ucl(repositoriesDirectory)} ]`,
    `PKG_CACHEDIR: ${ucl(cacheDirectory)}`,
    `ABI: ${ucl(abi)}`,
    `OSVERSION: ${osversion}`,
    'ASSUME_ALWAYS_YES: yes',
    '',
  ].join('\n')
}

/** A URL may have `${ABI}` in it, which pkg replaces. */
export function renderRepository(name: string, { url, signature }: Repository): string {
  const check =
    signature.type === 'pubkey'
      ? [`pubkey: ${ucl(signature.key)}`]
      : signature.type === 'fingerprints'
        ? [`fingerprints: ${ucl(signature.directory)}`]
        : []
  // pkg refuses a URL that is to be looked up in DNS where this does not say so too (libpkg/fetch.c, pkg_fetch_file_to_fd).
  const mirrors = url.startsWith('pkg+') ? ['mirror_type: srv'] : []
  const entries = [`url: ${ucl(url)}`, ...mirrors, 'enabled: yes', `signature_type: ${signature.type}`, ...check]
  return `${name}: { ${entries.join(', ')} }\n`
}

/** A file of `trusted/`. */
export const renderFingerprint = (sha256: string) => `function: "sha256"\nfingerprint: "${sha256}"\n`

/** UCL reads what JSON writes. */
const ucl = (text: string) => JSON.stringify(text)
