/**
 * A mirror of releases and packages on the loopback, and the variables that make playbooks use it in place of the ones on
 * the internet.
 */
import { startExampleMirror } from '../fixtures/example-mirror.ts'
import type { Mirror } from '../fixtures/mirror.ts'

export interface MirrorSite {
  readonly mirror: Mirror
  /** Of the roles and modules: where base.txz and packages come from. */
  readonly vars: Readonly<Record<string, unknown>>
  /** Where packages of the next quarter come from. */
  readonly nextRepository: { readonly url: string; readonly fingerprints: readonly string[] }
}

export async function startMirrorSite(): Promise<MirrorSite> {
  const mirror = await startExampleMirror()
  const fingerprints = [mirror.key.fingerprint]
  return {
    mirror,
    nextRepository: { url: `${mirror.origin}/packages/2027Q1`, fingerprints },
    vars: {
      blueprint_base: { mirrors: [`${mirror.origin}/releases`] },
      // Hosts of tests have no Python, so that whatever works there needs none.
      host_python_packages: [],
      blueprint_repository: { url: `${mirror.origin}/packages/2026Q4`, fingerprints },
    },
  }
}
