/** What jail(8) does, and what it leaves behind when something fails. */
import { expect, test } from 'vitest'
import { PowerCut } from './faults.ts'
import { kernelOf } from './kernel.ts'
import { CONF, FSTAB, web1 } from './web1.ts'

const START = `jail -f ${CONF} -c web1`
const STOP = `jail -f ${CONF} -r web1`
const ROOT = '/jails/web1/root'
const MOUNTED = [ROOT, `${ROOT}/etc`, `${ROOT}/var`, `${ROOT}/etc/rc.d`, `${ROOT}/var/db/pkg`, `${ROOT}/dev`]

test('starts in order: prepare, mounts, created, start; and takes all of it back [jail-5, 03:12, 03:35]', () => {
  const { host, run, mounted, interfaces, jails } = web1()
  expect(run(START)).toEqual({
    exit: 0,
    stdout: 'epair7a\ne0a_web1\ne0b_web1\nweb1: created\nvnet0\nadd net default: gateway 10.66.0.1\n',
    stderr: '',
  })
  expect(jails()).toEqual(['web1'])
  expect(mounted()).toEqual(MOUNTED)
  expect(interfaces()).toBe('vtnet0 lo0 bridge0 e0a_web1')
  expect(run('ifconfig -j web1 -l').stdout).toBe('lo0 vnet0\n')
  expect(host.tree.read('/var/log/jails/web1.log')).toContain('Starting sshd.')
  expect(run(START)).toEqual({ exit: 1, stdout: '', stderr: 'jail: "web1" already exists\n' })

  expect(run(STOP)).toEqual({ exit: 0, stdout: 'web1: removed\n', stderr: '' })
  expect([jails(), mounted(), interfaces()]).toEqual([[], [], 'vtnet0 lo0 bridge0'])
  expect(host.counts).toEqual({})
})

test('a hostname in the own rc.conf goes before host.hostname [jail-9]', () => {
  const { run } = web1()
  run(START)
  expect(run('jls -j web1 host.hostname').stdout).toBe('fbsd.test\n')
})

test('without -f it knows neither commands nor mounts [jail-1]', () => {
  const { run, mounted, interfaces } = web1()
  run(START)
  expect(run('jail -r web1')).toEqual({ exit: 0, stdout: '', stderr: '' })
  expect(mounted()).toEqual(MOUNTED)
  // The inner end comes home under its inner name.
  expect(interfaces()).toBe('vtnet0 lo0 bridge0 e0a_web1 vnet0')
})

test('unmounts what the file says now: what it no longer names leaks [jail-3, 03:41]', () => {
  const { host, run, mounted } = web1()
  run(START)
  host.tree.write('/jails/web1/fstab', FSTAB.replace(/.*var\/db\/pkg.*\n/, ''))
  expect(run(STOP)).toEqual({
    exit: 1,
    stdout: 'web1: removed\n',
    stderr: `umount: unmount of ${ROOT}/var failed: Device busy
jail: web1: /sbin/umount -t zfs ${ROOT}/var: failed
umount: unmount of ${ROOT} failed: Device busy
jail: web1: /sbin/umount -t nullfs ${ROOT}: failed
`,
  })
  expect(mounted()).toEqual([ROOT, `${ROOT}/var`, `${ROOT}/var/db/pkg`])
})

test('a process of the host inside keeps a mount: the jail is gone, exit 1 [jail-4, 05:12]', () => {
  const { host, run, mounted, jails } = web1()
  run(START)
  const leave = host.tree.occupy(`${ROOT}/var`)
  expect(run(STOP).exit).toBe(1)
  expect([jails(), mounted()]).toEqual([[], [ROOT, `${ROOT}/var`]])
  leave()
})

test('a failing exec.start removes and unmounts, but runs no exec.release [jail-6, 03:47]', () => {
  const { run, mounted, interfaces } = web1({ 'exec.start': '"false"' })
  expect(run(START)).toEqual({
    exit: 1,
    stdout: 'epair7a\ne0a_web1\ne0b_web1\nweb1: created\nvnet0\nadd net default: gateway 10.66.0.1\nweb1: removed\n',
    stderr: 'jail: web1: false: failed\n',
  })
  expect([mounted(), interfaces()]).toEqual([[], 'vtnet0 lo0 bridge0 e0a_web1 vnet0'])
  expect(run(START).stderr).toContain('ifconfig: interface epair7 already exists')
})

