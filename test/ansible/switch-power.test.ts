/** Power goes while an instance is on its way to another blueprint; at boot it starts as the one or the other. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { type SiteHosts, startSiteHosts } from '../support/site-hosts.ts'

const [OLD, NEXT] = ['2026Q4-web', '2027Q1-web']
const JOURNAL = '/hosting/instances/one/journal.json'
/** Long enough to be cut off in it. */
const SLOW_STOP = { 'exec.prestop': 'sleep 5' }
const SLOW_HEALTH = { deadline: 60, commands: [['sleep', '9']] }

let hosts: SiteHosts
beforeAll(async () => {
  hosts = await startSiteHosts(['solo'])
  const web = { release: '14.2-RELEASE', packages: ['nginx'] }
  hosts.say('solo', {
    host_bridges: [{ name: 'bridge0', addresses: ['10.66.9.1/24'] }],
    instance_gateways: ['10.66.9.1'],
    blueprint_blueprints: [
      { name: OLD, ...web },
      { name: NEXT, ...web, repository: hosts.site.nextRepository },
    ],
    instances: [{ id: 'one', blueprint: OLD, addresses: ['10.66.9.11/24'], parameters: SLOW_STOP }],
  })
  for (const playbook of [bothBlueprints(), 'playbooks/site.yml']) {
    const made = await hosts.run('ansible-playbook', [playbook])
    expect(made.exit, made.stdout + made.stderr).toBe(0)
  }
})
afterAll(() => hosts.stop())

/** site.yml builds those that instances run on, and no others. */
function bothBlueprints(): string {
  const file = join(hosts.directory, 'blueprints.yml')
  const roles = ['host', 'blueprint'].map(role => `bluejail.hosting.${role}`)
  writeFileSync(file, stringify([{ hosts: 'hosting', become: true, gather_facts: false, roles }]))
  return file
}

async function said(command: string): Promise<string> {
  const { stdout } = await hosts.host.run(command)
  return stdout.trim()
}

const switching = (options: object) =>
  hosts.run('ansible', [
    ...['solo', '-b', '-m', 'bluejail.hosting.blueprint_switch', '-a', JSON.stringify({ id: 'one', ...options })],
    ...['-e', 'ansible_pipelining=true'],
  ])

async function switched(options: object) {
  const { rows, stdout, stderr } = await switching(options)
  expect(rows, stdout + stderr).toHaveLength(1)
  return rows[0]?.result as { msg: string; changed: boolean; state: { instances: { one: { outcome: string } } } }
}

/** The plug is pulled once the journal says so, and the host is switched on again. */
async function cutOffIn(phase: string, options: object): Promise<void> {
  const running = switching(options)
  let seen = ''
  for (let tries = 0; tries < 600 && !seen.includes(`"phase": "${phase}"`); tries++) {
    seen = await said(`cat ${JOURNAL} 2>/dev/null`)
    await after(50)
  }
  expect(seen).toContain(`"phase": "${phase}"`)
  await hosts.host.powerCut()
  expect((await running).exit).not.toBe(0)
  await hosts.host.boot()
}

const how = async () => ({
  jails: await said('jls name'),
  blueprint: await said('mount | awk \'$3 == "/hosting/instances/one/root" { print $1 }\''),
})

test('live-16 before its files were changed: it starts as it was, and the next run tells', async () => {
  await cutOffIn('stopping', { blueprint: NEXT })
  expect(await how()).toEqual({ jails: 'one', blueprint: `/hosting/blueprints/${OLD}` })
  const { state } = await switched({ state: 'resumed' })
  expect(state.instances.one.outcome).toBe('rolled_back')
  expect(await said(`ls ${JOURNAL} 2>&1`)).toContain('No such file')
  expect(await said('jls name')).toBe('one')
})

test('while it was looked at whether it is well: it starts on the new one, and the next run looks again', async () => {
  await cutOffIn('merged', { blueprint: NEXT, health: SLOW_HEALTH })
  expect(await how()).toEqual({ jails: 'one', blueprint: `/hosting/blueprints/${NEXT}` })
  const { state } = await switched({ state: 'resumed' })
  expect(state.instances.one.outcome).toBe('switched')
  expect(await said(`ls ${JOURNAL} 2>&1`)).toContain('No such file')
  expect(await switched({ blueprint: NEXT })).toMatchObject({ changed: false })
})
