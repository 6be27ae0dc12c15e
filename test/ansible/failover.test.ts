/** restore_drill.yml and failover.yml on two hosts, one of which dies and comes back. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { Ran } from '../support/ansible.ts'
import { jails, must, type Pair, page, said, startPair, TOP, write } from '../support/pair.ts'
import type { SiteHosts } from '../support/site-hosts.ts'

let pair: Pair
let hosts: SiteHosts
let north: Sandbox
let south: Sandbox
beforeAll(async () => {
  pair = await startPair(['a2'])
  ;({ hosts, north, south } = pair)
})
afterAll(() => hosts.stop())

const ASKING = 'Ask it whether it is well'
/** What a task last said; printed, it is broken into lines. */
const wordsOf = (ran: Ran, task: string) => ran.rows.filter(row => row.task === task).at(-1)?.result.msg

test('a copy is tried, and nothing of that stays', async () => {
  await write(north, 'a2', 'copied')
  await pair.copy('a2')
  await write(north, 'a2', 'lost')
  const before = await must(south, 'zfs list -H -o name; ifconfig -l; cat /etc/rc.conf')
  // One that was cut off has left its things, or it is under way.
  await must(south, `zfs create -o bluejail:drill=a1 -o mountpoint=none ${TOP}/drill`)
  const wish = { drill_on: 'south', drill_from: 'north', instance: 'a2' }
  const doubtful = await hosts.playbook('restore_drill', wish)
  expect(doubtful.exit).toBe(2)
  expect(wordsOf(doubtful, 'Be sure that none is under way')).toContain(
    'a drill of a1 is under way on south, or was cut off',
  )
  expect(await must(south, `zfs get -H -o value bluejail:drill ${TOP}/drill`)).toBe('a1')
  const ran = await hosts.playbook('restore_drill', { ...wish, drill_over: true })
  expect(ran.exit, said(ran)).toBe(0)
  expect(wordsOf(ran, 'Tell how it went')).toMatch(
    /a2 of north came up on south within \d+ s\. drill is well: its jail runs, and 1 question found it so\. Left out: port 22 at 10\.66\.7\.1\. drill: 9 datasets restored/,
  )
  expect(await must(south, 'zfs list -H -o name; ifconfig -l; cat /etc/rc.conf')).toBe(before)
  expect(await jails(south)).toBe('b1')

  // Nothing of it reaches a shell.
  const drill_health = { deadline: 3, commands: ['true && touch /root/escaped'], tcp: [{ port: 4 }] }
  const ill = await hosts.playbook('restore_drill', { ...wish, drill_health })
  expect(ill.exit).toBe(2)
  expect(wordsOf(ill, ASKING)).toContain('drill is not well: ')
  const deaf = await hosts.playbook('restore_drill', { ...wish, drill_health: { ...drill_health, commands: [] } })
  expect(wordsOf(deaf, ASKING)).toContain('drill is not well: port 4 at 10.66.7.11: ')
  expect(await must(south, 'ls /root')).not.toContain('escaped')
  expect(await must(south, 'zfs list -H -o name; ifconfig -l; cat /etc/rc.conf')).toBe(before)
})

test('failover is refused while the host answers; then the instance runs from its copy', async () => {
  const wish = {
    failover_from: 'north',
    failover_to: 'south',
    failover_fenced: true,
    failover_changes: { addresses: ['10.66.8.22/24'] },
  }
  const refused = await hosts.playbook('failover', wish)
  expect(refused.exit).toBe(2)
  expect(said(refused)).toContain('north answers, so nothing was done')
  await north.powerCut()
  const { failover_fenced: _, ...unfenced } = wish
  expect((await hosts.playbook('failover', unfenced)).exit).toBe(2)
  // The inventory has it in the north; by its copy it went to the west since.
  const copy = 'zroot/copies/north/instances/a2'
  await must(south, `zfs set bluejail:moved='20261120T120000Z west' ${copy}`)
  const elsewhere = await hosts.playbook('failover', wish)
  expect(elsewhere.exit).toBe(2)
  expect(wordsOf(elsewhere, 'Be sure that they run nowhere else')).toContain('a2 to west (20261120T120000Z)')
  expect(await must(south, `zfs list -H -o name -d 1 ${TOP}`)).toBe(`${TOP}\n${TOP}/b1`)
  await must(south, `zfs inherit bluejail:moved ${copy}`)
  // In the middle of it the power goes here too: what is half there is started by nobody.
  await south.cutPowerAfter(15)
  expect((await hosts.playbook('failover', wish)).exit).not.toBe(0)
  await south.boot()
  expect(await must(south, `zfs get -H -o value bluejail:arrived ${TOP}/a2`)).toMatch(/ north restoring$/)
  expect(await jails(south)).toBe('b1')
  const ran = await hosts.playbook('failover', wish)
  expect(ran.exit, said(ran)).toBe(0)
  expect(await jails(south)).toBe('a2 b1')
  expect(await page(south, 'a2')).toBe('copied')
  expect(await must(south, `zfs list -H -o name -r ${TOP}/a2`)).not.toMatch(/-(restoring|before)/)
  // Whatever happened to it since, it is started, and never put back to its copy.
  await write(south, 'a2', 'a day of orders')
  await must(south, 'jail -f /etc/jail.conf.d/a2.conf -r a2')
  const again = await hosts.playbook('failover', wish)
  expect(again.exit, said(again)).toBe(0)
  expect(await jails(south)).toBe('a2 b1')
  expect(await page(south, 'a2')).toBe('a day of orders')
})

test('the host that was dead comes back with it: there it is stopped, and not started any more', async () => {
  await north.boot()
  expect(await jails(north)).toBe('a2')
  const ran = await hosts.playbook('failover', { failover_from: 'north', failover_to: 'south', failover_fenced: true })
  expect(ran.exit, said(ran)).toBe(0)
  expect([await jails(north), await jails(south)]).toEqual(['', 'a2 b1'])
  const site = await hosts.playbook('site', {}, '-l', 'north')
  expect(said(site)).toContain('a2 was moved away from this host')
  expect(await page(south, 'a2')).toBe('a day of orders')
})

test('and back, over what the host had of it when it died', async () => {
  await write(south, 'a2', 'since')
  const ran = await hosts.playbook('move', { move_from: 'south', move_to: 'north', move_instances: 'a2' })
  expect(ran.exit, said(ran)).toBe(0)
  expect([await jails(north), await jails(south)]).toEqual(['a2', 'b1'])
  expect(await page(north, 'a2')).toBe('since')
  expect(await must(north, 'zfs list -H -o name -r zroot/hosting/left')).toMatch(/left\/a2-\d{8}T\d{6}Z$/m)
  // Only what came since was sent: it stands on what the host had kept, and has the history of that.
  expect(await must(north, `zfs list -H -o name -t snapshot ${TOP}/a2/etc`)).toContain('@copied')
  expect(await must(north, `zfs get -H -o value origin ${TOP}/a2/etc`)).toBe('-')
  expect(await must(north, 'zfs list -H -o origin -r zroot/hosting/left')).toContain(`${TOP}/a2/etc@copied`)
  expect(await must(north, 'zfs list -H -o name -r zroot/hosting/arrived')).toBe('zroot/hosting/arrived')
})
