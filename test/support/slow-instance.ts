/** A sandbox host `solo` with an instance `one` that takes its time to stop, and two blueprints for it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { stringify } from 'yaml'
import { type SiteHosts, startSiteHosts } from './site-hosts.ts'

export const [OLD, NEXT] = ['2026Q4-web', '2027Q1-web']
export const JOURNAL = '/hosting/instances/one/journal.json'

export async function startSlowInstance(stopSeconds: number): Promise<SiteHosts> {
  const hosts = await startSiteHosts(['solo'])
  const web = { release: '14.2-RELEASE', packages: ['nginx'] }
  const parameters = { 'exec.prestop': `sleep ${stopSeconds}` }
  hosts.say('solo', {
    host_bridges: [{ name: 'bridge0', addresses: ['10.66.9.1/24'] }],
    instance_gateways: ['10.66.9.1'],
    blueprint_blueprints: [
      { name: OLD, ...web },
      { name: NEXT, ...web, repository: hosts.site.nextRepository },
    ],
    instances: [{ id: 'one', blueprint: OLD, addresses: ['10.66.9.11/24'], parameters }],
  })
  // site.yml builds those that instances run on, and no others.
  const both = join(hosts.directory, 'blueprints.yml')
  const roles = ['host', 'blueprint'].map(role => `bluejail.hosting.${role}`)
  writeFileSync(both, stringify([{ hosts: 'hosting', become: true, gather_facts: false, roles }]))
  for (const playbook of [both, 'playbooks/site.yml']) {
    const made = await hosts.run('ansible-playbook', [playbook])
    expect(made.exit, made.stdout + made.stderr).toBe(0)
  }
  return hosts
}
