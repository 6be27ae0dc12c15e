/** restore.yml, move.yml, restore_drill.yml and failover.yml on two hosts, one of which dies and comes back. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { Ran } from '../support/ansible.ts'
import { type SiteHosts, startSiteHosts } from '../support/site-hosts.ts'

const [BLUEPRINT, NEXT] = ['2026Q4-web', '2027Q1-web']
const TOP = 'zroot/hosting/instances'
const ROOT = '/hosting/instances'

let hosts: SiteHosts
let north: Sandbox
let south: Sandbox
beforeAll(async () => {
  hosts = await startSiteHosts(['north', 'south'])
  ;[north, south] = hosts.sandboxes as [Sandbox, Sandbox]
  say('north', '10.66.7', ['a1', 'a2'])
  say('south', '10.66.8', ['b1'])
  const made = await hosts.playbook('site')
  expect(made.exit, said(made)).toBe(0)
})
afterAll(() => hosts.stop())

const say = (host: string, network: string, ids: readonly string[], blueprint = BLUEPRINT) =>
  hosts.say(host, {
    host_bridges: [{ name: 'bridge0', addresses: [`${network}.1/24`] }],
    blueprints: [{ name: BLUEPRINT, release: '14.2-RELEASE', packages: ['nginx'] }],
    instance_defaults: { blueprint, rc_conf: { nginx_enable: true } },
    instances: ids.map((id, number) => ({
      id,
      addresses: [`${network}.${11 + number}/24`],
      databases: ['mysql'],
      health: { commands: [['service', 'nginx', 'status']] },
    })),
  })

const said = ({ stdout, stderr }: Ran) => stdout + stderr
async function must(host: Sandbox, command: string, input?: string): Promise<string> {
  const { exit, stdout, stderr } = await host.run(command, input)
  if (exit !== 0) throw new Error(`${command}: ${exit}\n${stdout}${stderr}`)
  return stdout.trim()
}
const page = (host: Sandbox, id: string) => must(host, `cat ${ROOT}/${id}/root/usr/local/www/page`)
const write = (host: Sandbox, id: string, text: string) =>
  must(host, `echo ${text} > ${ROOT}/${id}/root/usr/local/www/page`)
const jails = (host: Sandbox) => must(host, 'jls name | sort | xargs')

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

test('an instance moves, with what it wrote until it was stopped, and with its way back', async () => {
  for (const host of [north, south]) {
    const [of, next] = [BLUEPRINT, NEXT].map(name => `zroot/hosting/blueprints/${name}`)
    await must(host, `zfs send -R ${of}@complete | zfs receive ${next}`)
  }
  say('north', '10.66.7', ['a1', 'a2'], NEXT)
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
  expect(await must(north, 'cat /etc/rc.conf')).not.toContain('a1')

  const back = await adHoc('south', 'state=rolled_back')
  expect(back.exit, said(back)).toBe(0)
  expect(await must(south, 'mount')).toContain(`/hosting/blueprints/${BLUEPRINT} on ${ROOT}/a1/root `)
  expect(await page(south, 'a1')).toBe('moving')
  say('north', '10.66.7', ['a1', 'a2'])
})

test('what it left behind is not started by an inventory of before', async () => {
  const ran = await hosts.playbook('site', {}, '-l', 'north')
  expect(ran.exit).toBe(2)
  expect(said(ran)).toContain('a1 was moved away from this host')
  expect(await jails(north)).toBe('a2')
  say('north', '10.66.7', ['a2'])
})

test('one that does not start there runs again where it was', async () => {
  await south.fault({ program: 'jail', kind: 'exit', exit: 1, stderr: 'jail: no\n' })
  const ran = await hosts.playbook('move', { move_from: 'north', move_to: 'south', move_instances: 'a2' })
  await south.clearFaults()
  expect(ran.exit).toBe(2)
  expect(said(ran)).toContain('a2 runs on north as before')
  expect([await jails(north), await jails(south)]).toEqual(['a2', 'a1 b1'])
})

/** As replicate leaves it. */
async function copy(id: string): Promise<void> {
  await must(north, `zfs destroy -r ${TOP}/${id}@copied || true; zfs snapshot -r ${TOP}/${id}@copied`)
  await must(
    south,
    `zfs create -p -o mountpoint=none zroot/copies/north/instances; zfs destroy -r zroot/copies/north/instances/${id} || true`,
  )
  const { stdout: stream } = await north.run(`zfs send -Rw ${TOP}/${id}@copied`)
  await must(
    south,
    `zfs receive -u -x mountpoint -o canmount=noauto -o readonly=on zroot/copies/north/instances/${id}`,
    stream,
  )
}

