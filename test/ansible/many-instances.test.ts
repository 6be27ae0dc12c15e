/** A host full of instances: a run that changes nothing starts as many processes there as for one, and says how long it took. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { ansible } from '../support/ansible.ts'
import { type Hosts, startHosts } from '../support/hosts.ts'
import { type MirrorSite, startMirrorSite } from '../support/mirror-site.ts'

const MANY = 50

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

// Times depend on what else a machine does: processes are asserted, the time is told.
test(`a run that changes nothing starts as many processes for ${MANY} as for one`, async () => {
  const processes: Record<string, number>[] = []
  const seconds: number[] = []
  for (const [index, host] of (['one', 'many'] as const).entries()) {
    await hosts.sandboxes[index]?.resetCounts()
    const ran = await run(host)
    expect(ran.changes).toBe(0)
    processes.push((await hosts.sandboxes[index]?.counts()) ?? {})
    seconds.push(ran.seconds)
  }
  const [one = 0, many = 0] = seconds
  console.log(`nothing to change: ${MANY} instances take ${(many / one).toFixed(2)} times as long as one`)
  expect(processes[1]).toEqual(processes[0])
  expect(processes[0]).toMatchObject({ jls: expect.any(Number), mount: expect.any(Number), zfs: expect.any(Number) })
}, 120_000)
