/** restore.yml, and move.yml where all goes well or the target cannot start it, on two hosts. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { BLUEPRINT, jails, must, type Pair, page, ROOT, said, startPair, TOP, write } from '../support/pair.ts'
import type { SiteHosts } from '../support/site-hosts.ts'

const NEXT = '2027Q1-web'

let pair: Pair
let hosts: SiteHosts
let north: Sandbox
let south: Sandbox
beforeAll(async () => {
  pair = await startPair(['a1', 'a2'])
  ;({ hosts, north, south } = pair)
})
afterAll(() => hosts.stop())

test('files come back while the instance runs, beside what is there and in its place', async () => {
  await write(north, 'a1', 'early')
  await must(north, `zfs snapshot -r ${TOP}/a1@early`)
  await write(north, 'a1', 'late')
  const wish = { instance: 'a1', restore_files: 'usr/local/www/page', restore_snapshot: 'early' }
  const checked = await hosts.playbook('restore', wish, '--check')
  expect(checked.exit, said(checked)).toBe(0)
  expect(await must(north, `ls ${ROOT}/a1/root/usr/local/www`)).not.toContain('restored')
  const beside = await hosts.playbook('restore', wish)
  expect(beside.exit, said(beside)).toBe(0)
  expect(await must(north, `cat ${ROOT}/a1/root/usr/local/www/restored-*/page`)).toBe('early')
  expect(await page(north, 'a1')).toBe('late')
  const replaced = await hosts.playbook('restore', { ...wish, restore_in_place: true })
  expect(replaced.exit, said(replaced)).toBe(0)
  expect(await page(north, 'a1')).toBe('early')
  expect(await must(north, `cat ${ROOT}/a1/root/usr/local/www/page.replaced-*`)).toBe('late')
})

test('a dataset comes back in its place: stopped, laid out and started, and what was there is kept', async () => {
  const jid = await must(north, 'jls -j a1 jid')
  const ran = await hosts.playbook('restore', {
    instance: 'a1',
    restore_parts: 'usr/local/www',
    restore_snapshot: 'early',
    restore_in_place: true,
  })
  expect(ran.exit, said(ran)).toBe(0)
  expect(await page(north, 'a1')).toBe('early')
  expect(await must(north, 'jls -j a1 jid')).not.toBe(jid)
  expect(await must(north, `zfs list -H -o name -r ${TOP}/a1`)).toMatch(/usr-local-www-before-\d{8}T\d{6}Z$/m)
  expect(await must(north, `zfs get -H -o value setuid,mountpoint ${TOP}/a1/usr-local-www | xargs`)).toBe('off legacy')
})

test('a restore that cannot be done leaves the instance running', async () => {
  const wish = { instance: 'a1', restore_parts: 'usr/local/www', restore_snapshot: 'early', restore_in_place: true }
  await write(north, 'a1', 'busy')
  await must(north, `zfs snapshot ${TOP}/a1/usr-local-www@since`)
  await north.fault({ program: 'zfs', kind: 'exit', exit: 1, stderr: 'no space\n', withArguments: ['clone'] })
  const ran = await hosts.playbook('restore', wish)
  await north.clearFaults()
  expect(ran.exit).toBe(2)
  expect(said(ran)).toContain('a1 runs again as before')
  expect(await page(north, 'a1')).toBe('busy')

  // Half exchanged it stays down, and is brought to its end.
  await north.fault({
    program: 'zfs',
    kind: 'exit',
    exit: 1,
    stderr: 'busy\n',
    withArguments: [`${TOP}/a1/usr-local-www-restoring`, `${TOP}/a1/usr-local-www`],
  })
  const half = await hosts.playbook('restore', wish)
  await north.clearFaults()
  expect(said(half)).toContain('only a part of its datasets was exchanged')
  expect(await jails(north)).toBe('a2')
  const laidOut = await hosts.playbook('site', {}, '-l', 'north')
  expect(laidOut.exit).toBe(2)
  expect(said(laidOut)).toContain(`is yet to take the place of ${TOP}/a1/usr-local-www`)
  expect(await jails(north)).toBe('a2')
  expect(await must(north, `zfs list -H -o name -r ${TOP}/a1`)).not.toMatch(/usr-local-www$/m)
  const whole = await hosts.playbook('restore', wish)
  expect(whole.exit, said(whole)).toBe(0)
  expect(await page(north, 'a1')).toBe('early')
})

test('an instance moves, with what it wrote until it was stopped, and with its way back', async () => {
  for (const host of [north, south]) {
    const [of, next] = [BLUEPRINT, NEXT].map(name => `zroot/hosting/blueprints/${name}`)
    await must(host, `zfs send -R ${of}@complete | zfs receive ${next}`)
  }
  pair.say('north', ['a1', 'a2'], NEXT)
  const adHoc = (host: string, options: string) =>
    hosts.run('ansible', [host, '-b', '-m', 'bluejail.hosting.blueprint_switch', '-a', `id=a1 ${options}`])
  const switched = await adHoc('north', `blueprint=${NEXT}`)
  expect(switched.exit, said(switched)).toBe(0)
  await write(north, 'a1', 'moving')
  const wish = {
    move_from: 'north',
    move_to: 'south',
    move_instances: 'a1',
    move_changes: { addresses: ['10.66.8.21/24'] },
  }
  const checked = await hosts.playbook('move', wish, '--check')
  expect(checked.exit, said(checked)).toBe(0)
  expect(await jails(north)).toBe('a1 a2')
  const ran = await hosts.playbook('move', wish)
  expect(ran.exit, said(ran)).toBe(0)
  expect([await jails(north), await jails(south)]).toEqual(['a2', 'a1 b1'])
  expect(await page(south, 'a1')).toBe('moving')
  expect(await must(south, 'zfs list -H -o name zroot/hosting/arrived/a1 2>&1 || true')).toContain('does not exist')
  expect(await must(south, `zfs list -H -o name -t snapshot ${TOP}/a1/etc`)).toContain('@early')
  expect(await must(south, `zfs get -H -o value mountpoint,readonly,origin ${TOP}/a1/etc | xargs`)).toBe('legacy off -')
  expect(await must(north, 'cat /etc/rc.conf; ls /etc/jail.conf.d')).not.toContain('a1')
  for (const host of [north, south])
    expect(await must(host, `zfs list -H -o name -t snapshot -r ${TOP}/a1`)).not.toMatch(/@moved?-/)
  expect(said(ran)).toContain(`north keeps what is left behind, and never starts it: ${TOP}/a1.`)

  const back = await adHoc('south', 'state=rolled_back')
  expect(back.exit, said(back)).toBe(0)
  expect(await must(south, 'mount')).toContain(`/hosting/blueprints/${BLUEPRINT} on ${ROOT}/a1/root `)
  expect(await page(south, 'a1')).toBe('moving')
  pair.say('north', ['a1', 'a2'])
})

test('what it left behind is not started by an inventory of before', async () => {
  const ran = await hosts.playbook('site', {}, '-l', 'north')
  expect(ran.exit).toBe(2)
  expect(said(ran)).toContain('a1 was moved away from this host')
  expect(await jails(north)).toBe('a2')
  pair.say('north', ['a2'])
})

const configured = async (id: string) => [
  await must(north, `cat /etc/jail.conf.d/${id}.conf; cat /etc/pf.hosting.d/${id}.conf`),
  await must(north, 'sysrc -n jail_list; ls /etc/jail.conf.d /etc/pf.hosting.d'),
]

test('one that does not start there runs again where it was, as it was, though the inventory has it there', async () => {
  const before = await configured('a2')
  pair.say('north', [])
  pair.say('south', ['b1', 'a2'])
  await south.fault({ program: 'jail', kind: 'exit', exit: 1, stderr: 'jail: no\n' })
  const ran = await hosts.playbook('move', { move_from: 'north', move_to: 'south', move_instances: 'a2' })
  await south.clearFaults()
  expect(ran.exit).toBe(2)
  expect(said(ran)).toContain('a2 runs on north as before')
  expect(said(ran)).toContain(`keeps ${TOP}/a2 below`)
  expect([await jails(north), await jails(south)]).toEqual(['a2', 'a1 b1'])
  expect(await configured('a2')).toEqual(before)
  expect(await must(north, `zfs list -H -o name -t snapshot -r ${TOP}/a2`)).not.toMatch(/@moved?-/)
  pair.say('north', ['a2'])
  pair.say('south', ['b1'])
})

test('a dataset comes back from the copy that another host keeps', async () => {
  await write(north, 'a2', 'copied')
  await pair.copy('a2')
  await write(north, 'a2', 'lost')
  const wish = { instance: 'a2', restore_copy_host: 'south', restore_parts: 'usr/local/www' }
  const beside = await hosts.playbook('restore', wish)
  expect(beside.exit, said(beside)).toBe(0)
  expect(await must(north, `cat ${ROOT}/a2/usr-local-www-restored-*/page`)).toBe('copied')
  expect(await page(north, 'a2')).toBe('lost')
  expect(await must(north, 'zfs list -H -o name -r zroot/hosting/arrived')).toBe('zroot/hosting/arrived')
  const ran = await hosts.playbook('restore', { ...wish, restore_in_place: true })
  expect(ran.exit, said(ran)).toBe(0)
  expect(await page(north, 'a2')).toBe('copied')
  expect(await must(north, 'zfs list -H -o name -r zroot/hosting/arrived')).toBe('zroot/hosting/arrived')
})

test('half exchanged from a fetched copy, the same once more goes on with what was fetched', async () => {
  const wish = {
    instance: 'a2',
    restore_copy_host: 'south',
    restore_parts: 'usr/local/www,etc',
    restore_in_place: true,
  }
  await write(north, 'a2', 'lost again')
  await must(north, `zfs snapshot ${TOP}/a2/usr-local-www@since ${TOP}/a2/etc@since`)
  await north.fault({
    program: 'zfs',
    kind: 'exit',
    exit: 1,
    stderr: 'busy\n',
    withArguments: [`${TOP}/a2/usr-local-www-restoring`, `${TOP}/a2/usr-local-www`],
  })
  const half = await hosts.playbook('restore', wish)
  await north.clearFaults()
  expect(said(half)).toContain('Run this again: it goes on there')
  await must(south, 'zfs snapshot -r zroot/copies/north/instances/a2@newer')
  const whole = await hosts.playbook('restore', wish)
  expect(whole.exit, said(whole)).toBe(0)
  expect(await page(north, 'a2')).toBe('copied')
  expect(await must(north, `zfs list -H -o name -t snapshot -r ${TOP}/a2`)).not.toContain('newer')
  expect(await must(north, 'zfs list -H -o name -r zroot/hosting/arrived')).toBe('zroot/hosting/arrived')
})

test('an instance that is gone comes back from the copy that another host keeps', async () => {
  await must(north, `service jail stop a2; zfs destroy -r ${TOP}/a2`)
  const ran = await hosts.playbook('restore', { instance: 'a2', restore_copy_host: 'south', restore_in_place: true })
  expect(ran.exit, said(ran)).toBe(0)
  expect(await page(north, 'a2')).toBe('copied')
  expect(await must(north, `zfs get -H -o value bluejail:seeded,bluejail:blueprint ${TOP}/a2/etc | xargs`)).toBe(
    `yes ${BLUEPRINT}`,
  )
})
