/** move.yml, while a host or the controller is lost: never two that run, and run again it is brought to its end. */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { Core, Ran } from '../support/ansible.ts'
import { type Cable, layCable } from '../support/cable.ts'
import { playing, type SiteHosts, startSiteHosts } from '../support/site-hosts.ts'

const ROOT = '/hosting/instances'
const TOP = 'zroot/hosting/instances/a1'
const NAMES = ['north', 'south'] as const
type Name = (typeof NAMES)[number]

let hosts: SiteHosts
const sandboxes = new Map<Name, Sandbox>()
const cables = new Map<Name, Cable>()
let stops = 0

beforeAll(async () => {
  hosts = await startSiteHosts(NAMES)
  for (const name of NAMES) {
    const sandbox = hosts.sandboxes.find(one => one.name === name) as Sandbox
    sandboxes.set(name, sandbox)
    cables.set(name, await layCable(sandbox))
    await sandbox.setSysctl('kern.racct.enable', '1')
  }
  const vars = Object.fromEntries(NAMES.map(name => [name, cables.get(name)?.vars]))
  writeFileSync(join(hosts.directory, 'cables.yml'), stringify({ all: { hosts: vars } }))
  say('north')
  const made = await hosts.playbook('site')
  expect(made.exit, said(made)).toBe(0)
})
afterAll(async () => {
  for (const cable of cables.values()) cable.unplug()
  await hosts.stop()
})

/** Where the inventory has the instance; limits and all, so that what is left of it can be seen. South has another one. */
function say(where: Name): void {
  const blueprint = '2026Q4-web'
  const moving = { id: 'a1', blueprint, addresses: ['10.66.7.11/24'], limits: { maxproc: 300 } }
  const staying = { id: 'b1', blueprint, addresses: ['10.66.7.12/24'] }
  for (const name of NAMES)
    hosts.say(name, {
      host_bridges: [{ name: 'bridge0', addresses: ['10.66.7.1/24'] }],
      blueprints: [{ name: blueprint, release: '14.2-RELEASE', packages: ['nginx'] }],
      instances: [...(name === where ? [moving] : []), ...(name === 'south' ? [staying] : [])],
    })
}

const said = ({ stdout, stderr }: Ran) => stdout + stderr

async function on(name: Name, command: string): Promise<string> {
  const { exit, stdout, stderr } = await (sandboxes.get(name) as Sandbox).run(command)
  if (exit !== 0) throw new Error(`${name}: ${command}: ${exit}\n${stdout}${stderr}`)
  return stdout.trim()
}

const running = async () => {
  const lists = await Promise.all(
    NAMES.map(async name => ((await on(name, 'jls name')).includes('a1') ? name : undefined)),
  )
  return lists.filter(name => name !== undefined)
}
const write = (name: Name, words: string) => on(name, `echo ${words} > ${ROOT}/a1/root/usr/local/www/page`)
const page = (name: Name) => on(name, `cat ${ROOT}/a1/root/usr/local/www/page`)

type Stop = { readonly at: string; readonly act?: () => void }

/** Moves a1; before the task `at` the test acts, or without an act the controller dies. */
async function move(from: Name, to: Name, core: Core, stop?: Stop): Promise<Ran | undefined> {
  const wish = { move_from: from, move_to: to, move_instances: 'a1' }
  const args = playing('move', wish, '-i', join(hosts.directory, 'cables.yml'))
  if (stop === undefined) return hosts.run('ansible-playbook', args, core)
  const file = join(hosts.directory, `stop-${stops++}`)
  const environment = {
    ANSIBLE_CALLBACKS_ENABLED: 'task_rows,task_stops',
    TASK_STOP: stop.at,
    ...(stop.act !== undefined && { TASK_STOP_FILE: file }),
  }
  const playbook = hosts.run('ansible-playbook', args, core, environment)
  if (stop.act === undefined) {
    await expect(playbook).rejects.toThrow()
    return undefined
  }
  let isOver = false
  const ended = playbook.finally(() => {
    isOver = true
  })
  while (!existsSync(file) && !isOver) await after(20)
  stop.act()
  rmSync(file, { force: true })
  return ended
}

const cut = (name: Name) => () => cables.get(name)?.unplug()
const plug = (name: Name) => cables.get(name)?.plug()

