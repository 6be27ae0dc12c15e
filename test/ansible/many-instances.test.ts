/** A host full of instances: a run that changes nothing takes hardly longer than for one. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { ansible } from '../support/ansible.ts'
import { type Hosts, startHosts } from '../support/hosts.ts'
import { type MirrorSite, startMirrorSite } from '../support/mirror-site.ts'

const MANY = 50
const MOST_TIMES_AS_LONG = 1.5
/** Others use this machine too: of several runs the quickest is the one that was least disturbed. */
const MOST_ROUNDS = 8

let mirror: MirrorSite
let hosts: Hosts
let inventory: string
beforeAll(async () => {
  mirror = await startMirrorSite()
  hosts = await startHosts(['one', 'many'], { vars: mirror.vars })
  inventory = join(hosts.directory, 'instances.yml')
  writeFileSync(inventory, stringify({ hosting: { hosts: { one: varsFor(1), many: varsFor(MANY) } } }))
})
afterAll(async () => {
  await hosts.stop()
  await mirror.mirror.close()
})

const varsFor = (count: number) => ({
  host_bridges: { bridge0: 'inet 10.66.0.1/24' },
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

async function run(host: 'one' | 'many') {
  const began = performance.now()
  const args = ['-i', inventory, '-i', hosts.inventory, 'playbooks/site.yml', '-l', host]
  const { exit, rows, stdout, stderr } = await ansible('ansible-playbook', args)
  expect(exit, stdout + stderr).toBe(0)
  return { changes: rows.filter(({ result }) => result.changed).length, seconds: (performance.now() - began) / 1000 }
}

test(`all ${MANY} are made and run`, async () => {
  for (const host of ['one', 'many'] as const) expect((await run(host)).changes).toBeGreaterThan(0)
  const [, many] = hosts.sandboxes
  expect((await many?.run('jls name'))?.stdout.trimEnd().split('\n')).toHaveLength(MANY)
}, 600_000)

test(`a run that changes nothing takes at most ${MOST_TIMES_AS_LONG} times as long as for one`, async () => {
  const quickest = { one: Number.POSITIVE_INFINITY, many: Number.POSITIVE_INFINITY }
  const times = () => quickest.many / quickest.one
  for (let round = 0; round < MOST_ROUNDS && !(times() <= MOST_TIMES_AS_LONG); round++)
    for (const host of ['one', 'many'] as const) {
      const { changes, seconds } = await run(host)
      expect(changes).toBe(0)
      quickest[host] = Math.min(quickest[host], seconds)
    }
  expect(times(), JSON.stringify(quickest)).toBeLessThanOrEqual(MOST_TIMES_AS_LONG)
}, 300_000)
