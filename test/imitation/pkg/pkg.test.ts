import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { fakeFreeBSD } from '../../support/fake-freebsd.ts'

const ROOT = '/b'
const CONF = '/tmp/conf/pkg.conf'

/** The repository of 09-pkg.jsonl, lines 2 to 5, and a dataset to install into. */
function begun(properties: Record<string, string> = {}) {
  const host = fakeFreeBSD({
    pools: { zroot: {} },
    datasets: { 'zroot/b': { mountpoint: ROOT, ...properties } },
    files: {
      '/tmp/p/libx/usr/local/lib/libx.so': 'lib\n',
      '/tmp/p/lang8/usr/local/bin/lang8': 'bin\n',
      '/tmp/p/web/usr/local/etc/rc.d/web': '#!/bin/sh\n# PROVIDE: web\n',
      '/tmp/p/web/usr/local/etc/web/web.conf.sample': 'a=1\n',
      [CONF]: 'REPOS_DIR [ /tmp/conf/repos ]\nASSUME_ALWAYS_YES: yes\n',
    },
  })
  host.tree.mkdir('/tmp/repo/All')
  host.tree.mkdir('/tmp/conf/repos')
  const create = (name: string, version: string) => {
    const deps = name === 'lang8' ? 'deps { libx: { origin: "devel/libx", version: "1.0" } }' : ''
    host.tree.write(
      `/tmp/p/${name}.ucl`,
      `name: ${name}\nversion: "${version}"\norigin: "devel/${name}"\ncomment: "test ${name}"\ndesc: "test"\nmaintainer: "ports@example.test"\nwww: "https://example.test"\nprefix: /usr/local\n${deps}\n`,
    )
    const files = {
      libx: ['/usr/local/lib/libx.so'],
      lang8: ['/usr/local/bin/lang8'],
      web: ['/usr/local/etc/rc.d/web', '/usr/local/etc/web/web.conf.sample'],
    }[name]
    host.tree.write(`/tmp/p/${name}.plist`, `${files?.join('\n')}\n`)
    expect(
      host.outside(
        'pkg',
        'create',
        '-M',
        `/tmp/p/${name}.ucl`,
        '-p',
        `/tmp/p/${name}.plist`,
        '-r',
        `/tmp/p/${name}`,
        '-o',
        '/tmp/repo/All',
      ),
    ).toMatchObject({ exit: 0, stderr: '' })
  }
  for (const [name, version] of [
    ['libx', '1.0'],
    ['lang8', '8.3.1'],
    ['web', '2.4'],
  ] as const)
    create(name, version)
  host.outside('pkg', 'repo', '-q', '/tmp/repo')
  const site = (settings: string) =>
    host.tree.write('/tmp/conf/repos/site.conf', `site: { url: "file:///tmp/repo", enabled: yes, ${settings} }\n`)
  site('signature_type: none')
  const pkg = (...args: string[]) => host.outside('pkg', '-C', CONF, '-r', ROOT, ...args)
  const names = () => host.outside('pkg', '-r', ROOT, 'query', '%n-%v').stdout.split('\n').slice(0, -1)
  return { host, pkg, site, create, names }
}

const UPDATED = 'Updating site repository catalogue...\nFetching meta.conf: . done\nFetching data: . done\n'

