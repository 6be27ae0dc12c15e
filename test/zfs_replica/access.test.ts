/** Keys and logins: who may replicate where, and nothing else. */
import { expect, test } from 'vitest'
import { apply, check, converge } from '../../modules/core/converge.ts'
import { parseAllowed } from '../../modules/freebsd/zfs-allow.ts'
import { permissionsOf } from '../../modules/rules/replica/access.ts'
import definition from '../../modules/zfs_replica.ts'
import { said } from '../freebsd/zfs-transcript.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }
const prepared = () => fakeFreeBSD({ datasets: { 'zroot/copies/a': { mountpoint: 'none' } } })
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC1x'
const login = (more: object = {}) => ({ user: 'a', dataset: 'zroot/copies/a', public_keys: [`${KEY} root@a`], ...more })
const run = (host: ReturnType<typeof prepared>, options: object) =>
  converge(definition, options, host, apply, circumstances)

test('a login has a user without a password, a home that is not its own, and one command', async () => {
  const host = prepared()
  const report = await run(host, { logins: [login({ from: '192.0.2.3' })] })
  expect(report.state).toMatchObject({ logins: { a: { dataset: 'zroot/copies/a', keys: 1 } } })
  expect(host.tree.read('/etc/passwd')).toMatch(
    /^a:\*:1001:1001:replication:\/var\/db\/bluejail-replica\/a:\/bin\/sh$/m,
  )
  const file = '/var/db/bluejail-replica/a/.ssh/authorized_keys'
  expect(host.tree.read(file)).toBe(
    `restrict,from="192.0.2.3",command="/usr/local/libexec/bluejail/replicate serve --target zroot/copies/a" ${KEY}\n`,
  )
  expect(host.tree.lstat(file)).toMatchObject({ uid: 0, mode: 0o644 })
  expect(parseAllowed(host.outside('zfs', 'allow', 'zroot/copies/a').stdout, 'zroot/copies/a', 'a')).toEqual(
    new Set(permissionsOf('target', [2, 2, 6])),
  )
})

test.each([
  ['2.2.7', 'receive'],
  ['2.3.1', 'receive'],
  ['2.3.2', 'receive:append'],
  ['2.4.0', 'receive:append'],
])('with OpenZFS %s it may %s, and give nothing a mount point, a share or room', async (zfsVersion, receive) => {
  const host = fakeFreeBSD({ zfsVersion, datasets: { 'zroot/copies/a': { mountpoint: 'none' } } })
  await run(host, { logins: [login()] })
  const allowed = parseAllowed(host.outside('zfs', 'allow', 'zroot/copies/a').stdout, 'zroot/copies/a', 'a')
  expect([...allowed].filter(one => one.startsWith('receive'))).toEqual([receive])
  for (const property of ['mountpoint', 'sharenfs', 'sharesmb', 'quota', 'reservation', 'refreservation'])
    expect(allowed).not.toContain(property)
  for (const never of ['rollback', 'promote', 'clone', 'send', 'allow', 'mlslabel', 'keylocation', 'jailed'])
    expect(allowed).not.toContain(never)
})

test('what an earlier OpenZFS needed is taken away when there is less', async () => {
  const host = fakeFreeBSD({ zfsVersion: '2.4.0', datasets: { 'zroot/copies/a': {} } })
  host.outside(
    'zfs',
    'allow',
    '-u',
    'a',
    [...permissionsOf('target', [2, 2, 6]), 'mountpoint'].join(','),
    'zroot/copies/a',
  )
  const { steps } = await run(host, { logins: [login()] })
  expect(steps.filter(step => step.includes('allow'))).toEqual([
    expect.stringMatching(/^zfs allow -u a \S*receive:append/),
    'zfs unallow -u a mountpoint,receive zroot/copies/a',
  ])
})

test('what it was allowed besides is taken away, and a key that is gone from the task is gone', async () => {
  const host = prepared()
  await run(host, { logins: [login()] })
  host.outside('zfs', 'allow', '-u', 'a', 'rollback,send', 'zroot/copies/a')
  const report = await run(host, { logins: [login({ public_keys: [] })] })
  expect(report.steps).toEqual([
    'zfs unallow -u a rollback,send zroot/copies/a',
    'write /var/db/bluejail-replica/a/.ssh/authorized_keys',
  ])
  expect(host.tree.read('/var/db/bluejail-replica/a/.ssh/authorized_keys')).toBe('')
})

