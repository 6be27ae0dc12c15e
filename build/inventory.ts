/** The inventory program, one file like a module. It runs where Ansible runs, so `env` finds its node. */
import { build } from 'esbuild'
import { root } from './paths.ts'

export const INVENTORY_PROGRAM = 'scripts/instances.cjs'

/**
 * Where a program fails, Ansible tries to read its text as an INI file, and takes lines for hosts. A section with a space
 * in its name ends that at once (lib/ansible/plugins/inventory/ini.py, `_parse`); to node it is a list that nobody uses.
 */
const NO_INI = "[' ']"

export async function bundleInventory(): Promise<Buffer> {
  const { outputFiles } = await build({
    entryPoints: ['inventory/main.ts'],
    absWorkingDir: root,
    banner: { js: `#!/usr/bin/env node\n${NO_INI}` },
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'error',
  })
  return Buffer.concat(outputFiles.map(({ contents }) => contents))
}
