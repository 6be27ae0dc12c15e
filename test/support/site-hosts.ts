/**
 * Sandbox hosts that the playbooks of a site look after: packages come from a mirror on the loopback, and what each host
 * shall have is in an inventory of the test's own.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { ansible, type Core, type Ran } from './ansible.ts'
import { type Hosts, startHosts } from './hosts.ts'
import { type MirrorSite, startMirrorSite } from './mirror-site.ts'

export interface SiteHosts extends Hosts {
  readonly site: MirrorSite
  /** What a host shall have, in place of what was said of it before. */
  say(host: string, variables: object): void
  /** One of Ansible's programs, with this inventory. */
  run(
    program: string,
    args: readonly string[],
    core?: Core,
    environment?: Readonly<Record<string, string>>,
  ): Promise<Ran>
  /** A playbook of ours, by its name. */
  playbook(name: string, variables?: object, ...more: readonly string[]): Promise<Ran>
}

export async function startSiteHosts(names: readonly string[]): Promise<SiteHosts> {
  const site = await startMirrorSite()
  const hosts = await startHosts(names, { vars: site.vars })
  const inventory = join(hosts.directory, 'site')
  mkdirSync(join(inventory, 'host_vars'), { recursive: true })
  const listed = Object.fromEntries(names.map(name => [name, {}]))
  writeFileSync(join(inventory, 'hosts.yml'), stringify({ hosting: { hosts: listed } }))

  const run: SiteHosts['run'] = (program, args, core = '2.19', environment = {}) =>
    ansible(program, ['-i', inventory, '-i', hosts.inventory, ...args], { core, environment })
  return {
    ...hosts,
    site,
    run,
    playbook: (name, variables = {}, ...more) => run('ansible-playbook', playing(name, variables, ...more)),
    say(host, variables) {
      // Ansible's YAML takes 19:30 without quotes for a number of base 60.
      writeFileSync(join(inventory, `host_vars/${host}.yml`), stringify(variables, { version: '1.1' }))
    },
    async stop() {
      await hosts.stop()
      await site.mirror.close()
    },
  }
}

/** The arguments with which ansible-playbook runs a playbook of ours. */
export const playing = (name: string, variables: object, ...more: readonly string[]): string[] => [
  `playbooks/${name}.yml`,
  ...['-e', JSON.stringify(variables), ...more],
]