describe('install', () => {
  test('into a tree that has never seen pkg [pkg-2]', () => {
    const { host, pkg, names } = begun()
    expect(pkg('install', '-n', 'lang8', 'web')).toMatchObject({ exit: 0, stderr: '' })
    expect(names()).toEqual([])
    expect(pkg('install', 'lang8', 'web').stdout).toContain(
      '[1/3] Installing libx-1.0...\n[1/3] Extracting libx-1.0: . done\n[2/3] Installing lang8-8.3.1...\n',
    )
    expect(names()).toEqual(['lang8-8.3.1', 'libx-1.0', 'web-2.4'])
    expect(host.tree.read(`${ROOT}/usr/local/etc/rc.d/web`)).toContain('PROVIDE: web')
    expect(pkg('install', 'lang8')).toMatchObject({ exit: 0, stderr: '' })
  })

  test('one unknown name among several: nothing is installed [pkg-2]', () => {
    const { pkg, names } = begun()
    expect(pkg('install', 'lang8', 'nosuchpkg')).toMatchObject({
      exit: 1,
      stderr: "pkg: No packages available to install matching 'nosuchpkg' have been found in the repositories\n",
    })
    expect(names()).toEqual([])
  })

  test('a read-only dataset refuses it, and can be asked [pkg-2]', () => {
    const { host, pkg, names } = begun()
    pkg('install', 'web')
    host.outside('zfs', 'set', 'readonly=on', 'zroot/b')
    expect(pkg('install', '-f', 'web')).toEqual({
      exit: 1,
      stdout: '',
      stderr: 'pkg: Insufficient privileges to install packages\n',
    })
    expect(names()).toEqual(['web-2.4'])
  })

  test('a full dataset fails with a storm of errors and exit 1 [pkg-3]', () => {
    const { host, pkg } = begun({ quota: '1M' })
    host.tree.write(`${ROOT}/fill`, 'x'.repeat(950_272))
    expect(pkg('install', 'web')).toEqual({
      exit: 1,
      stdout:
        'Updating site repository catalogue...\nWaiting for another process to update repository site\nAll repositories are up to date.\n',
      stderr:
        'pkg: openat(lock): Disc quota exceeded\npkg: sqlite error while executing PRAGMA journal_mode = WAL; in file pkgdb.c:2611: unable to open database file\npkg: sqlite error while executing PRAGMA synchronous = NORMAL; in file pkgdb.c:2611: unable to open database file\npkg: sqlite error while executing PRAGMA user_version; in file pkgdb.c:2648: unable to open database file\n',
    })
  })

  test('nobody answers the question where nothing says yes', () => {
    const { host } = begun()
    host.tree.write(CONF, 'REPOS_DIR [ /tmp/conf/repos ]\n')
    expect(host.outside('pkg', '-C', CONF, '-r', ROOT, 'install', 'web').stdout).toMatch(
      /Proceed with this action\? \[y\/N\]: $/,
    )
  })
})

describe('update [pkg-1]', () => {
  test('exits 0 where a signature is missing, and there is no catalogue', () => {
    const { host, pkg, site } = begun()
    host.tree.mkdir(`${ROOT}/fp/trusted`)
    site('signature_type: fingerprints, fingerprints: "/fp"')
    expect(pkg('update', '-f')).toEqual({
      exit: 0,
      stdout: `${UPDATED}site repository is up to date.\nAll repositories are up to date.\n`,
      stderr: 'pkg: No signature found\n',
    })
    expect(host.tree.read(`${ROOT}/var/db/pkg/repos/site/db`)).toBeUndefined()
  })

  test('exits 0 where the signature is another key’s, and removes the catalogue', () => {
    const { host, pkg, site } = begun()
    const pair = () =>
      generateKeyPairSync('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      })
    const [ours, other] = [pair(), pair()]
    host.tree.write('/tmp/repo.key', ours.privateKey)
    host.tree.write('/tmp/repo.pub', ours.publicKey)
    host.outside('pkg', 'repo', '-q', '/tmp/repo', '/tmp/repo.key')
    site('signature_type: pubkey, pubkey: "/tmp/repo.pub"')
    expect(pkg('update', '-f').stdout).toContain('site repository update completed. 3 packages processed.\n')
    host.tree.write('/tmp/repo.pub', other.publicKey)
    const { exit, stderr } = pkg('update', '-f')
    expect({ exit, stderr }).toEqual({
      exit: 0,
      stderr: `pkg: ${other.publicKey}: signature verification failure\npkg: Invalid signature, removing repository.\n`,
    })
    expect(pkg('install', '-U', 'web').exit).toBe(1)
  })

  test('a public key that is not there crashes it', async () => {
    const { host, site } = begun()
    site('signature_type: pubkey, pubkey: "/tmp/none.pub"')
    await expect(host.query(['pkg', '-C', CONF, '-r', ROOT, 'update', '-f'])).rejects.toThrow(/SIGSEGV/)
  })

  test('a repository that is not there, or of another ABI', () => {
    const { host, pkg } = begun()
    host.tree.write('/tmp/conf/repos/site.conf', 'site: { url: "file:///tmp/norepo" }\n')
    expect(pkg('update', '-f')).toMatchObject({
      exit: 1,
      stdout: expect.stringContaining('Error updating repositories!\n'),
    })
    host.tree.write('/tmp/conf/repos/site.conf', 'site: { url: "file:///tmp/repo" }\n')
    expect(host.outside('pkg', '-o', 'ABI=FreeBSD:15:amd64', '-C', CONF, '-r', ROOT, 'install', 'web')).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('pkg: repository site contains packages with wrong ABI: FreeBSD:14:amd64\n'),
    })
  })

  test('takes what has changed, and leaves what has not', () => {
    const { host, pkg, create } = begun()
    expect(pkg('update').stdout).toContain('Processing entries: . done\n')
    expect(pkg('update').stdout).toBe(
      'Updating site repository catalogue...\nsite repository is up to date.\nAll repositories are up to date.\n',
    )
    create('lang8', '8.4.0')
    host.tree.remove('/tmp/repo/All/lang8-8.3.1.pkg')
    host.outside('pkg', 'repo', '-q', '/tmp/repo')
    expect(pkg('rquery', '%n %v', 'lang8').stdout).toBe('lang8 8.4.0\n')
  })
})

