/** playbooks/update.yml, rollback.yml and prune_blueprints.yml on two hosts with three instances each. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { cores, type Ran, type TaskRow } from '../support/ansible.ts'
import { playing, type SiteHosts, startSiteHosts } from '../support/site-hosts.ts'

const [BEFORE, NEXT] = ['2026Q4-web', '2027Q1-web']
const TO_NEXT = { update_targets: { [BEFORE]: NEXT }, update_build_host: 'north', update_serial: ['1', '50%', '100%'] }

let hosts: SiteHosts
let north: Sandbox
let south: Sandbox
beforeAll(async () => {
  hosts = await startSiteHosts(['north', 'south'])
  ;[north, south] = hosts.sandboxes as [Sandbox, Sandbox]
  sayThatAllRunOn(BEFORE)
  const made = await hosts.playbook('site')
  expect(made.exit, made.stdout + made.stderr).toBe(0)
})
afterAll(() => hosts.stop())

/** Of the customer Larsen is one on each host; b3's window opens in two hours. */
function sayThatAllRunOn(blueprint: string): void {
  const web = { release: '14.2-RELEASE', packages: ['nginx'] }
  const hour = (later: number) => new Date(Date.now() + later * 3_600_000).toISOString().slice(11, 16)
  const more: Record<string, object> = {
    a1: { customer: 'Larsen Boats', canary: true },
    b1: { customer: 'Larsen Boats' },
    b3: { maintenance: { from: hour(2), to: hour(3) } },
  }
  for (const [host, letter, network] of [
    ['north', 'a', '10.66.7'],
    ['south', 'b', '10.66.8'],
  ] as const)
    hosts.say(host, {
      host_bridges: [{ name: 'bridge0', addresses: [`${network}.1/24`] }],
      blueprints: [
        { name: BEFORE, ...web },
        { name: NEXT, ...web, repository: hosts.site.nextRepository },
      ],
      instance_defaults: { blueprint, rc_conf: { nginx_enable: true } },
      instances: [1, 2, 3].map(number => ({
        ...{ id: `${letter}${number}`, addresses: [`${network}.${10 + number}/24`] },
        ...more[`${letter}${number}`],
      })),
    })
}

/** What each instance runs on, by its mount table. */
async function running(): Promise<Record<string, string>> {
  const told = await Promise.all([north, south].map(host => host.run('mount')))
  const roots = told.flatMap(({ stdout }) => [
    ...stdout.matchAll(/^\/hosting\/blueprints\/(\S+) on \/hosting\/instances\/(\w+)\/root /gm),
  ])
  return Object.fromEntries(roots.map(([, blueprint, id]) => [id, blueprint]).sort())
}
const allOn = (blueprint: string) => Object.fromEntries(['a1', 'a2', 'a3', 'b1', 'b2', 'b3'].map(id => [id, blueprint]))

const rowsOf = ({ rows }: Ran, task: RegExp): readonly TaskRow[] =>
  rows.filter(row => task.test(row.task) && row.status !== 'skipped')
/** Who went in each turn, over all hosts. */
const turnsOf = (ran: Ran): string[][] =>
  rowsOf(ran, /^Judge .* before wave/)
    .filter(({ status }) => status === 'ok')
    .map(({ result }) =>
      Object.values((result.state as { hosts: Record<string, { ids: string[] }> }).hosts).flatMap(({ ids }) => ids),
    )

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
  expect(rowsOf(ran, /^Switch them$/)).toHaveLength(5)
  expect(await running()).toEqual(allOn(BEFORE))
  expect((await south.run('zfs list -H -o name -r zroot/hosting/blueprints')).stdout).not.toContain(NEXT)
})

test('what does not become well comes back, and the update stops there', async () => {
  const ran = await hosts.playbook('update', { ...TO_NEXT, update_health: { deadline: 2, tcp: [81] } })
  expect(ran.exit).toBe(2)
  expect(turnsOf(ran)).toEqual([['a1']])
  expect(rowsOf(ran, /^Judge /).at(-1)?.result.msg).toMatch(
    /The update stops: 1 of 1 instances are not as asked for, and the error budget is 0: a1 on north \(came back: .*81.*\)\. The 4 instances that would have followed are as they were\./,
  )
  expect(ran.stdout).toMatch(/north +a1 +came back +2026Q4-web@1 +\d+\.\d s/)
  expect(await running()).toEqual(allOn(BEFORE))
  // Built on one host, sent to the other, and the same there.
  const [built, received] = await Promise.all(
    [north, south].map(host => host.run(`cat /hosting/blueprints/${NEXT}/.blueprint.mtree`)),
  )
  expect(built?.stdout).toContain('sha256')
  expect(received?.stdout).toBe(built?.stdout)
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
