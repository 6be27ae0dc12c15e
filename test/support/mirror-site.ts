/**
 * A mirror of releases and packages on the loopback, and the variables that make playbooks use it in place of the ones on
 * the internet. What it serves is made once and kept in dist/, by a digest of what it is made from.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dist, root } from '../../build/paths.ts'
import { type Mirror, startMirror } from '../fixtures/mirror.ts'

const QUARTER = '2026Q4'
const NEXT_QUARTER = '2027Q1'
const FINGERPRINT = 'fingerprint'

export interface MirrorSite {
  readonly mirror: Mirror
  /** Of the roles and modules: where base.txz and packages come from. */
  readonly vars: Readonly<Record<string, unknown>>
  /** Where packages of the next quarter come from. */
  readonly nextRepository: { readonly url: string; readonly fingerprints: readonly string[] }
}

export async function startMirrorSite(): Promise<MirrorSite> {
  const files = await mirrorFiles()
  const fingerprint = String(files[FINGERPRINT])
  delete files[FINGERPRINT]
  const mirror = await startMirror(files)
  return {
    mirror,
    nextRepository: { url: `${mirror.origin}/packages/${NEXT_QUARTER}`, fingerprints: [fingerprint] },
    vars: {
      blueprint_base: { mirrors: [`${mirror.origin}/releases`] },
      // Hosts of tests have no Python, so that whatever works there needs none.
      host_python_packages: [],
      blueprint_repository: { url: `${mirror.origin}/packages/${QUARTER}`, fingerprints: [fingerprint] },
    },
  }
}

async function mirrorFiles(): Promise<Record<string, Buffer | string>> {
  const place = join(dist, 'mirror', digestOfSources())
  if (!existsSync(place)) {
    const made = await makeFiles()
    rmSync(join(dist, 'mirror'), { recursive: true, force: true })
    const beside = `${place}.${process.pid}`
    mkdirSync(beside, { recursive: true })
    for (const [path, content] of Object.entries(made)) writeFileSync(join(beside, encodeURIComponent(path)), content)
    renameSync(beside, place)
  }
  return Object.fromEntries(readdirSync(place).map(name => [decodeURIComponent(name), readFileSync(join(place, name))]))
}

async function makeFiles(): Promise<Record<string, Buffer | string>> {
  const { releaseMirror } = await import('../fixtures/releases.ts')
  const { makeKey, packageMirror } = await import('../fixtures/packages/index.ts')
  const { privateKey, fingerprint } = makeKey()
  return {
    ...releaseMirror(['14.2-RELEASE']),
    ...packageMirror(QUARTER, { signing: { type: 'fingerprints', privateKey } }),
    ...packageMirror(NEXT_QUARTER, { signing: { type: 'fingerprints', privateKey } }),
    [FINGERPRINT]: fingerprint,
  }
}

function digestOfSources(): string {
  const hash = createHash('sha256')
  for (const folder of ['test/fixtures', 'test/imitation/archive', 'test/imitation/pkg'])
    for (const name of (readdirSync(join(root, folder), { recursive: true }) as string[]).sort())
      if (name.endsWith('.ts')) hash.update(name).update(readFileSync(join(root, folder, name)))
  return hash.digest('hex').slice(0, 16)
}
