/** The small programs that look at files or change them. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

const ACCOUNTS =
  'root:*:0:0::0:0:Charlie &:/root:/bin/sh\nwww:$6$secret:80:80::0:0:World Wide Web:/nonexistent:/usr/sbin/nologin\n'

describe('pwd_mkdb [08-host.jsonl]', () => {
  test('makes passwd and both databases [host-5]', () => {
    const host = fakeFreeBSD({ files: { '/tmp/pw/master.passwd': `# $FreeBSD$\n${ACCOUNTS}` } })
    expect(host.outside('pwd_mkdb', '-d', '/tmp/pw', '-p', '/tmp/pw/master.passwd')).toEqual({
      exit: 0,
      stdout: '',
      stderr: '',
    })
    const mode = (name: string) => host.tree.lstat(`/tmp/pw/${name}`)?.mode.toString(8)
    expect(['master.passwd', 'passwd', 'pwd.db', 'spwd.db'].map(mode)).toEqual(['600', '644', '644', '600'])
    expect(host.tree.read('/tmp/pw/passwd')).toContain('www:*:80:80:World Wide Web:/nonexistent:/usr/sbin/nologin')
  })

  test('a broken line: nothing is replaced [host-5]', () => {
    const host = fakeFreeBSD({ files: { '/tmp/pw/master.passwd': `${ACCOUNTS}broken line\n` } })
    const stderr =
      'pwd_mkdb: corrupted entry\npwd_mkdb: at line #3\npwd_mkdb: /tmp/pw/master.passwd: Inappropriate file type or format\n'
    expect(host.outside('pwd_mkdb', '-C', '/tmp/pw/master.passwd')).toEqual({ exit: 1, stdout: '', stderr })
    expect(host.outside('pwd_mkdb', '-d', '/tmp/pw', '-p', '/tmp/pw/master.passwd')).toEqual({
      exit: 1,
      stdout: '',
      stderr,
    })
    expect(host.tree.files.list('/tmp/pw')).toEqual(['master.passwd'])
  })
})

test('cap_mkdb and services_mkdb write beside [host-5]', () => {
  const host = fakeFreeBSD({
    files: { '/tmp/login.conf': 'default:\\\n\t:path=/bin:\n', '/etc/services': 'ssh\t22/tcp\n' },
  })
  expect(host.outside('cap_mkdb', '-f', '/tmp/out', '/tmp/login.conf').exit).toBe(0)
  expect(host.outside('services_mkdb', '-q', '-o', '/tmp/services.db', '/etc/services').exit).toBe(0)
  expect(host.tree.files.list('/tmp')).toEqual(['login.conf', 'out.db', 'services.db'])
})

test('sha256: one line a file, and exit status 2 for another digest', () => {
  const host = fakeFreeBSD({ files: { '/tmp/a': 'abc' } })
  const digest = createHash('sha256').update('abc').digest('hex')
  expect(host.outside('sha256', '-q', '/tmp/a').stdout).toBe(`${digest}\n`)
  expect(host.outside('sha256', '-c', digest, '/tmp/a')).toMatchObject({ exit: 0 })
  expect(host.outside('sha256', '-c', '0'.repeat(64), '/tmp/a')).toMatchObject({
    exit: 2,
    stdout: `SHA256 (/tmp/a) = ${digest} [ Failed ]\n`,
  })
  expect(host.outside('sha256', '-q', '/tmp/b').stderr).toBe('sha256: /tmp/b: No such file or directory\n')
})

test('chflags sets and takes back, with -R all that is below [host-7]', () => {
  const host = fakeFreeBSD({ files: { '/tmp/d/f': '' } })
  host.outside('chflags', '-R', 'schg,uarch', '/tmp/d')
  expect(host.tree.files.status('/tmp/d/f')?.flags).toEqual(['schg', 'uarch'])
  host.outside('chflags', 'noschg', '/tmp/d/f')
  expect(host.tree.files.status('/tmp/d/f')?.flags).toEqual(['uarch'])
  expect(host.outside('chflags', 'schg', '/tmp/none')).toMatchObject({
    exit: 1,
    stderr: 'chflags: /tmp/none: No such file or directory\n',
  })
})

test('mtree -c: what most entries have is said once, files before directories (contrib/mtree/create.c)', () => {
  const host = fakeFreeBSD({ files: { '/t/b file': 'x', '/t/a/inner': 'y', '/t/z': '' } })
  host.tree.symlink('/t/link', 'a/inner')
  host.tree.files.setMode('/t/z', 0o600)
  host.tree.files.setFlags('/t/a/inner', ['schg'])
  const sha = (text: string) => createHash('sha256').update(text).digest('hex')
  expect(host.outside('mtree', '-c', '-n', '-x', '-k', 'uid,gid,mode,link,flags,sha256digest', '-p', '/t').stdout).toBe(
    `
/set type=file uid=0 gid=0 mode=0644 flags=none
.               type=dir mode=0755
    b\\040file   \\
                sha256digest=${sha('x')}
    link        type=link mode=0777 link=a/inner
    z           mode=0600 \\
                sha256digest=${sha('')}

/set type=file uid=0 gid=0 mode=0644 flags=schg
a               type=dir mode=0755 flags=none
    inner       \\
                sha256digest=${sha('y')}
..

`,
  )
})