test('a failing exec.prepare leaves what it has made, and mounts nothing [jail-6, 03:48]', () => {
  const { run, mounted, interfaces } = web1({ 'exec.prepare': '"ifconfig epair7 create", "false"' })
  expect(run(START)).toEqual({ exit: 1, stdout: 'epair7a\n', stderr: 'jail: web1: false: failed\n' })
  expect([mounted(), interfaces()]).toEqual([[], 'vtnet0 lo0 bridge0 epair7a epair7b'])
})

test('a mount that fails is not undone itself, those before it are [03:44]', () => {
  const { host, run, mounted } = web1()
  host.tree.write('/jails/web1/fstab', `${FSTAB}/nowhere ${ROOT}/var nullfs ro 0 0\n`)
  expect(run(START).stderr).toBe(
    `mount_nullfs: /nowhere: No such file or directory\njail: web1: /sbin/mount -t nullfs -o ro /nowhere ${ROOT}/var: failed\n`,
  )
  expect(mounted()).toEqual([])
})

test('a link below the jail’s path is not followed [mount-3, 04:4]', () => {
  const { host, run, mounted } = web1()
  host.tree.mkdir('/victim')
  run('mount -t zfs zroot/instances/web1/etc /seed')
  host.tree.rename('/seed/rc.d', '/seed/rc.d.orig')
  host.tree.symlink('/seed/rc.d', '/victim')
  run('umount /seed')
  expect(run(START)).toMatchObject({
    exit: 1,
    stderr: `jail: web1: mount.fstab: ${ROOT}/etc/rc.d is a symbolic link\n`,
  })
  expect(mounted()).toEqual([])
})

test('a directory renamed away from inside leaks its mounts [live-5]', () => {
  const { host, run, mounted } = web1()
  run(START)
  host.tree.rename(`${ROOT}/var/db`, `${ROOT}/var/db2`)
  host.tree.symlink(`${ROOT}/var/db`, 'db2')
  expect(run(STOP)).toMatchObject({ exit: 1 })
  expect(run(STOP).stderr).toBe('jail: "web1" not found\n')
  expect(mounted()).toContain(`${ROOT}/var/db/pkg`)
  expect(run(`umount ${ROOT}/var/db/pkg`).exit).toBe(0)
})

test('without persist it vanishes with its last process, and its mounts stay [live-1]', () => {
  const { run, mounted, interfaces, jails } = web1()
  run(START)
  expect(run('jexec web1 kill -9 -1').exit).toBe(0)
  expect([jails(), mounted()]).toEqual([[], MOUNTED])
  expect(interfaces()).toBe('vtnet0 lo0 bridge0 e0a_web1 vnet0')
  expect(run(STOP)).toEqual({ exit: 1, stdout: '', stderr: 'jail: "web1" not found\n' })
  expect(run(START)).toMatchObject({ exit: 1, stderr: expect.stringContaining('interface epair7 already exists') })
})

test('with persist it stays', () => {
  const { run, jails } = web1({ persist: '' })
  run(START)
  run('jexec web1 kill -9 -1')
  expect(jails()).toEqual(['web1'])
})

test('a failing exec.stop leaves it running; -R ends it and unmounts nothing [live-2]', () => {
  const { host, run, mounted, jails, interfaces } = web1()
  run(START)
  host.machine.fault({ program: 'sh', when: args => args[0] === '/etc/rc.shutdown', kind: 'exit', exit: 1 })
  expect(run(STOP)).toEqual({ exit: 1, stdout: '', stderr: 'jail: web1: /bin/sh /etc/rc.shutdown jail: failed\n' })
  expect(jails()).toEqual(['web1'])
  expect(run('jail -R web1')).toEqual({ exit: 0, stdout: '', stderr: '' })
  expect([jails(), mounted(), interfaces()]).toEqual([[], MOUNTED, 'vtnet0 lo0 bridge0 e0a_web1 vnet0'])
})

test('exec.timeout ends the wait, and the start [live-3]', () => {
  const { host, run, jails } = web1({ 'exec.timeout': '4' })
  host.machine.fault({ program: 'sh', when: args => args[0] === '/etc/rc', kind: 'hang' })
  expect(run(START)).toMatchObject({ exit: 1, stderr: 'jail: web1: /bin/sh /etc/rc: timed out\n' })
  expect(jails()).toEqual([])
})

