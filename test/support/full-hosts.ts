/** Two sandbox hosts and their inventory for site.yml: `one` has a single instance, `many` is full of them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { startHosts } from './hosts.ts'
import { startMirrorSite } from './mirror-site.ts'

export const MANY = 50

export interface FullHosts {
  readonly one: Sandbox
  readonly many: Sandbox
  /** For ansible-playbook, without `-l`. */
  readonly args: readonly string[]
  stop(): Promise<void>
}

export async function startFullHosts(): Promise<FullHosts> {
  const mirror = await startMirrorSite()
  const hosts = await startHosts(['one', 'many'], { vars: mirror.vars })
  const [one, many] = hosts.sandboxes as [Sandbox, Sandbox]
  const inventory = join(hosts.directory, 'instances.yml')
  writeFileSync(inventory, stringify({ hosting: { hosts: { one: varsFor(1), many: varsFor(MANY) } } }))
  return {
    one,
    many,
    args: ['-i', inventory, '-i', hosts.inventory, 'playbooks/site.yml'],
    async stop() {
      await hosts.stop()
      await mirror.mirror.close()
    },
  }
}

const varsFor = (count: number) => ({
  host_bridges: [{ name: 'bridge0', addresses: ['10.66.0.1/24'], nat: 'vtnet0' }],
  instance_limits: { swapuse: '2G', maxproc: 400 },
  instance_gateways: ['10.66.0.1'],
  instance_defaults: { resolvers: ['192.0.2.53'], timezone: 'UTC', authorized_keys: ['ssh-ed25519 AAAA operators'] },
  blueprints: [{ name: 'bare', release: '14.2-RELEASE' }],
  instances: Array.from({ length: count }, (_, number) => ({
    id: `web${number + 1}`,
    blueprint: 'bare',
    addresses: [`10.66.0.${number + 11}/24`],
    databases: ['mysql'],
    quota: '20G',
  })),
})
