/** A site with packages, as small as a test wants it: name to version and what it needs. */
import { generateKeyPairSync } from 'node:crypto'
import { entry } from '../imitation/archive/entry.ts'
import { writePackage } from '../imitation/pkg/archive.ts'
import { readManifest } from '../imitation/pkg/package.ts'
import {
  fingerprintOf,
  type Offered,
  offered,
  publicKeyOf,
  type Signing,
  writeCatalogue,
} from '../imitation/pkg/repository.ts'

export interface Given {
  readonly version: string
  readonly needs?: readonly string[]
  /** Bytes of a file of it. */
  readonly bytes?: number
  /** More files, by path. */
  readonly files?: Readonly<Record<string, string>>
}

export type Packages = Readonly<Record<string, Given>>

/** A package set such as a small hosting company's: a web server, a language, modules of it. */
export const PACKAGES: Packages = {
  nginx: { version: '1.26.2,3', needs: ['pcre2'] },
  pcre2: { version: '10.43' },
  php83: { version: '8.3.14', needs: ['libxml2'] },
  'php83-gd': { version: '8.3.14', needs: ['php83', 'libgd'] },
  libgd: { version: '2.3.3_13,1' },
  libxml2: { version: '2.11.9' },
}

/** A file of a package that runs `script`, in Lua, whenever something is installed into `directory` (pkg-triggers(5)). */
export const trigger = (directory: string, script: string, sandbox = false): string =>
  `description: a trigger\npath: [${JSON.stringify(directory)}]\ntrigger: { type: lua, sandbox: ${sandbox}, script: ${JSON.stringify(script)} }\n`

export function newKey(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()
}

/** Path below the repository's URL to content. */
export function packageSite(
  packages: Packages,
  { signing, abi = 'FreeBSD:14:amd64' }: { signing?: Signing | undefined; abi?: string } = {},
): Record<string, Buffer> {
  const files: Record<string, Buffer> = {}
  const catalogue: Offered[] = []
  for (const [name, { version, needs = [], bytes = 10, files: more = {} }] of Object.entries(packages)) {
    const deps = Object.fromEntries(
      needs.map(need => [need, { origin: `devel/${need}`, version: packages[need]?.version ?? '' }]),
    )
    const manifest = readManifest(
      {
        name,
        version,
        origin: `devel/${name}`,
        comment: name,
        maintainer: 'ports@example.net',
        www: '',
        desc: name,
        deps,
        abi,
      },
      { abi, osversion: '1402000' },
    )
    const made = writePackage(manifest, [
      entry(`/usr/local/share/${name}/${name}.txt`, { content: Buffer.alloc(bytes, name) }),
      entry(`/usr/local/etc/rc.d/${name.replaceAll('-', '_')}`, { mode: 0o555, content: Buffer.from('#!/bin/sh\n') }),
      ...Object.entries(more).map(([path, content]) => entry(path, { content: Buffer.from(content) })),
    ])
    files[`All/${name}-${version}.pkg`] = made.bytes
    catalogue.push(offered(made.manifest, made.bytes))
  }
  return { ...files, ...writeCatalogue(catalogue, signing) }
}

export { fingerprintOf, publicKeyOf }