test('a script of a jail can itself be what fails or takes too long', () => {
  const { host, run } = web1({ 'exec.timeout': '60' })
  const write = (text: string) => {
    run('mount -t zfs zroot/instances/web1/etc /seed')
    host.tree.write('/seed/rc', text)
    run('umount /seed')
  }
  write('#!/bin/sh\necho broken\nexit 3\n')
  expect(run(START).stderr).toBe('jail: web1: /bin/sh /etc/rc: failed\n')
  expect(host.tree.read('/var/log/jails/web1.log')).toBe('broken\n')
  run('ifconfig e0a_web1 destroy')
  write('sleep 100\n')
  expect(run(START).stderr).toBe('jail: web1: /bin/sh /etc/rc: timed out\n')
})

test('-m changes a running jail, and nothing it does not know [jail-10, 03:31, 03:32]', () => {
  const { run } = web1()
  run(START)
  expect(run('jail -m name=web1 children.max=2')).toEqual({ exit: 0, stdout: '', stderr: '' })
  expect(run('jls -j web1 children.max').stdout).toBe('2\n')
  expect(run('jail -m name=web1 nosuchparam=1')).toEqual({
    exit: 1,
    stdout: '',
    stderr: 'jail: unknown parameter: nosuchparam\n',
  })
  expect(run('jail -m name=web1 path=/elsewhere').stderr).toBe('jail: path cannot be changed after creation\n')
  expect(run('jail -m name=nosuch children.max=2')).toMatchObject({ exit: 1, stderr: 'jail: "nosuch" not found\n' })
})

test.each([
  ['path=/jails/none; persist;', 'jail: web2: path /jails/none: No such file or directory\n'],
  ['path=/; persist; nosuch.param=1;', 'jail: web2: unknown parameter: nosuch.param\n'],
  ['path=/; persist', 'jail: /etc/jail.conf.d/web2.conf: unexpected EOF\n'],
  ['path=/; depend=web1; persist;', 'jail: web2: depends on undefined jail "web1"\n'],
  ['path=/;', 'jail: web2: new jail must persist or attach\n'],
  ['path=/; persist; mount.fstab=/none;', 'jail: web2: mount.fstab: /none: No such file or directory\n'],
])('refuses { %s [03:49-51, live-6]', (settings, stderr) => {
  const { host, run } = web1()
  const end = stderr.includes('EOF') ? '' : '\n}'
  host.tree.write('/etc/jail.conf.d/web2.conf', `web2 {\n ${settings}${end}\n`)
  expect(run('jail -f /etc/jail.conf.d/web2.conf -c web2')).toEqual({ exit: 1, stdout: '', stderr })
})

test('a dot in a name is a jail in a jail, a dash is nothing [jail-8, 03:53, 03:54]', () => {
  const { host, run, jails } = web1()
  host.tree.write('/etc/jail.conf.d/a.b.conf', 'a.b {\n path=/; persist;\n}\n')
  expect(run('jail -f /etc/jail.conf.d/a.b.conf -c a.b').stderr).toBe('jail: a.b: jail "a" not found\n')
  host.tree.write('/etc/jail.conf.d/has-dash.conf', 'has-dash {\n path=/; persist;\n}\n')
  expect(run('jail -f /etc/jail.conf.d/has-dash.conf -c has-dash').exit).toBe(0)
  expect(jails()).toEqual(['has-dash'])
})

test('a removed jail can be dying for a while: only jls -d shows it', () => {
  const { host, run, jails } = web1()
  run(START)
  kernelOf(host.machine).lingering.push('web1')
  expect(run(STOP).exit).toBe(0)
  expect(jails()).toEqual([])
  expect(run('jls -d --libxo json name dying').stdout).toContain('{"name":"web1","dying":"true"}')
  expect(run(START).exit).toBe(0)
})

test('power can be lost amid a start; a boot starts what jail_list names [jail-2]', async () => {
  const { host, run, jails, mounted } = web1()
  host.machine.cutPowerAfter(12)
  await expect(host.perform({ kind: 'run', command: ['jail', '-f', CONF, '-c', 'web1'] })).rejects.toThrow(PowerCut)
  host.boot()
  expect([jails(), mounted()]).toEqual([[], []])

  const rc = 'cloned_interfaces="bridge0"\nifconfig_bridge0="inet 10.66.0.1/24"\njail_enable="YES"\n'
  host.tree.write('/etc/rc.conf', rc)
  host.boot()
  expect(jails()).toEqual([])
  host.tree.write('/etc/rc.conf', `${rc}jail_list="web1"\n`)
  host.boot()
  expect([jails(), mounted()]).toEqual([['web1'], MOUNTED])
  expect(run('ifconfig bridge0').stdout).toContain('member: e0a_web1')
})