/** Runs the same once more; then it runs at the target alone, with what it last wrote, and nothing of it is left over. */
async function finished(from: Name, to: Name, core: Core, words: string): Promise<void> {
  const ran = (await move(from, to, core)) as Ran
  expect(ran.exit, said(ran)).toBe(0)
  expect(await running()).toEqual([to])
  expect(await page(to)).toBe(words)
  expect(await on(from, 'cat /etc/rc.conf')).not.toContain('a1')
  expect(await on(from, 'rctl; cat /etc/rctl.conf')).not.toContain('a1')
  expect(await on(to, 'rctl')).toContain('jail:a1:maxproc')
  expect(await on(from, `zfs get -H -o value bluejail:moved ${TOP}`)).toMatch(new RegExp(`^\\d{8}T\\d{6}Z ${to}$`))
  expect(await on(to, `zfs get -H -o value bluejail:arrived ${TOP}`)).toMatch(new RegExp(`^\\d{8}T\\d{6}Z ${from}$`))
  expect(await on(to, 'zfs list -H -o name -r zroot/hosting/arrived')).toBe('zroot/hosting/arrived')
  const time = (await on(to, `zfs get -H -o value bluejail:arrived ${TOP}`)).split(' ')[0]
  for (const name of NAMES) {
    const snapshots = (await on(name, `zfs list -H -o name -t snapshot -r ${TOP}`)).split('\n')
    expect(snapshots.filter(snapshot => snapshot.endsWith(`-${time}`))).toEqual([])
    expect(await on(name, 'ls /etc/jail.conf.d /etc/pf.hosting.d')).not.toContain('moving')
  }
  say(to)
}

// The releases of Ansible differ in whom they rescue when a host is lost.
test.each([
  ['2.16', 'north', 'south'],
  ['2.19', 'south', 'north'],
] as const)(
  '%s: the target is lost as it starts there: it is not started again where it was',
  async (core, from, to) => {
    await write(from, core)
    const ran = (await move(from, to, core, { at: 'Configure the jails and start them', act: cut(to) })) as Ran
    expect(ran.exit, said(ran)).toBe(2)
    expect(said(ran)).toContain(`${to} does not say whether a1 runs there, so it was not started again on ${from}`)
    expect(await running()).toEqual([])
    const site = await hosts.playbook('site', {}, '-l', from)
    expect(said(site)).toContain('a1 was moved away from this host')
    await plug(to)
    await finished(from, to, core, core)
  },
)

test.each([
  ['2.16', 'north', 'south'],
  ['2.19', 'south', 'north'],
] as const)('%s: the source is lost before it is marked: the target does not start it', async (core, from, to) => {
  await write(from, `${core} again`)
  const ran = (await move(from, to, core, { at: 'Mark what is left behind', act: cut(from) })) as Ran
  expect(ran.exit, said(ran)).toBe(2)
  expect(said(ran)).toContain(`a1 is stopped: ${from} does not say that it runs there again`)
  expect(await running()).toEqual([])
  // An inventory that has it at its new place already does not start it from what may be old.
  say(to)
  const site = await hosts.playbook('site', {}, '-l', to)
  expect(said(site)).toContain('a1 is not whole: it is on its way here')
  await plug(from)
  await finished(from, to, core, `${core} again`)
})

test('the target is lost before anything of it runs: it runs again where it was', async () => {
  const ran = (await move('north', 'south', '2.16', { at: 'Put it in its place', act: cut('south') })) as Ran
  expect(ran.exit, said(ran)).toBe(2)
  expect(said(ran)).toContain('a1 runs on north as before')
  expect(await running()).toEqual(['north'])
  expect(await on('north', 'sysrc -n jail_list')).toBe('a1')
  await plug('south')
})

test('the controller dies when it runs there: run again, the rest is done, and nothing is put back', async () => {
  await move('north', 'south', '2.19', { at: 'See that it runs' })
  expect(await running()).toEqual(['south'])
  await write('south', 'since')
  const jid = await on('south', 'jls -j a1 jid')
  await finished('north', 'south', '2.19', 'since')
  expect(await on('south', 'jls -j a1 jid')).toBe(jid)
})

test('the controller dies before what is left behind is marked: it may run there again, and goes anew', async () => {
  await move('south', 'north', '2.19', { at: 'Mark what is left behind' })
  expect(await running()).toEqual([])
  const site = await hosts.playbook('site', {}, '-l', 'south')
  expect(site.exit, said(site)).toBe(0)
  await write('south', 'anew')
  await finished('south', 'north', '2.19', 'anew')
})

test('one that runs on both is left alone', async () => {
  const told = await on('north', 'zfs list -H -o name -r zroot/hosting')
  await on('south', `zfs inherit bluejail:moved ${TOP}`)
  say('south')
  expect((await hosts.playbook('site', {}, '-l', 'south')).exit).toBe(0)
  const ran = await hosts.run(
    'ansible-playbook',
    playing('move', { move_from: 'south', move_to: 'north', move_instances: 'a1', move_over: true }),
  )
  expect(ran.exit).toBe(2)
  expect(said(ran)).toContain('a1 runs on north too, so nothing was moved')
  expect(await on('north', 'zfs list -H -o name -r zroot/hosting')).toBe(told)
})
