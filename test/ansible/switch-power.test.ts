/** Power goes while an instance is on its way to another blueprint; at boot it starts as the one or the other. */
import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SiteHosts } from '../support/site-hosts.ts'
import { JOURNAL, NEXT, OLD, startSlowInstance } from '../support/slow-instance.ts'

const SLOW_HEALTH = { deadline: 60, commands: [['sleep', '9']] }

let hosts: SiteHosts
beforeAll(async () => {
  // Long enough to be cut off in it.
  hosts = await startSlowInstance(5)
})
afterAll(() => hosts.stop())

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