test('a login that is to be no more goes with its keys and permissions, cut off at any step as well; copies and others stay', async () => {
  const gone = { logins: [{ user: 'a', dataset: 'zroot/copies/a', state: 'absent' }] }
  const withTwo = async () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/copies/a': {}, 'zroot/copies/b': {} } })
    await run(host, { logins: [login(), login({ user: 'b', dataset: 'zroot/copies/b' })] })
    return host
  }
  const first = await withTwo()
  const foretold = await converge(definition, gone, first, check, circumstances)
  const { steps, state } = await run(first, gone)
  expect(steps).toEqual(foretold.steps)
  expect([steps[0], steps[2], state.logins]).toEqual([
    'rm /var/db/bluejail-replica/a/.ssh/authorized_keys',
    'pw userdel -n a',
    {},
  ])
  for (let cut = 1; cut <= steps.length; cut++) {
    const host = await withTwo()
    host.machine.cutPowerAfter(cut)
    await run(host, gone).catch(() => {})
    host.machine.cutPowerAfter(Number.POSITIVE_INFINITY)
    host.boot()
    await run(host, gone)
    expect(host.tree.read('/etc/passwd')).not.toMatch(/^a:/m)
    expect(host.tree.read('/etc/passwd')).toMatch(/^b:/m)
    expect(host.tree.lstat('/var/db/bluejail-replica/a')).toBeUndefined()
    expect(host.tree.read('/var/db/bluejail-replica/b/.ssh/authorized_keys')).toContain(KEY)
    expect(host.outside('zfs', 'allow', 'zroot/copies/a').stdout).toBe('')
    expect(host.outside('zfs', 'allow', 'zroot/copies/b').stdout).toContain('user b ')
    expect((await run(host, gone)).steps).toEqual([])
  }
})

test('a key is made once, and told', async () => {
  const host = prepared()
  const options = { key: '/root/.ssh/replica', known_hosts: [{ host: 'b', port: 2222, key: KEY }] }
  const { state } = await run(host, options)
  expect(state.public_key).toMatch(/^ssh-ed25519 \S+$/)
  expect((await run(host, options)).state).toEqual(state)
  expect(host.tree.lstat('/root/.ssh/replica')?.mode).toBe(0o600)
  expect(host.tree.read('/usr/local/etc/bluejail/replicate.known_hosts')).toBe(`[b]:2222 ${KEY}\n`)
})

test('a dataset that an earlier task makes is foretold', async () => {
  const foretold = await converge(definition, { logins: [login()] }, fakeFreeBSD(), check, circumstances)
  expect(foretold.warnings).toEqual([expect.stringMatching(/There is no dataset 'zroot\/copies\/a' for the login a/)])
})

test.each([
  [login({ user: 'root' }), /the user root is somebody else's/],
  [login({ user: '-x' }), /cannot be a login/],
  [login({ dataset: 'zroot/a b' }), /letters, digits/],
  [login({ dataset: 'zroot/a"; id' }), /letters, digits/],
  [login({ public_keys: ['no key'] }), /no public key/],
  [login({ public_keys: undefined }), /give 'public_keys', or 'state: absent'/],
  [login({ user: 'www', state: 'absent' }), /the user www is somebody else's/],
  [login({ public_keys: [`${KEY}\ncommand="id" ${KEY}`] }), /./],
  [login({ from: '*" command="id' }), /no list of addresses/],
])('refused in words: %j', async (one, reason) => {
  const host = fakeFreeBSD({
    datasets: { 'zroot/copies/a': {} },
    files: {
      '/etc/passwd': 'root:*:0:0:Charlie &:/root:/bin/sh\nwww:*:80:80::/nonexistent:/usr/sbin/nologin\n',
    },
  })
  await expect(converge(definition, { logins: [one] }, host, check, circumstances)).rejects.toThrow(reason)
})

test('what zfs allow printed on a real host is read', () => {
  const { stdout } = said('zfs allow -u www')
  expect(parseAllowed(stdout, 'zroot/hosting', 'www')).toEqual(new Set(['mount', 'snapshot']))
  expect(parseAllowed(stdout, 'zroot', 'www')).toEqual(new Set())
})
