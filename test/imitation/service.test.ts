/** service(8) and what its scripts of rc.d do. */
import { expect, test } from 'vitest'
import { web1 } from './web1.ts'

const enabled = (more = '') => {
  const jail = web1()
  jail.host.tree.write('/etc/rc.conf', `jail_enable="YES"\n${more}`)
  return jail
}

test('service jail start NAME says what failed, and exits 0 all the same [jail-2, 03:37-39]', () => {
  const { run, jails } = enabled()
  expect(run('service jail start web1')).toEqual({ exit: 0, stdout: 'Starting jails: web1.\n', stderr: '' })
  expect(jails()).toEqual(['web1'])
  expect(run('service jail start web1')).toEqual({
    exit: 0,
    stdout: 'Starting jails: cannot start jail  "web1": \njail: "web1" already exists\n.\n',
    stderr: '',
  })
  expect(run('service jail stop web1').stdout).toBe('Stopping jails: web1.\n')
  expect(run('service jail onestart nosuch')).toEqual({
    exit: 0,
    stdout: 'Starting jails:.\n',
    stderr:
      '/etc/rc.d/jail: WARNING: Invalid configuration for nosuch  (no jail.conf, no hostname, or no path).   Jail nosuch was ignored.\n',
  })
})

test('without a name it reads only /etc/jail.conf, or starts what jail_list names [jail-2]', () => {
  const { host, run, jails } = enabled()
  expect(run('service jail start')).toEqual({
    exit: 0,
    stdout: 'Starting jails:jail: /etc/jail.conf: No such file or directory\n.\n',
    stderr: '',
  })
  expect(jails()).toEqual([])
  host.tree.write('/etc/jail.conf.d/bad.conf', 'bad {\n')
  host.tree.write('/etc/rc.conf', 'jail_enable="YES"\njail_list="bad web1"\n')
  expect(run('service jail start').stdout).toBe(
    'Starting jails: cannot start jail  "bad": \njail: /etc/jail.conf.d/bad.conf: unexpected EOF\n web1.\n',
  )
  expect(jails()).toEqual(['web1'])
})

test('jail_reverse_stop turns the order round, except for jails named', () => {
  const { host, run } = enabled('jail_list="a b"\njail_reverse_stop="YES"\n')
  for (const name of ['a', 'b']) host.tree.write(`/etc/jail.conf.d/${name}.conf`, `${name} { path = /; persist; }\n`)
  run('service jail start')
  expect(run('service jail stop').stdout).toBe('Stopping jails: b a.\n')
  run('service jail start')
  expect(run('service jail stop a b').stdout).toBe('Stopping jails: a b.\n')
})

test('what is not enabled starts only by one…', () => {
  const { run } = web1()
  expect(run('service jail start web1')).toEqual({
    exit: 1,
    stdout: '',
    stderr: "Cannot 'start' jail. Set jail_enable to YES in /etc/rc.conf or use 'onestart' instead of 'start'.\n",
  })
  expect(run('service jail onestart web1').stdout).toBe('Starting jails: web1.\n')
  expect(run('service jail status').stdout).toBe(run('jls -N').stdout)
  expect(run('service jail config web1').stdout).toBe('web1: parameters are in /etc/jail.conf.d/web1.conf.\n')
})

test('service rctl loads /etc/rctl.conf [rctl-4, 04:31]', () => {
  const { host, run } = web1()
  host.tree.write('/etc/rctl.conf', 'jail:web1:maxproc:deny=77\n# comment\n\njail:other:memoryuse:deny=1G\n')
  expect(run('service rctl onestart')).toEqual({ exit: 0, stdout: '', stderr: '' })
  expect(run('rctl').stdout.split('\n').sort()).toEqual([
    '',
    'jail:other:memoryuse:deny=1073741824',
    'jail:web1:maxproc:deny=77',
  ])
})

test('a service nobody knows [04:38]', () => {
  expect(web1().run('service nosuch start')).toEqual({
    exit: 1,
    stdout:
      'nosuch does not exist in /etc/rc.d or the local startup\ndirectories (/usr/local/etc/rc.d), or is not executable\n',
    stderr: '',
  })
})

test('a boot does what rc.conf and its like say, and forgets the rest', () => {
  const { host, run } = web1()
  for (const line of ['sysctl net.inet.ip.forwarding=1', 'kldload pf', 'ifconfig lo1 create']) run(line)
  host.boot()
  expect(run('sysctl -n net.inet.ip.forwarding').stdout).toBe('0\n')
  expect(run('ifconfig -l').stdout).toBe('vtnet0 lo0\n')

  host.tree.mkdir('/boot')
  host.tree.write('/boot/loader.conf', 'kern.racct.enable="1"\npf_load="YES"\n')
  host.tree.write('/etc/pf.conf', 'nat-anchor "hosting/*"\nanchor "hosting/*"\n')
  host.tree.write(
    '/etc/rc.conf',
    'gateway_enable="YES"\npf_enable="YES"\ncloned_interfaces="bridge3"\nifconfig_bridge3_name="hosting0"\nvlans_vtnet0="200"\nifconfig_hosting0="inet 10.1.0.1/24 addm vtnet0.200"\nifconfig_hosting0_alias0="inet 10.2.0.1/24"\n',
  )
  host.boot()
  expect(run('sysctl -n net.inet.ip.forwarding').stdout).toBe('1\n')
  expect(run('kenv -q kern.racct.enable').stdout).toBe('1\n')
  expect(run('pfctl -sn').stdout).toBe('nat-anchor "hosting/*" all\n')
  const shown = run('ifconfig -f inet:cidr hosting0').stdout
  expect(shown).toContain('member: vtnet0.200')
  expect(shown.match(/inet \S+/g)).toEqual(['inet 10.1.0.1/24', 'inet 10.2.0.1/24'])
})
