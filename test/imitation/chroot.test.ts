import { expect, test } from 'vitest'
import { releaseFiles } from '../fixtures/releases.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

function blueprint() {
  const host = fakeFreeBSD({ pools: { zroot: {} }, datasets: { 'zroot/b': { mountpoint: '/b' } } })
  host.tree.files.write('/tmp/base.txz', releaseFiles('14.2-RELEASE')['base.txz'])
  host.outside('tar', '-xpf', '/tmp/base.txz', '-C', '/b')
  return host
}

test('chroot: a command sees the tree as its root, and the host stays as it is [host-2]', () => {
  const host = blueprint()
  expect(host.outside('chroot', '/b', 'sysrc', 'sshd_enable=YES')).toEqual({
    exit: 0,
    stdout: 'sshd_enable: NO -> YES\n',
    stderr: '',
  })
  expect(host.tree.read('/b/etc/rc.conf')).toBe('sshd_enable="YES"\n')
  expect(host.tree.read('/etc/rc.conf')).toBeUndefined()
  expect(host.outside('chroot', '/b', 'pwd_mkdb', '-p', '/etc/master.passwd').exit).toBe(0)
  expect(host.outside('chroot', '/b', 'sh', '-c', 'true').exit).toBe(0)
})

test('chroot: a link with an absolute path stays inside', () => {
  const host = blueprint()
  host.tree.symlink('/b/etc/secret', '/tmp/secret')
  host.tree.write('/tmp/secret', 'of the host')
  expect(host.outside('chroot', '/b', 'sha256', '-q', '/etc/secret')).toMatchObject({ exit: 1 })
})

test('chroot: what is not there (usr.sbin/chroot/chroot.c)', () => {
  const host = blueprint()
  expect(host.outside('chroot', '/nosuch', 'true')).toEqual({
    exit: 1,
    stdout: '',
    stderr: 'chroot: /nosuch: No such file or directory\n',
  })
  expect(host.outside('chroot', '/b', '/usr/local/bin/nosuch')).toMatchObject({
    exit: 127,
    stderr: 'chroot: /usr/local/bin/nosuch: No such file or directory\n',
  })
})
