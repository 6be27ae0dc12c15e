/**
 * The module's own file on a sandbox host, as Ansible sends it, and what becomes of a switch when whoever asked for it goes
 * away, or it is killed.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MARKER } from '../../build/guard.ts'
import { collection } from '../../build/paths.ts'
import type { SiteHosts } from '../support/site-hosts.ts'
import { JOURNAL, NEXT, OLD, startSlowInstance } from '../support/slow-instance.ts'

let hosts: SiteHosts
beforeAll(async () => {
  // Long enough to meet it in its stop.
  hosts = await startSlowInstance(4)
})
afterAll(() => hosts.stop())

async function said(command: string): Promise<string> {
  const { stdout } = await hosts.host.run(command)
  return stdout.trim()
}

/** Puts the module's file there, with these options in it. */
async function send(options: object): Promise<string> {
  const file = readFileSync(join(collection, 'plugins/modules/blueprint_switch.cjs'), 'latin1')
  const path = '/tmp/blueprint_switch.cjs'
  await hosts.host.run(
    `cat > ${path}`,
    file.replace(MARKER, () => JSON.stringify({ id: 'one', ...options })),
  )
  return path
}

interface Told {
  readonly changed: boolean
  readonly msg: string
  readonly state: { readonly instances: { readonly one: { outcome: string; to: string; outage_seconds?: number } } }
}

/** Runs it to its end. */
async function run(options: object): Promise<Told> {
  const { stdout, stderr } = await hosts.host.run(`node ${await send(options)}`)
  expect(stdout.trim(), stderr).not.toBe('')
  return JSON.parse(stdout) as Told
}

async function until(command: string, isSo: (said: string) => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (isSo(await said(command))) return
    await after(100)
  }
  throw new Error(`it never came to that: ${command}`)
}

/** As long as jail(8) is at it; whoever asks is not meant. */
const STOPPING = `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -o '[j]ail -f [^ ]* -r one'`
const isStopping = () => until(STOPPING, found => found !== '')
const blueprint = () => said('mount | awk \'$3 == "/hosting/instances/one/root" { print $1 }\'')

test('nobody reads what it says, and the terminal hangs up: it goes on to the end, and the next run tells', async () => {
  const path = await send({ blueprint: NEXT })
  // The reader is gone before there is anything to read.
  await hosts.host.run(`(node ${path} & echo $! > /tmp/pid; wait) 2>/dev/null < /dev/null | true &`)
  await isStopping()
  expect(await said('kill -HUP $(cat /tmp/pid) && echo hung up')).toBe('hung up')
  await until(`ls ${JOURNAL} 2>&1`, listed => listed.includes('No such file'))
  expect(await blueprint()).toBe(`/hosting/blueprints/${NEXT}`)

  const told = await run({ blueprint: NEXT })
  expect(told).toMatchObject({
    changed: false,
    state: { instances: { one: { outcome: 'switched', to: `${NEXT}@1` } } },
  })
  expect(told.state.instances.one.outage_seconds).toBeGreaterThan(4)
})

test('it is killed while the jail stops: the next run waits for what it had begun, and stops nothing beside it', async () => {
  const path = await send({ state: 'rolled_back' })
  await hosts.host.run(`(node ${path} & echo $! > /tmp/pid; wait) > /dev/null 2>&1 < /dev/null &`)
  await isStopping()
  await hosts.host.run('kill -KILL $(cat /tmp/pid)')
  expect(await said('cat /var/run/bluejail.lock')).toMatch(/^blueprint_switch \(process \d+, since /)
  expect(await said(STOPPING)).not.toBe('')

  await hosts.host.resetCounts()
  const told = await run({ state: 'rolled_back' })
  expect(told.state.instances.one).toMatchObject({ outcome: 'rolled_back', to: `${OLD}@1` })
  expect(await blueprint()).toBe(`/hosting/blueprints/${OLD}`)
  // The start alone: it was down by then.
  expect((await hosts.host.counts()).jail).toBe(1)
})
