/** The demo's inventory: the example's, where its hosts are on this machine, and the program that lists instances. */
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { collection, root } from '../../build/paths.ts'
import { defaultFolder } from '../sandbox/folder.ts'

const directory = join(defaultFolder(), 'demo')

/** In place of playbooks/inventory, which has names that nobody answers to; for every command of the demo. */
export const HOSTS = join(directory, 'hosts')
/** With instances as hosts of their own. */
export const INSTANCES = join(directory, 'instances')

/** Both are read by name, so that these addresses come last. */
export function writeInventory(addresses: Readonly<Record<string, object>>): void {
  removeInventory()
  for (const folder of [HOSTS, INSTANCES]) {
    mkdirSync(folder, { recursive: true })
    cpSync(join(root, 'playbooks/inventory'), folder, { recursive: true })
    writeFileSync(join(folder, 'sandbox.yml'), stringify({ all: { hosts: addresses } }))
  }
  symlinkSync(join(collection, 'scripts/instances.cjs'), join(INSTANCES, 'instances.cjs'))
}

export const removeInventory = () => rmSync(directory, { recursive: true, force: true })

/** What hosts were asked is kept here, and not with what a person's own inventories were told. */
export const CACHE = join(directory, 'cache')
