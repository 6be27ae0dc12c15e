/** The role autosnap: policies for all instances, one of its own, one without; and the program as cron would start it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ansible, type Core, type Ran } from '../support/ansible.ts'
import { type Hosts, startHosts } from '../support/hosts.ts'

const AUTOSNAP = '/usr/local/libexec/bluejail/autosnap'

let hosts: Hosts
beforeAll(async () => {
  hosts = await startHosts(['snapping'])
  for (const id of ['shop', 'demo', 'blog'])
    for (const part of ['var', 'tmp']) await hosts.host.run(`zfs create -p zroot/hosting/instances/${id}/${part}`)
  await hosts.host.run('zfs create zroot/hosting/shared')
})
afterAll(() => hosts.stop())

async function role(core: Core, vars: object, ...flags: string[]): Promise<Ran> {
  const play = join(hosts.directory, 'autosnap.yml')
  const roles = [{ role: 'bluejail.hosting.autosnap', ...vars }]
  writeFileSync(play, JSON.stringify([{ hosts: 'snapping', become: true, gather_facts: false, roles }]))
  const ran = await ansible('ansible-playbook', ['-i', hosts.inventory, play, ...flags], { core })
  expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
  return ran
}
const resultOf = ({ rows }: Ran) => rows.find(({ result }) => 'steps' in result)?.result ?? {}

const vars = {
  autosnap_timezone: 'Europe/Amsterdam',
  autosnap_policies: [
    { name: 'default', hourly: 2 },
    { name: 'often', frequent: 4, hourly: 3, timezone: 'UTC' },
  ],
  autosnap_instances: [
    { id: 'shop', snapshots: 'often' },
    { id: 'demo', snapshots: false },
    { id: 'blog' },
    { id: 'gone', snapshots: 'often', state: 'absent' },
  ],
  autosnap_datasets: [{ name: 'zroot/hosting/shared', policy: 'often', recursive: false }],
}

test('foretold, run, and nothing left to do, with two releases of Ansible', async () => {
  const foretold = resultOf(await role('2.16', vars, '--check', '--diff'))
  const done = resultOf(await role('2.19', vars))
  expect(done).toMatchObject({ changed: true, steps: foretold.steps, state: foretold.state })
  expect(done.state).toMatchObject({
    policies: {
      default: { keeps: '2 hourly (Europe/Amsterdam)', datasets: 3 },
      often: { keeps: '4 frequent, 3 hourly', datasets: 3 },
    },
  })
  for (const core of ['2.16', '2.19'] as const)
    expect(resultOf(await role(core, vars))).toMatchObject({ changed: false })
})

test('the program takes them, by itself and as the line in cron.d says', async () => {
  const { stdout } = await hosts.host.run(`${AUTOSNAP} run --json --now=2026-11-22T12:00:00Z`)
  expect(
    JSON.parse(stdout)
      .taken.map((name: string) => name.split('@')[0])
      .sort(),
  ).toEqual([
    'zroot/hosting/instances',
    'zroot/hosting/instances/blog',
    'zroot/hosting/instances/blog/var',
    'zroot/hosting/instances/shop',
    'zroot/hosting/instances/shop/var',
    'zroot/hosting/shared',
  ])
  const line = (await hosts.host.run('grep autosnap /usr/local/etc/cron.d/bluejail-autosnap')).stdout
  const command = line.split(' root ')[1] ?? ''
  expect(await hosts.host.run(command.replace('| logger', '--now=2026-11-22T12:05:00Z | cat; echo'))).toMatchObject({
    exit: 0,
    stdout: expect.not.stringContaining('taken'),
  })
  const status = await hosts.host.run(`${AUTOSNAP} status --now=2026-11-22T12:05:00Z`)
  expect([status.exit, status.stdout]).toEqual([0, expect.stringContaining('2026-11-22T12:15:00Z')])
})

test('two at once: the second says who is at it', async () => {
  const both = await Promise.all(
    [1, 2].map(() => hosts.host.run(`lockf -k /var/run/bluejail-autosnap.lock ${AUTOSNAP} run`)),
  )
  expect(both.map(({ exit }) => exit)).toEqual([2, 2])
  expect(both[0]?.stderr).toContain('this host is being changed by')
})

test('without policies it goes', async () => {
  const { steps } = resultOf(await role('2.19', { autosnap_policies: [] }))
  expect(steps).toHaveLength(4)
  expect((await hosts.host.run(`ls ${AUTOSNAP}`)).exit).not.toBe(0)
})
