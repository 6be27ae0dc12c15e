/** A sandbox host goes down and comes up as a FreeBSD host does: its start scripts, its jails, and ssh in between. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PowerLost, type Sandbox, startSandbox } from './sandbox/sandbox.ts'

const directory = mkdtempSync(join(tmpdir(), 'sandbox-reboot-'))
let host: Sandbox

/** Says what it was told and which jails run, and whether the host's programs answer it. */
const script = (name: string, lines: string) => `#!/bin/sh
#
# PROVIDE: ${name}
${lines}

echo "${name} $1 [$(jls name)] $(zfs list -H -o name zroot)" >> /var/log/scripts
`
const JAIL = 'web1 { path = /; host.hostname = web1; persist; exec.stop = "echo stopped >> /var/log/scripts"; }\n'

beforeAll(async () => {
  host = await startSandbox({ name: 'test1', directory })
  await host.run('mkdir -p /usr/local/etc/rc.d /etc/jail.conf.d')
  await write('/usr/local/etc/rc.d/apples', script('apples', '# REQUIRE: jail'))
  await write('/usr/local/etc/rc.d/switch', script('switch', '# REQUIRE: zfs\n# BEFORE: jail\n# KEYWORD: shutdown'))
  await write('/usr/local/etc/rc.d/idle', script('idle', '# REQUIRE: zfs'))
  await host.run('chmod 555 /usr/local/etc/rc.d/*; chmod 444 /usr/local/etc/rc.d/idle')
  await write('/etc/jail.conf.d/web1.conf', JAIL)
  await host.run('sysrc jail_enable=YES jail_list=web1; jail -f /etc/jail.conf.d/web1.conf -c web1')
})
afterAll(async () => {
  await host.stop()
  rmSync(directory, { recursive: true })
})

const write = (path: string, text: string) => host.run(`cat > ${path}`, text)
const said = async (command: string) => (await host.run(command)).stdout.trim()
const ssh = (command: string) => spawnSync('ssh', [...host.sshArguments(), command], { encoding: 'utf8' })

/** Whether it ever could not be reached, until it could again. */
async function wentDown(): Promise<boolean> {
  let isDown = false
  for (let tries = 0; tries < 200; tries++) {
    const { status, stderr } = ssh('true')
    if (status !== 0) expect(stderr).toMatch(/refused|closed|reset|broken pipe/i)
    if (status === 0 && isDown) return true
    isDown ||= status !== 0
    await after(50)
  }
  return false
}

test('at boot, scripts are run in the order that they ask for', async () => {
  await host.boot()
  expect(await said('cat /var/log/scripts')).toBe('switch faststart [] zroot\napples faststart [web1] zroot')
})

test('shutdown -r: jails and scripts are stopped, nobody gets in, and all comes back as rc.conf has it', async () => {
  const before = await said('sysctl -n kern.boottime')
  expect(before).toMatch(/^\{ sec = \d+, usec = \d+ \} \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/)
  await host.run(
    'rm /var/log/scripts; ifconfig bridge7 create; mkdir /seen; mount -t nullfs /var /seen; sleep 600 > /dev/null 2>&1 &',
  )
  const { status, stdout, stderr } = ssh('shutdown -r now')
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'Shutdown NOW!\n' })
  expect(stderr).toMatch(/^shutdown: \[pid \d+\]\n$/)
  expect(await said('uname')).toBe('FreeBSD')
  expect(await wentDown()).toBe(true)

  expect(await said('cat /var/log/scripts')).toBe(
    'stopped\nswitch faststop [] zroot\nswitch faststart [] zroot\napples faststart [web1] zroot',
  )
  expect(await said('sysctl -n kern.boottime')).not.toBe(before)
  expect(await said('jls name; ifconfig -l; mount | grep -c seen; ls /seen; pgrep sleep | wc -l')).toBe(
    'web1\nvtnet0 lo0\n0\n1',
  )
  expect(await said('zfs list -H -o name,mounted zroot/home; touch /home/x && ls /home')).toBe(
    'zroot/home\tyes\nadmin\nx',
  )
})

test('shutdown -p: it is off', async () => {
  await host.run('shutdown -p now')
  for (let tries = 0; tries < 200 && ssh('true').status === 0; tries++) await after(50)
  await expect(host.run('true')).rejects.toThrow(PowerLost)
  await host.boot()
  expect(await said('jls name')).toBe('web1')
})

test('shutdown says what it does not know', async () => {
  expect((await host.run('shutdown -h now')).stderr).toBe('sandbox: shutdown: unknown way to go down\n')
  expect(await host.run('shutdown -r')).toMatchObject({ exit: 1, stderr: expect.stringContaining('usage: shutdown') })
  const plain = spawnSync('ssh', [...host.sshArguments('admin'), 'shutdown -r now'], { encoding: 'utf8' })
  expect(plain).toMatchObject({ status: 1, stderr: 'shutdown: NOT super-user\n' })
})
