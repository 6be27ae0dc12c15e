/** playbooks/update.yml, rollback.yml and prune_blueprints.yml on two hosts with three instances each. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { cores, type Ran } from '../support/ansible.ts'
import { playing, type SiteHosts } from '../support/site-hosts.ts'
import { allOn, BEFORE, NEXT, rowsOf, startTwoHosts, type TwoHosts, turnsOf, WEB } from '../support/two-hosts.ts'

const TO_NEXT = { update_targets: { [BEFORE]: NEXT }, update_build_host: 'north', update_serial: ['1', '50%', '100%'] }

let hosts: SiteHosts
let north: Sandbox
let south: Sandbox
let running: TwoHosts['running']
let sayThatAllRunOn: TwoHosts['sayThatAllRunOn']
beforeAll(async () => {
  ;({ hosts, north, south, running, sayThatAllRunOn } = await startTwoHosts())
})
afterAll(() => hosts.stop())

interface Begin {
  readonly id: string
  readonly not_after?: number
}

test('check mode tells how long it will take, and what becomes of each; and nothing happens', async () => {
  const ran = await hosts.playbook('update', TO_NEXT, '--check')
  expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
  const [waves] = rowsOf(ran, /^Work out the waves$/)
  // Never measured: 30 s each, and 10 s a turn.
  expect(waves?.result.msg).toBe(
    '5 instances of 4 waves, in 4 turns, expected to take 3 min; 1 wait for their maintenance windows',
  )
  expect(ran.stdout).toMatch(/b3 on south: its maintenance window opens \w{3} \d\d:\d\d UTC/)
  expect(turnsOf(ran).map(ids => ids.sort())).toEqual([['a1'], ['a2'], ['a3', 'b1'], ['b2']])
  const switches = rowsOf(ran, /^Switch them$/)
  expect(switches).toHaveLength(5)
  // Who has a window must begin while there is time left in it, however long its turn takes.
  const begins = switches.flatMap(
    ({ result }) => (result.invocation as { module_args: { instances: Begin[] } }).module_args.instances,
  )
  const hours = (1000 * (begins.find(({ id }) => id === 'a3')?.not_after ?? 0) - Date.now()) / 3_600_000
  expect(hours).toBeGreaterThan(5)
  expect(hours).toBeLessThan(6)
  expect(begins.filter(({ not_after }) => not_after !== undefined)).toHaveLength(1)
  expect(await running()).toEqual(allOn(BEFORE))
  expect((await south.run('zfs list -H -o name -r zroot/hosting/blueprints')).stdout).not.toContain(NEXT)
})

test('what does not become well comes back, and the update stops there', async () => {
  // A run before this one was cut off before it had compared what it received.
  const left = 'zroot/hosting/arriving/blueprints'
  await south.run(
    `zfs create -p -o bluejail:stage=complete ${left}/${NEXT} && touch /hosting/arriving/blueprints/${NEXT}/bad`,
  )
  const isOld = { deadline: 2, commands: [['grep', '-q', `"${BEFORE}"`, '/.blueprint.json']] }
  const ran = await hosts.playbook('update', { ...TO_NEXT, update_health: isOld })
  expect(ran.exit).toBe(2)
  expect(turnsOf(ran)).toEqual([['a1']])
  expect(rowsOf(ran, /^Judge /).at(-1)?.result.msg).toMatch(
    /The update stops: 1 of 1 instances are not as asked for, and the error budget is 0: a1 on north \(came back: .*grep.*\)\. The 4 instances that would have followed are as they were\./,
  )
  expect(ran.stdout).toMatch(/north +a1 +came back +2026Q4-web@1 +\d+\.\d s/)
  expect(await running()).toEqual(allOn(BEFORE))
  // Built on one host, sent to the other, and the same there.
  const [built, received] = await Promise.all(
    [north, south].map(host => host.run(`cat /hosting/blueprints/${NEXT}/.blueprint.mtree`)),
  )
  expect(built?.stdout).toContain('sha256')
  expect(received?.stdout).toBe(built?.stdout)
  expect((await south.run(`zfs list -H -o name -r ${left}`)).stdout).toBe(`${left}\n`)
})

test('within a turn too, no more is begun once the budget is spent', async () => {
  const bad = { update_health: { deadline: 1, tcp: [81] }, update_serial: ['100%'], update_max_down: 1 }
  const ran = await hosts.playbook('update', { ...TO_NEXT, ...bad, update_instances: 'a2,a3,b2' })
  expect(ran.exit).toBe(2)
  expect(turnsOf(ran).map(ids => ids.sort())).toEqual([['a2', 'a3', 'b2']])
  expect(rowsOf(ran, /^Judge /).at(-1)?.result.msg).toMatch(
    /The update stops: 2 of 2 instances are not as asked for, .*\. The 1 instances that would have followed are as they were\./,
  )
  expect(ran.stdout).toMatch(/north +a[23] +was left +2026Q4-web@1 +- +1 of those before it/)
  expect(await running()).toEqual(allOn(BEFORE))
})

test('run again, it goes through the waves; nobody of a customer goes with another, and no window is broken', async () => {
  const ran = await hosts.playbook('update', TO_NEXT)
  expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
  // Canaries; then 1, half of the five others, and the rest.
  expect(turnsOf(ran).map(ids => ids.sort())).toEqual([['a1'], ['a2'], ['a3', 'b1'], ['b2']])
  expect(await running()).toEqual({ ...allOn(NEXT), b3: BEFORE })
  expect(ran.stdout).toMatch(/5 instances: 5 switched; outage \d+\.\d s in the middle, \d+\.\d s at most/)
})

test.each(cores)('once more, with ansible-core %s: nothing is left to do', async core => {
  const ran = await hosts.run('ansible-playbook', playing('update', TO_NEXT), core)
  expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
  expect(ran.rows.filter(({ result }) => result.changed === true)).toEqual([])
  expect(ran.stdout).toContain('Nothing was switched.')
})

test('a wave goes back, those of one customer one after the other; the next update takes it up again', async () => {
  const ran = await hosts.playbook('rollback', {
    update_targets: TO_NEXT.update_targets,
    update_serial: TO_NEXT.update_serial,
    update_waves: [1, 3],
  })
  expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
  expect(turnsOf(ran).map(ids => ids.sort())).toEqual([['a1'], ['a3', 'b1']])
  expect(await running()).toEqual({ ...allOn(BEFORE), a2: NEXT, b2: NEXT })

  const hurried = await hosts.playbook('update', { ...TO_NEXT, update_ignore_windows: true }, '--check')
  expect(turnsOf(hurried).flat().sort()).toEqual(['a1', 'a3', 'b1', 'b3'])

  const named = await hosts.run('ansible-playbook', playing('rollback', { update_instances: 'a2' }), '2.16')
  expect(named.exit, named.stdout + named.stderr).toBe(0)
  expect(await running()).toEqual({ ...allOn(BEFORE), b2: NEXT })

  const again = await hosts.run('ansible-playbook', playing('update', TO_NEXT), '2.16')
  expect(turnsOf(again).map(ids => ids.sort())).toEqual([['a1'], ['a2'], ['a3', 'b1']])
})

test('what is not heard of again counts as failed', async () => {
  const hook = join(hosts.directory, 'lose.yml')
  const lose = { 'ansible.builtin.set_fact': { ansible_port: 1 }, when: "inventory_hostname == 'south'" }
  writeFileSync(hook, stringify([{ name: 'Lose a host', ...lose }]))
  const ran = await hosts.playbook('rollback', { update_instances: 'a2,b2', update_before: hook })
  expect(ran.exit).not.toBe(0)
  expect(rowsOf(ran, /^Judge .* at the end$/).at(-1)?.result.msg).toContain(
    'The update stops: 1 of 2 instances are not as asked for, and the error budget is 0: b2 on south (UNKNOWN).',
  )
  expect(ran.stdout).toMatch(/south +b2 +UNKNOWN/)
  expect(await running()).toEqual({ ...allOn(NEXT), a2: BEFORE, b3: BEFORE })
  expect((await hosts.playbook('update', TO_NEXT)).exit).toBe(0)
})

test('a switch that was cut off goes on before all others, though it runs on its blueprint already', async () => {
  expect((await hosts.playbook('rollback', { update_instances: 'a2,b2' })).exit).toBe(0)
  const journal = '/hosting/instances/b2/journal.json'
  const slow = { update_health: { deadline: 60, commands: [['sleep', '8']] }, update_instances: 'b2' }
  const cutOff = hosts.playbook('update', { ...TO_NEXT, ...slow })
  for (let seen = ''; !seen.includes('"phase": "merged"'); seen = (await south.run(`cat ${journal}`)).stdout)
    await new Promise(rest => setTimeout(rest, 50))
  await south.powerCut()
  expect((await cutOff).exit).not.toBe(0)
  await south.boot()
  expect(await running()).toMatchObject({ a2: BEFORE, b2: NEXT })

  const again = await hosts.playbook('update', TO_NEXT)
  expect(again.exit, again.stdout + again.stderr).toBe(0)
  expect(turnsOf(again)).toEqual([['b2'], ['a2']])
  expect(again.stdout).toMatch(/0 \(cut off\) +1 +1 +0/)
  expect(again.stdout).toMatch(/south +b2 +switched +2026Q4-web@1 -> 2027Q1-web@1/)
  expect((await south.run(`ls ${journal}`)).exit).not.toBe(0)
  expect(await running()).toEqual({ ...allOn(NEXT), b3: BEFORE })
})

test('what an amendment changed is told, and brought when that is asked for', async () => {
  const amended = (revision: number) =>
    north.run(`zfs set bluejail:revision=${revision} zroot/hosting/blueprints/${NEXT}`)
  await amended(2)
  const told = await hosts.playbook('update', TO_NEXT, '--check')
  const words = rowsOf(told, /^Tell of files that an amendment has changed$/).map(({ result }) => result.msg)
  expect(words.join()).toMatch(/^north: a1, a2, a3 may lack what an amendment .* -e update_amendments=true\./)
  expect(turnsOf(told)).toEqual([])
  const brought = await hosts.playbook('update', { ...TO_NEXT, update_amendments: true }, '--check')
  expect(rowsOf(brought, /^Work out the waves$/)[0]?.result.msg).toMatch(/^3 instances of 4 waves/)
  await amended(1)
})

test('a host that has a blueprint of that name which is another is left out', async () => {
  const other = '2027Q2-web'
  const built = await hosts.run('ansible-playbook', [
    ...['-l', 'south', buildingAlone({ name: other, ...WEB, packages: [] })],
  ])
  expect(built.exit, built.stdout + built.stderr).toBe(0)
  sayThatAllRunOn(BEFORE, other)
  const ran = await hosts.playbook('update', {
    ...{ update_targets: { [NEXT]: other }, update_build_host: 'north', update_instances: 'b2' },
  })
  expect(ran.exit).toBe(2)
  expect(ran.stdout.replace(/\s+/g, ' ')).toMatch(
    /south has a blueprint 2027Q2-web of its own \(revision 1\), which is not what north has built \(revision 1\)/,
  )
  expect(await running()).toEqual({ ...allOn(NEXT), b3: BEFORE })
  for (const host of [north, south]) await host.run(`zfs destroy -r zroot/hosting/blueprints/${other}`)
})

/** A playbook that makes this blueprint and nothing else. */
function buildingAlone(blueprint: object): string {
  const file = join(hosts.directory, 'alone.yml')
  const role = { role: 'bluejail.hosting.blueprint', vars: { blueprint_blueprints: [blueprint] } }
  writeFileSync(file, stringify([{ hosts: 'hosting', become: true, gather_facts: false, roles: [role] }]))
  return file
}

