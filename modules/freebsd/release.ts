/** FreeBSD releases: their names, and the MANIFEST beside their files (release/scripts/make-manifest.sh). */
import { UnexpectedOutput } from '../core/errors.ts'

export interface Release {
  readonly major: number
  readonly minor: number
}

const RELEASE = /^(\d{2})\.(\d{1,2})-(RELEASE|STABLE|CURRENT|PRERELEASE|ALPHA\d+|BETA\d+|RC\d+)$/

/** `14.2-RELEASE`, as a directory of a mirror is called. Patch levels are not releases. */
export function parseRelease(name: string): Release | undefined {
  const [, major, minor] = RELEASE.exec(name) ?? []
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor) }
}

/** __FreeBSD_version of a release: 14.2 has 1402000 (sys/sys/param.h; seen as FreeBSD_version in 09-pkg.jsonl). */
export const kernelVersionOf = ({ major, minor }: Release) => major * 100_000 + minor * 1000

/** What pkg calls the binary interface: `FreeBSD:14:amd64`. */
export const abiOf = ({ major }: Release, architecture: string) => `FreeBSD:${major}:${architecture}`

/** The machine's name that stands before the processor's in a mirror's path. */
const MACHINES: Readonly<Record<string, string>> = {
  aarch64: 'arm64',
  armv6: 'arm',
  armv7: 'arm',
  powerpc64: 'powerpc',
  powerpc64le: 'powerpc',
  riscv64: 'riscv',
}

/** Where a mirror of releases has a file: `MIRROR/amd64/amd64/14.2-RELEASE/base.txz`. */
export const urlOnMirror = (mirror: string, release: string, architecture: string, file: string) =>
  `${mirror.replace(/\/+$/, '')}/${MACHINES[architecture] ?? architecture}/${architecture}/${release}/${file}`

/** The sha256 of `file` in a release's MANIFEST, or undefined where it is not listed. Columns: file, sha256, files, … */
export function digestInManifest(text: string, file: string): string | undefined {
  for (const line of text.split('\n').filter(line => line !== '')) {
    const [name, sha256 = '', entries = ''] = line.split('\t')
    if (!/^[0-9a-f]{64}$/.test(sha256) || !/^\d+$/.test(entries)) throw new UnexpectedOutput('MANIFEST', line)
    if (name === file) return sha256
  }
  return undefined
}
