/** kldload, kldstat, kenv, devfs, cpuset, lockf and logger: 08-host.jsonl, "odds and ends". */
import { expect, test } from 'vitest'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { CONF, web1 } from './web1.ts'

const machine = () => {
  const host = fakeFreeBSD()
  return { host, run: (line: string) => host.outside(...line.split(' ')) }
}

test('modules are loaded once, and asked for by exit status [host-7, 08:15]', () => {
  const { run } = machine()
  expect(run('kldload nosuchmodule')).toEqual({
    exit: 1,
    stdout: '',
    stderr: "kldload: can't load nosuchmodule: No such file or directory\n",
  })
  expect(run('kldstat -qm if_bridge').exit).toBe(1)
  expect(run('kldload -n if_epair if_bridge')).toEqual({ exit: 0, stdout: '', stderr: '' })
  expect(run('kldload if_bridge').stderr).toContain('module already loaded or in kernel')
  expect([run('kldstat -qm if_bridge').exit, run('kldstat -q -m nosuch').exit]).toEqual([0, 1])
  expect(run('kldstat -n nullfs.ko').stdout).toMatch(
    /^Id Refs Address {16}Size Name\n +\d+ +1 0x\w+ +4850 nullfs\.ko\n$/,
  )
  expect(run('kldstat -v').stdout).toContain('if_bridge.ko (/boot/kernel/if_bridge.ko)\n\tContains modules:\n')
  expect(run('kldunload if_bridge').exit).toBe(0)
  expect(run('kldstat -qm if_bridge').exit).toBe(1)
})

test('an interface brings its module', () => {
  const { run } = machine()
  run('ifconfig bridge create')
  expect(run('kldstat -qm if_bridge').exit).toBe(0)
})

test('a tunable is set by the next boot, not before [rctl-1]', () => {
  const { host, run } = machine()
  host.tree.mkdir('/boot')
  host.tree.write('/boot/loader.conf', 'kern.racct.enable=1\n')
  expect(run('kenv kern.racct.enable')).toEqual({
    exit: 1,
    stdout: '',
    stderr: 'kenv: unable to get kern.racct.enable\n',
  })
  host.boot()
  expect(run('kenv kern.racct.enable').stdout).toBe('1\n')
  expect(run('kenv').stdout).toBe('kern.racct.enable="1"\n')
})

test('devices of jails have rulesets [host-8, 08:18]', () => {
  const { run } = machine()
  expect(run('devfs rule showsets').stdout).toBe('1\n2\n3\n4\n5\n')
  expect(run('devfs rule -s 4 show').stdout).toContain('400 path fuse unhide\n')
  expect(run('devfs rule -s 9 add path x').exit).toBe(64)
})

test('a jail can be given processors [04:32]', () => {
  const { run } = web1({ persist: '' })
  expect(run('cpuset -l 0 -j web1').stderr).toBe('cpuset: jail "web1" not found\n')
  run(`jail -f ${CONF} -c web1`)
  expect(run('cpuset -g -j web1').stdout).toMatch(/^jail 1 mask: 0, 1\n/)
  expect(run('cpuset -l 0 -j web1').exit).toBe(0)
  expect(run('cpuset -g -j web1').stdout).toMatch(/^jail 1 mask: 0\n/)
})

test('logger writes where syslogd does [08:17]', () => {
  const { host, run } = machine()
  host.tree.mkdir('/var/log')
  expect(run('logger -t bluejail hello').exit).toBe(0)
  expect(host.tree.read('/var/log/messages')).toMatch(/^Nov 22 12:00:00 fbsd bluejail\[\d+\]: hello\n$/)
})

test('lockf runs its command [host-4]', () => {
  const { run } = machine()
  expect(run('lockf -t 0 /tmp/lk echo free')).toEqual({ exit: 0, stdout: 'free\n', stderr: '' })
  expect(run('lockf -t 0 /tmp/lk').exit).toBe(64)
})

test('file systems without a disk are mounted and unmounted', () => {
  const { host, run } = machine()
  for (const directory of ['/x/dev', '/x/tmp']) host.tree.mkdir(directory)
  expect(run('mount -t devfs -oruleset=4 . /x/dev').exit).toBe(0)
  expect(run('mount -t fdescfs . /x/dev/fd').exit).toBe(0)
  expect(run('mount -t tmpfs -o size=64m,mode=1777 tmpfs /x/tmp').exit).toBe(0)
  expect(run('mount -p').stdout).toContain('devfs\t\t\t/x/dev\t\t\tdevfs\trw\t\t0 0\n')
  expect(host.tree.lstat('/x/tmp')?.mode).toBe(0o1777)
  expect(run('umount /x/dev').stderr).toBe('umount: unmount of /x/dev failed: Device busy\n')
  expect([run('umount /x/dev/fd'), run('umount /x/dev'), run('umount /x/tmp')].map(({ exit }) => exit)).toEqual([
    0, 0, 0,
  ])
  expect(run('mount -t tmpfs -o nosuch tmpfs /x/tmp').exit).toBe(64)
})