test('a rollback of nobody in particular is refused', async () => {
  const ran = await hosts.playbook('rollback')
  expect(ran.exit).toBe(2)
  expect(ran.rows.at(-1)?.result.msg).toContain('Nothing was done. Say who shall go back')
})

test('blueprints that nobody uses go, but the newest, those that the inventory names, and ways back', async () => {
  const listed = async () => (await north.run('ls /hosting/blueprints')).stdout.trimEnd().split('\n')
  await hosts.playbook('prune_blueprints', { keep_blueprints: 0 })
  expect(await listed()).toEqual([BEFORE, NEXT])

  sayThatAllRunOn(NEXT)
  await hosts.playbook('prune_blueprints', { keep_blueprints: 1 })
  expect(await listed()).toEqual([BEFORE, NEXT])
  const toldOf = (ran: Ran) => rowsOf(ran, /^Tell which go$/).map(({ result }) => result.msg)
  expect(toldOf(await hosts.playbook('prune_blueprints', { keep_blueprints: 0 }))).toContain(
    'north: none of 2 blueprints; unused ones that stay: none; ways back that stay: 2026Q4-web (a1, a2, a3).',
  )
  expect(await listed()).toEqual([BEFORE, NEXT])
  const all = { keep_blueprints: 0, prune_ways_back: true }
  expect(toldOf(await hosts.playbook('prune_blueprints', all, '--check'))).toContain(
    'north: 2026Q4-web of 2 blueprints; unused ones that stay: none; ways back that stay: none.',
  )
  const done = await hosts.playbook('prune_blueprints', all)
  expect(done.exit, done.stdout + done.stderr).toBe(0)
  expect(await listed()).toEqual([NEXT])
  // b3 runs on it there.
  expect((await south.run('ls /hosting/blueprints')).stdout).toBe(`${BEFORE}\n${NEXT}\n`)
})
