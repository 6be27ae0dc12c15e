/** A repository as pkg-repo(8) makes it: All/*.pkg, meta.conf, data.pkg and packagesite.pkg, signed or not. */
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { type Entry, entry } from '../archive/entry.ts'
import { readArchive } from '../archive/read.ts'
import { writeTar } from '../archive/tar.ts'
import { digest, packed } from './archive.ts'
import type { Package } from './package.ts'

/** A package as a catalogue lists it. */
export type Offered = Omit<Package, 'files' | 'directories'> & {
  /** Below the repository's URL. */
  readonly repopath: string
  readonly sum: string
  readonly pkgsize: number
}

export interface Signing {
  readonly type: 'pubkey' | 'fingerprints'
  /** PEM. */
  readonly privateKey: string
}

export function offered(manifest: Package, bytes: Buffer): Offered {
  const { files: _files, directories: _directories, ...rest } = manifest
  return {
    ...rest,
    repopath: `All/${manifest.name}-${manifest.version}.pkg`,
    sum: digest(bytes),
    pkgsize: bytes.length,
  }
}

/** Name to content of what lies beside All. */
export function writeCatalogue(packages: readonly Offered[], signing?: Signing): Record<string, Buffer> {
  const sorted = [...packages].sort((a, b) => (a.name < b.name ? -1 : 1))
  const data = Buffer.from(JSON.stringify({ groups: [], packages: sorted }))
  const site = Buffer.from(sorted.map(each => `${JSON.stringify(each)}\n`).join(''))
  const archive = (name: string, content: Buffer) =>
    packed(writeTar([...signatures(name, content, signing), entry(name, { content })]))
  const meta = Buffer.from('version = 2;\npacking_format = "tzst";\nmanifests = "packagesite.yaml";\ndata = "data";\n')
  return {
    meta,
    'meta.conf': meta,
    'data.pkg': archive('data', data),
    'packagesite.pkg': archive('packagesite.yaml', site),
  }
}

/** One signature is over the digest in hexadecimal (libpkg/rsa.c), as pkg_repo.c takes it out again. */
function signatures(name: string, content: Buffer, signing: Signing | undefined): Entry[] {
  if (signing === undefined) return []
  const signature = sign('sha256', Buffer.from(hex(content)), signing.privateKey)
  if (signing.type === 'pubkey') return [entry('signature', { content: signature })]
  const certificate = publicKeyOf(signing.privateKey)
  return [entry(`${name}.sig`, { content: signature }), entry(`${name}.pub`, { content: Buffer.from(certificate) })]
}

const hex = (content: Buffer) => createHash('sha256').update(content).digest('hex')

export const publicKeyOf = (privateKey: string): string =>
  createPublicKey(createPrivateKey(privateKey)).export({ type: 'spki', format: 'pem' }).toString()

/** What a file below `trusted` says of a public key (pkg-repo(8), FINGERPRINTS). */
export const fingerprintOf = (publicKey: string) => createHash('sha256').update(publicKey).digest('hex')

export interface ReadCatalogue {
  readonly packages: readonly Offered[]
  readonly data: Buffer
  readonly signature?: Buffer
  /** The public key that came with it. */
  readonly certificate?: string
}

export function readCatalogue(bytes: Buffer): ReadCatalogue {
  const entries = readArchive(bytes)
  const content = (name: string) => entries.find(each => each.path === name)?.content
  const data = content('data') ?? Buffer.alloc(0)
  const signature = content('signature') ?? content('data.sig')
  const certificate = content('data.pub')?.toString()
  return {
    data,
    packages: (JSON.parse(data.toString()) as { packages: Offered[] }).packages,
    ...(signature !== undefined && { signature }),
    ...(certificate !== undefined && { certificate }),
  }
}

export function isSignedBy({ data, signature }: ReadCatalogue, publicKey: string): boolean {
  try {
    return signature !== undefined && verify('sha256', Buffer.from(hex(data)), publicKey, signature)
  } catch {
    return false
  }
}