describe('what is installed', () => {
  const { host, pkg } = begun()
  pkg('install', 'lang8', 'web')
  const look = (...args: string[]) => host.outside('pkg', '-r', ROOT, ...args)

  test('query and info [pkg-4]', () => {
    expect(look('query', '%n %v %o %sb %a').stdout).toBe(
      'lang8 8.3.1 devel/lang8 4 0\nlibx 1.0 devel/libx 4 1\nweb 2.4 devel/web 29 0\n',
    )
    expect(look('query', '%n\\t%dn', 'lang8').stdout).toBe('lang8\tlibx\n')
    expect(look('query', '-e', '%a = 0', '%n').stdout).toBe('lang8\nweb\n')
    expect([look('info', '-e', 'lang8').exit, look('info', '-e', 'nosuch').exit]).toEqual([0, 1])
    const [raw] = JSON.parse(look('info', '--raw', '--raw-format', 'json-compact', 'web').stdout)
    expect(raw).toMatchObject({
      name: 'web',
      abi: 'FreeBSD:14:amd64',
      flatsize: 29,
      annotations: { repository: 'site' },
    })
    expect(raw.files['/usr/local/etc/rc.d/web'].sum).toBe(
      '2$cwr1ei4py3xuz4q3x85r1aysjjobg5sydeigmwfu7u34jb3ixni3wx9n1nunr9rnn9uif1uzsosrcg6qit441zsznhdh4tgbs6yqkyb',
    )
  })

  test('the database stays open until its log is ended [pkg-6]', () => {
    const beside = () => host.tree.files.list(`${ROOT}/var/db/pkg`)
    expect(beside()).toEqual(['local.sqlite', 'local.sqlite-shm', 'local.sqlite-wal', 'repos'])
    expect(look('shell', 'PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE;').stdout).toBe('0|0|0\ndelete\n')
    expect(beside()).toEqual(['local.sqlite', 'repos'])
    host.outside('zfs', 'set', 'readonly=on', 'zroot/b')
    expect(look('query', '%n').stdout).toBe('lang8\nlibx\nweb\n')
    host.outside('zfs', 'set', 'readonly=off', 'zroot/b')
  })

  test('what was changed is named by check [pkg-4]', () => {
    expect(look('check', '-s', '-a')).toMatchObject({ exit: 0, stdout: 'Checking all packages: ... done\n' })
    host.tree.write(`${ROOT}/usr/local/lib/libx.so`, 'other')
    expect(look('check', '-s', '-a')).toMatchObject({
      exit: 1,
      stderr: 'libx-1.0: checksum mismatch for /usr/local/lib/libx.so\n',
    })
  })

  test('a locked package is not deleted: exit 7 [pkg-7]', () => {
    pkg('lock', '-y', 'web')
    expect(pkg('delete', '-y', 'web').exit).toBe(7)
    pkg('unlock', '-y', 'web')
    expect(pkg('delete', '-y', 'web').exit).toBe(0)
    expect(host.tree.files.status(`${ROOT}/usr/local/etc/web`)).toBeUndefined()
    expect(host.outside('pkg', '-N')).toEqual({ exit: 1, stdout: '', stderr: 'pkg: package database non-existent\n' })
  })
})
