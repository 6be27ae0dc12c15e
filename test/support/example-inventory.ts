/** The example inventory, playbooks/inventory: which hosts and instances it has. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { root } from '../../build/paths.ts'

const inventory = join(root, 'playbooks', 'inventory')
const read = (path: string) => parse(readFileSync(join(inventory, path), 'utf8'))

/** Sorted by name. */
export const exampleHosts = (): string[] => Object.keys(read('hosts.yml').hosting.hosts).sort()

/** Customers by instance. */
export function exampleInstances(): Record<string, string> {
  const files = readdirSync(join(inventory, 'host_vars')).sort()
  const instances = files.flatMap(file => read(`host_vars/${file}`).instances as { id: string; customer: string }[])
  return Object.fromEntries(instances.map(({ id, customer }) => [id, customer]))
}
