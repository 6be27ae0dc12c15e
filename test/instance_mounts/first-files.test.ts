/** instance_mounts, files that come with the first content: written once, and then the customer's. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { BLUEPRINT, instanceHost } from '../support/instance-host.ts'
import { applied, foretold } from './runs.ts'

const KEYS = {
  path: 'home/anna/.ssh/authorized_keys',
  content: 'ssh-ed25519 AAAA anna\n',
  mode: '0600',
  uid: 1001,
  gid: 1001,
}
const anna = { directory: true, mode: '0700', uid: 1001, gid: 1001 }
const web1 = {
  id: 'web1',
  blueprint: BLUEPRINT,
  first_files: [
    { path: '/etc/rc.conf', content: 'hostname="web1"\n' },
    {
      path: 'etc/master.passwd',
      content: 'root:*:0:0::0:0::/root:/bin/sh\nanna:*:1001:1001::0:0::/home/anna:/bin/sh\n',
    },
    { path: 'etc/localtime', link: '/usr/share/zoneinfo/Europe/Berlin' },
    { path: 'root/.ssh', directory: true, mode: '0700' },
    { path: 'root/.ssh/authorized_keys', content: 'ssh-ed25519 AAAA operator\n', mode: '0600' },
    { path: 'var/db/zoneinfo', content: 'Europe/Berlin\n' },
    { path: 'home/anna', ...anna, mode: '0750' },
    { path: 'home/anna/.ssh', ...anna },
    KEYS,
  ],
}
let host: FakeHost
beforeEach(() => {
  host = instanceHost()
})

function inside<T>(name: string, look: (at: string) => T): T {
  expect(host.outside('mount', '-t', 'zfs', `zroot/hosting/instances/web1/${name}`, '/mnt')).toMatchObject({ exit: 0 })
  try {
    return look('/mnt')
  } finally {
    host.outside('umount', '/mnt')
  }
}
const read = (name: string, path: string) => inside(name, at => host.tree.read(`${at}/${path}`))

test('they are in place of the blueprint’s and beside them, in the dataset that holds the path', async () => {
  await applied(host, web1)
  expect(read('etc', 'rc.conf')).toBe('hostname="web1"\n')
  expect(read('var-db', 'zoneinfo')).toBe('Europe/Berlin\n')
  expect(inside('etc', at => host.tree.files.target(`${at}/localtime`))).toBe('/usr/share/zoneinfo/Europe/Berlin')
})

test('a file of the blueprint keeps its mode; another one, and a directory, have what was asked for', async () => {
  await applied(host, web1)
  const { files } = host.tree
  inside('etc', at => expect(files.status(`${at}/master.passwd`)).toMatchObject({ mode: 0o600, uid: 0 }))
  inside('home', at => {
    expect(files.status(`${at}/anna`)).toMatchObject({ mode: 0o750, uid: 1001, gid: 1001 })
    expect(files.status(`${at}/anna/.ssh`)).toMatchObject({ mode: 0o700, uid: 1001, gid: 1001 })
    expect(files.status(`${at}/anna/.ssh/authorized_keys`)).toMatchObject({ mode: 0o600, uid: 1001, gid: 1001 })
  })
  inside('root', at => expect(files.status(`${at}/.ssh`)).toMatchObject({ mode: 0o700, uid: 0 }))
})

test('once: what the customer made of them stays, and so does what he removed', async () => {
  await applied(host, web1)
  inside('etc', at => host.tree.write(`${at}/rc.conf`, 'hostname="mine"\n'))
  inside('home', at => host.tree.files.remove(`${at}/anna/.ssh/authorized_keys`))
  expect(await applied(host, web1)).toMatchObject({ changed: false, steps: [] })
  const others = { ...web1, first_files: [...web1.first_files.slice(0, -1), { ...KEYS, content: 'another\n' }] }
  expect(await applied(host, others)).toMatchObject({ changed: false, steps: [] })
  expect(read('etc', 'rc.conf')).toBe('hostname="mine"\n')
  expect(read('home', 'anna/.ssh/authorized_keys')).toBeUndefined()
})

describe('variables of rc.conf', () => {
  const rcConf = (variables: object) => ({ ...web1, first_files: [{ path: 'etc/rc.conf', variables }] })

  test('are written so that sh reads what was said', async () => {
    const said = { hostname: 'web1', motd: 'it is "quoted"', note: "it's", sshd_enable: true, cron_enable: false }
    await applied(host, rcConf({ ...said, number: 5, left_out: null }))
    expect(read('etc', 'rc.conf')).toBe(
      `hostname="web1"\nmotd='it is "quoted"'\nnote="it's"\nsshd_enable="YES"\ncron_enable="NO"\nnumber="5"\n`,
    )
  })

  test.each(['$HOME', '`id`', 'a\\', 'one\ntwo', `both ' and "`])(
    '%j is refused, and the variable named',
    async value => {
      await expect(applied(host, rcConf({ sshd_flags: value }))).rejects.toThrow(
        /^web1: first_files: etc\/rc\.conf: sshd_flags cannot be set so: /,
      )
      expect(host.performed).toEqual([])
    },
  )

  test('a name that is none is refused', async () => {
    await expect(applied(host, rcConf({ 'sshd-flags': '' }))).rejects.toThrow(/'sshd-flags' is no name of a variable/)
  })
})

test('check mode foretells them', async () => {
  const { steps } = await foretold(host, web1)
  expect(steps).toContain('write /hosting/instances/web1/seed/etc/rc.conf')
  expect(steps).toContain('install -d -m 0700 -o 1001 -g 1001 /hosting/instances/web1/seed/home/anna/.ssh')
  expect((await applied(host, web1)).steps).toEqual(steps)
})

describe('refused before anything is done', () => {
  test.each([
    ['where nobody can write', { path: 'usr/bin/tool', content: '' }, /usr\/bin\/tool is not in a writable part/],
    ['in an overlay', { path: 'etc/rc.d/mine', content: '' }, /etc\/rc\.d\/mine is not in a writable part/],
    ['a mount point', { path: 'etc', content: '' }, /etc is where something is mounted/],
    ['out of it', { path: 'etc/../../x', content: '' }, /it contains '\.\.'/],
    ['both', { path: 'etc/x', content: '', link: '/y' }, /needs one of `content`, `variables`, `link` and `directory/],
    ['contents of two kinds', { path: 'etc/x', content: '', variables: {} }, /needs one of `content`, `variables`/],
    ['neither', { path: 'etc/x' }, /needs one of `content`, `variables`, `link` and `directory: true`/],
    ['a flag', { path: 'etc/x', link: '-s' }, /cannot point to '-s'/],
    ['a link of the blueprint', { path: 'var/mail', content: '' }, /var\/mail in the blueprint is a symbolic link/],
    ['through a link', { path: 'var/mail/x', content: '' }, /var\/mail in the blueprint is/],
    ['a directory', { path: 'etc/ssh', content: '' }, /etc\/ssh is a directory in the blueprint/],
    ['a file for a directory', { path: 'etc/rc.conf', directory: true }, /etc\/rc\.conf is no directory/],
    ['in a directory that is not there', KEYS, /home\/anna\/\.ssh is not in the blueprint.* List it too/],
    ['below a file', { path: 'etc/rc.conf/x', content: '' }, /etc\/rc\.conf in the blueprint is no directory/],
  ])('%s', async (_what, file, message) => {
    await expect(applied(host, { ...web1, first_files: [file] })).rejects.toThrow(message)
    expect(host.performed).toEqual([])
  })

  test('the same file twice', async () => {
    await expect(applied(host, { ...web1, first_files: [KEYS, KEYS] })).rejects.toThrow(/has home\/anna.* twice/)
  })
})
