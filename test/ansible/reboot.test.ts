/** reboot.yml on sandbox hosts that really go down: instances are stopped before, and all that ran run again. */
import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ansible, type Ran } from '../support/ansible.ts'
import { type Hosts, startHosts } from '../support/hosts.ts'

const IDS = ['one', 'two', 'three']
/** Stops in its own time, and does not start again once the customer has spoilt it. */
const RC = '#!/bin/sh\necho "started $(hostname)" >> /var/log\n[ ! -e /var/spoilt ]\n'
const SHUTDOWN =
  '#!/bin/sh\n[ ! -e /var/hangs ] || sleep 600\nsleep 1\necho stopped >> /var/log\ndate +%s%3N > /var/stopped\n'

let hosts: Hosts
beforeAll(async () => {
  hosts = await startHosts(['one1', 'two1'], { vars: { reboot_pause_seconds: 1 } })
  for (const [number] of hosts.sandboxes.entries()) await furnish(number)
})
afterAll(() => hosts.stop())

async function must(command: string, input?: string, at = 0): Promise<string> {
  const { exit, stdout, stderr } = (await hosts.sandboxes[at]?.run(command, input)) ?? {
    exit: 1,
    stdout: '',
    stderr: '',
  }
  if (exit !== 0) throw new Error(`${command}: ${exit}\n${stdout}${stderr}`)
  return stdout.trim()
}

/** Three instances that run, of which `three` is not started at boot. */
async function furnish(at: number): Promise<void> {
  await must(
    `zfs create -o mountpoint=/hosting zroot/hosting && zfs create zroot/hosting/instances
    mkdir -p /hosting/base/etc /hosting/base/var /hosting/base/dev /hosting/base/tmp`,
    '',
    at,
  )
  await must('cat > /hosting/base/etc/rc', RC, at)
  await must('cat > /hosting/base/etc/rc.shutdown', SHUTDOWN, at)
  for (const id of IDS)
    await must(
      `zfs create zroot/hosting/instances/${id} && zfs create -o mountpoint=legacy zroot/hosting/instances/${id}/var
      cd /hosting/instances/${id} && mkdir root
      echo "/hosting/base $PWD/root nullfs ro 0 0" > fstab
      echo "zroot/hosting/instances/${id}/var $PWD/root/var zfs rw 0 0" >> fstab`,
      '',
      at,
    )
  const name = hosts.sandboxes[at]?.name ?? ''
  const args = JSON.stringify({
    instances: [{ id: 'one', hostname: 'first' }, { id: 'two' }, { id: 'three', boot: false, after: ['one'] }],
  })
  const made = await ansible('ansible', [
    name,
    '-i',
    hosts.inventory,
    '-b',
    '-m',
    'bluejail.hosting.instance_jail',
    '-a',
    args,
  ])
  expect(made.rows[0]?.status, made.stdout + made.stderr).toBe('ok')
}

async function reboot(...more: string[]): Promise<Ran> {
  const args = ['bluejail.hosting.reboot', '-i', hosts.inventory, '-e', 'target=all', ...more]
  return ansible('ansible-playbook', args, { core: '2.16' })
}
const of = (ran: Ran, host: string, task: string) => ran.rows.filter(row => row.host === host && row.task === task)
const logOf = (id: string, at = 0) => must(`cat /hosting/instances/${id}/root/var/log`, '', at)
const bootTime = (at = 0) => must('sysctl -n kern.boottime', '', at)

test('nothing is rebooted unless it is meant, and check mode tells what would be', async () => {
  const before = await bootTime()
  const refused = await reboot()
  expect(refused.exit).toBe(2)
  expect(refused.rows.at(-1)?.result.msg).toContain('Nothing was done.')
  const checked = await reboot('--check', '-l', 'one1')
  expect(checked.exit, checked.stdout + checked.stderr).toBe(0)
  const [stop] = of(checked, 'one1', 'Stop the instances')
  expect(stop?.result.steps).toHaveLength(3)
  expect(of(checked, 'one1', 'Reboot').at(-1)?.result.msg).toBe(
    'one1 would be rebooted, and then have 3 instances that run, of which these are not started by the boot but by this playbook: three.',
  )
  expect(await bootTime()).toBe(before)
})

