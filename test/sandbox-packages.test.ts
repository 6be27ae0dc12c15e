/** Releases and packages on a sandbox host: fetched from a server, unpacked, installed, and their services really run. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ExampleMirror, startExampleMirror } from './fixtures/example-mirror.ts'
import { type Sandbox, startSandbox } from './sandbox/sandbox.ts'

const directory = mkdtempSync(join(tmpdir(), 'packages-'))
let host: Sandbox
let mirror: ExampleMirror

beforeAll(async () => {
  mirror = await startExampleMirror('pubkey')
  host = await startSandbox({ name: 'packages', directory })
})
afterAll(async () => {
  await host.stop()
  await mirror.close()
  rmSync(directory, { recursive: true, force: true })
})

async function must(command: string, input?: string): Promise<string> {
  const { exit, stdout, stderr } = await host.run(command, input)
  if (exit !== 0) throw new Error(`${command}: ${exit}\n${stdout}${stderr}`)
  return stdout.trim()
}

const JAIL = `web {
  path = "/b";
  host.hostname = "web.example.test";
  persist;
  exec.clean;
  exec.timeout = 20;
  exec.start = "/bin/sh /etc/rc";
  exec.stop = "/bin/sh /etc/rc.shutdown jail";
  exec.consolelog = "/var/log/web.log";
}
`

test('a base comes from a mirror with owners, modes, flags and hard links [host-7, live-12]', async () => {
  const release = `${mirror.origin}/releases/amd64/amd64/14.2-RELEASE`
  const digest = (await must(`fetch -qo - ${release}/MANIFEST`)).split('\n')[0]?.split('\t')[1]
  await must(`zfs create -o mountpoint=/b zroot/b && fetch -q -o /tmp/base.txz ${release}/base.txz`)
  await must(`sha256 -c ${digest} /tmp/base.txz && tar -xpf /tmp/base.txz -C /b`)
  expect(await must('stat -c "%a %u:%g %h" /b/tmp /b/var/mail /b/.cshrc')).toBe('1777 0:0 2\n775 0:6 2\n644 0:0 2')
  expect(await must('mtree -c -k flags -p /b/var | grep -w empty')).toContain('flags=schg')
})

test('a copy through a pipe is the same, flags and all [live-12, host-7]', async () => {
  await must('zfs create -o mountpoint=/c zroot/c && tar -cf - -C /b . | tar -xpf - -C /c')
  const keywords = 'uid,gid,mode,link,flags,nlink,time,sha256digest'
  await must(
    `for d in b c; do mtree -c -n -x -k ${keywords} -p /$d > /tmp/$d.mtree; done; cmp /tmp/b.mtree /tmp/c.mtree`,
  )
  await must('zfs destroy zroot/c')
})

test('packages come signed from a server, with what they need [pkg-1, pkg-2]', async () => {
  await must('mkdir -p /tmp/repos && cat > /tmp/site.pub', mirror.key.publicKey)
  const repository = `site: { url: "${mirror.origin}/packages/2026Q4", signature_type: pubkey, pubkey: "/tmp/site.pub" }\n`
  await must('cat > /tmp/repos/site.conf', repository)
  await must('cat > /tmp/pkg.conf', 'REPOS_DIR [ /tmp/repos ]\nASSUME_ALWAYS_YES: yes\n')
  await must('pkg -C /tmp/pkg.conf -r /b install nginx mariadb106-server')
  expect(await must("pkg -r /b query -e '%a = 0' '%n'")).toBe('mariadb106-server\nnginx')
  await must("pkg -r /b shell 'PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE;'")
  expect(await must('ls /b/var/db/pkg')).toBe('local.sqlite\nrepos')
})

test('a command in a chroot works on the tree alone [host-2]', async () => {
  await must('chroot /b sysrc nginx_enable=YES mysql_enable=YES')
  await must("chroot /b sh -c 'echo ready > /etc/motd'")
  expect(await must('cat /b/etc/rc.conf /b/etc/motd')).toBe('nginx_enable="YES"\nmysql_enable="YES"\nready')
  expect((await host.run('grep nginx /etc/rc.conf')).exit).toBe(1)
})

/** What a service says to a connection from the host. */
const ask = (port: number) =>
  must(
    'node -',
    `const socket = require('net').connect(${port}, '127.0.0.1', () => socket.write('GET / HTTP/1.0\\r\\n\\r\\n'))
     socket.once('data', text => { console.log(String(text)); process.exit() })
     socket.on('error', problem => console.log(problem.code))`,
  )

test('in a jail their services start, listen, answer and stop', async () => {
  await must("sed -i 's/listen       80;/listen       8080;/' /b/usr/local/etc/nginx/nginx.conf")
  await must('cat > /etc/jail.conf.d/web.conf', JAIL)
  await must('jail -f /etc/jail.conf.d/web.conf -c web')
  expect(await must('cat /var/log/web.log')).toContain('Starting mysql.\nStarting nginx.\n')
  expect(await ask(8080)).toContain('<h1>Welcome to nginx 1.28.0_4,3!</h1>')
  expect(await ask(3306)).toContain('10.6.24-MariaDB')
  expect(await must('jexec web service nginx status')).toMatch(/^nginx is running as pid \d+\.$/)
  await must('jexec web service nginx restart')
  expect(await ask(8080)).toContain('HTTP/1.0 200 OK')

  await must('jail -f /etc/jail.conf.d/web.conf -r web')
  expect(await must('cat /var/log/web.log')).toContain('Stopping nginx.\n')
  expect(await ask(8080)).toBe('ECONNREFUSED')
})
