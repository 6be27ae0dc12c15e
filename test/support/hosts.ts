/** Sandbox hosts for a test file, in a directory of their own, with an inventory that has them under their names. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type Sandbox, type SandboxOptions, startSandbox } from '../sandbox/sandbox.ts'

export interface Hosts {
  readonly sandboxes: readonly Sandbox[]
  /** The first of them. */
  readonly host: Sandbox
  /** An inventory; as the last `-i` it gives hosts of another one their addresses. */
  readonly inventory: string
  /** For files of the test. */
  readonly directory: string
  stop(): Promise<void>
}

/** Logins are `admin`, who becomes root by sudo, as on hosts of care; or `root`. `vars` are the inventory's for each host. */
export async function startHosts(
  names: readonly string[],
  {
    user = 'admin',
    vars = {},
    ...options
  }: { readonly user?: 'admin' | 'root'; readonly vars?: Readonly<Record<string, unknown>> } & Omit<
    SandboxOptions,
    'name' | 'directory'
  > = {},
): Promise<Hosts> {
  const directory = mkdtempSync(join(tmpdir(), 'hosts-'))
  const sandboxes = await Promise.all(names.map(name => startSandbox({ ...options, name, directory })))
  const [host] = sandboxes
  if (host === undefined) throw new Error('name at least one host')
  const inventory = join(directory, 'inventory.yml')
  const entries = sandboxes.map(sandbox => [sandbox.name, { ...sandbox.inventoryVars(user), ...vars }])
  writeFileSync(inventory, stringify({ all: { hosts: Object.fromEntries(entries) } }))
  return {
    sandboxes,
    host,
    inventory,
    directory,
    async stop() {
      await Promise.all(sandboxes.map(sandbox => sandbox.stop()))
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
