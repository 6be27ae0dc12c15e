/** The files of the collection, path by path, ready to be written or packed. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { AnyDefinition } from '../modules/core/module.ts'
import { bundle } from './bundle.ts'
import { bundleInventory, INVENTORY_PROGRAM } from './inventory.ts'
import { author, collectionShortName, description, namespace, version } from './package.ts'
import { root } from './paths.ts'
import { sidecarOf } from './sidecar.ts'

/** Content by path relative to the collection's directory, sorted. */
export type Files = ReadonlyMap<string, Buffer>

export interface CollectionInfo {
  readonly namespace: string
  readonly name: string
  readonly version: string
  readonly readme: string
  readonly authors: readonly string[]
  readonly description: string
  readonly license: readonly string[]
  readonly tags: readonly string[]
}

export const info: CollectionInfo = {
  namespace,
  name: collectionShortName,
  version,
  readme: 'README.md',
  authors: [author],
  description,
  license: ['BSD-2-Clause'],
  tags: ['freebsd', 'infrastructure', 'jails', 'zfs'],
}

export async function collectionFiles(definitions: readonly AnyDefinition[]): Promise<Files> {
  const names = definitions.map(({ name }) => name)
  const files = new Map<string, Buffer>()
  const add = (path: string, content: Buffer | string) => files.set(path, Buffer.from(content))

  add('galaxy.yml', stringify(info))
  add('meta/runtime.yml', `---\n${stringify({ requires_ansible: '>=2.16.0', action_groups: { hosting: names } })}`)
  const copied = ['playbooks', 'plugins', 'roles'].flatMap(filesBelow)
  for (const path of ['README.md', 'CHANGELOG.md', 'LICENSE', ...copied]) add(path, readFileSync(join(root, path)))
  add(INVENTORY_PROGRAM, await bundleInventory())
  for (const minor of SANITY_VERSIONS) add(`tests/sanity/ignore-2.${minor}.txt`, sanityExceptions(names, minor))
  for (const definition of definitions) {
    add(`plugins/modules/${definition.name}.cjs`, await bundle(definition.name, definition.program))
    add(`plugins/modules/${definition.name}.yml`, sidecarOf(definition))
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** What is to be executed by name. Modules are not: Ansible hands them to their interpreter. */
export const isProgram = (path: string) => path === INVENTORY_PROGRAM

/** Files of a directory of this repository, at any depth. */
function filesBelow(directory: string): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap(entry => {
    const path = `${directory}/${entry.name}`
    // What Python leaves beside plugins that were run from here.
    if (entry.name === '__pycache__') return []
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

/** ansible-core 2.N whose `ansible-test sanity` may be run on the collection. */
const SANITY_VERSIONS = [16, 17, 18, 19, 20]

/** `ansible-test sanity` knows modules in Python and PowerShell only. What it says of others, and why that is no fault: */
function sanityExceptions(names: readonly string[], minor: number): string {
  const ofModules = names.flatMap(name => [
    `plugins/modules/${name}.cjs shebang # node runs it`,
    `plugins/modules/${name}.cjs validate-modules:invalid-extension # node runs it`,
    // 2.16 stops at what it cannot read as Python, later ones go on.
    minor <= 16
      ? `plugins/modules/${name}.cjs validate-modules:python-syntax-error # node runs it`
      : `plugins/modules/${name}.cjs validate-modules:missing-gplv3-license # the licence is BSD-2-Clause`,
    `plugins/modules/${name}.yml validate-modules:missing-gplv3-license # the licence is BSD-2-Clause`,
  ])
  const ofOthers = [
    'plugins/connection/instance.py validate-modules:missing-gplv3-license # the licence is BSD-2-Clause',
    `${INVENTORY_PROGRAM} shebang # node runs it`,
  ]
  return [...ofModules, ...ofOthers].map(line => `${line}\n`).join('')
}