test('a copy is tried, and nothing of that stays', async () => {
  await write(north, 'a2', 'copied')
  await copy('a2')
  await write(north, 'a2', 'lost')
  const before = await must(south, 'zfs list -H -o name; ifconfig -l; cat /etc/rc.conf')
  const ran = await hosts.playbook('restore_drill', { drill_on: 'south', drill_from: 'north', instance: 'a2' })
  expect(ran.exit, said(ran)).toBe(0)
  expect(said(ran)).toMatch(/a2 of north came up on south within \d+ s, and 1 command\(s\) found it well/)
  expect(await must(south, 'zfs list -H -o name; ifconfig -l; cat /etc/rc.conf')).toBe(before)
  expect(await jails(south)).toBe('a1 b1')
})

test('a dataset comes back from the copy that another host keeps', async () => {
  await write(north, 'a2', 'copied')
  await copy('a2')
  await write(north, 'a2', 'lost')
  const wish = { instance: 'a2', restore_copy_host: 'south', restore_parts: 'usr/local/www' }
  const beside = await hosts.playbook('restore', wish)
  expect(beside.exit, said(beside)).toBe(0)
  expect(await must(north, `cat ${ROOT}/a2/usr-local-www-restored-*/page`)).toBe('copied')
  expect(await page(north, 'a2')).toBe('lost')
  const names = await must(north, `zfs list -H -o name -r ${TOP}/a2 | grep restored`)
  await must(north, `zfs destroy ${names}`)
  const ran = await hosts.playbook('restore', { ...wish, restore_in_place: true })
  expect(ran.exit, said(ran)).toBe(0)
  expect(await page(north, 'a2')).toBe('copied')
  expect(await must(north, 'zfs list -H -o name -r zroot/hosting/arrived')).toBe('zroot/hosting/arrived')
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
  const ran = await hosts.playbook('failover', wish)
  expect(ran.exit, said(ran)).toBe(0)
  expect(await jails(south)).toBe('a1 a2 b1')
  expect(await page(south, 'a2')).toBe('copied')
  const again = await hosts.playbook('failover', wish)
  expect(again.exit, said(again)).toBe(0)
  expect(await page(south, 'a2')).toBe('copied')
})

test('and back, over what the host had of it when it died', async () => {
  await write(south, 'a2', 'since')
  await north.boot()
  const wish = { move_from: 'south', move_to: 'north', move_instances: 'a2' }
  const refused = await hosts.playbook('move', wish)
  expect(refused.exit).toBe(2)
  expect(said(refused)).toContain('north has an instance a2 of its own')
  const ran = await hosts.playbook('move', { ...wish, move_over: true })
  expect(ran.exit, said(ran)).toBe(0)
  expect([await jails(north), await jails(south)]).toEqual(['a2', 'a1 b1'])
  expect(await page(north, 'a2')).toBe('since')
  expect(await must(north, 'zfs list -H -o name -r zroot/hosting/left')).toMatch(/left\/a2-\d{8}T\d{6}Z$/m)
  // Only what came since was sent: it stands on what the host had kept, and has the history of that.
  expect(await must(north, `zfs list -H -o name -t snapshot ${TOP}/a2/etc`)).toContain('@copied')
  expect(await must(north, `zfs get -H -o value origin ${TOP}/a2/etc`)).toBe('-')
  expect(await must(north, 'zfs list -H -o origin -r zroot/hosting/left')).toContain(`${TOP}/a2/etc@copied`)
  expect(await must(north, 'zfs list -H -o name -r zroot/hosting/arrived')).toBe('zroot/hosting/arrived')
})