test('instances are stopped side by side, the host goes down and boots, and all that ran run again', async () => {
  const before = await Promise.all([bootTime(0), bootTime(1)])
  const ran = await reboot('-e', 'confirm=reboot')
  expect(ran.exit, ran.stdout + ran.stderr).toBe(0)
  const first = ran.rows.findIndex(row => row.host === 'two1' && row.task === 'See what runs')
  const last = ran.rows.findLastIndex(row => row.host === 'one1')
  expect(first).toBeGreaterThan(last)
  for (const [at, host] of ['one1', 'two1'].entries()) {
    expect(await bootTime(at)).not.toBe(before[at])
    expect((await must('jls name', '', at)).split('\n').sort()).toEqual([...IDS].sort())
    expect(await logOf('one', at)).toBe('started first\nstopped\nstarted first')
    expect(of(ran, host, 'Start what ran and does not')[0]?.result.steps).toEqual([
      'jail -f /etc/jail.conf.d/three.conf -c three',
    ])
    expect(await must('sysrc -n jail_list', '', at)).toBe('one two')
  }
})

test('an instance that does not come back is named, and no other host goes down', async () => {
  await must('touch /hosting/instances/two/root/var/spoilt')
  const before = await bootTime(1)
  const ran = await reboot('-e', 'confirm=reboot')
  expect(ran.exit).toBe(2)
  expect(ran.rows.at(-1)).toMatchObject({ host: 'one1', status: 'failed' })
  expect(ran.rows.at(-1)?.result.msg).toContain('two did not start')
  expect(await must('jls name | sort | xargs')).toBe('one three')
  expect(await bootTime(1)).toBe(before)
})

test('a host that does not go down has its instances started again', async () => {
  const before = await bootTime()
  await hosts.host.fault({ program: 'shutdown', kind: 'exit', exit: 1, stderr: 'shutdown: no\n' })
  const ran = await reboot('-e', 'confirm=reboot', '-l', 'one1')
  expect(ran.exit).toBe(2)
  expect(ran.rows.at(-1)?.result.msg).toContain('one1 was not rebooted, and its instances were started again: ')
  expect(of(ran, 'one1', 'Start again what ran')[0]?.result.steps).toHaveLength(2)
  expect(await must('jls name | sort | xargs')).toBe('one three')
  expect(await bootTime()).toBe(before)
})

test('live-15: the host goes down by itself: side by side, in their order, and one that hangs costs no other its time', async () => {
  await must('touch /hosting/instances/two/root/var/hangs && rm -f /hosting/instances/*/root/var/stopped', '', 1)
  await must('sysrc bluejail_stop_timeout=6', '', 1)
  const before = await bootTime(1)
  const began = Date.now()
  await must('shutdown -r now', '', 1)
  const isBack = async () => await hosts.sandboxes[1]?.run('sysctl -n kern.boottime; jls name').catch(() => undefined)
  for (
    let said = await isBack();
    !/^two$/m.test(said?.stdout ?? '') || said?.stdout.startsWith(before);
    said = await isBack()
  )
    await after(200)
  expect(Date.now() - began).toBeLessThan(20_000)
  const times = await must('cat /hosting/instances/one/root/var/stopped', '', 1)
  await must('mount -t zfs zroot/hosting/instances/three/var /mnt', '', 1)
  const [one, three] = [Number(times), Number(await must('cat /mnt/stopped', '', 1))]
  expect(one).toBeGreaterThan(three)
  expect(one).toBeLessThan(began + 8_000)
  expect((await hosts.sandboxes[1]?.run('cat /hosting/instances/two/root/var/stopped'))?.exit).toBe(1)
})
