/** instance_mounts beside a jail: what it may touch while one runs, and what one has left behind. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { addBlueprint, BLUEPRINT, instanceHost, mountedIn, startJail, stopJail } from '../support/instance-host.ts'
import { applied, foretold, stateOf } from './runs.ts'

const ROOT = '/hosting/instances/web1/root'
const web1 = { id: 'web1', blueprint: BLUEPRINT }
const withFiles = { ...web1, mounts: [{ path: 'home/files', shared: 'customer1' }] }
let host: FakeHost
beforeEach(async () => {
  host = instanceHost({ parts: ['var-db-mysql'], shared: ['customer1'] })
  await applied(host, web1)
})

const start = () => expect(startJail(host, 'web1')).toMatchObject({ exit: 0 })
const stop = () => expect(stopJail(host, 'web1')).toMatchObject({ exit: 0 })
const fstab = () => host.tree.read('/hosting/instances/web1/fstab')

test('jail(8) mounts by what was written, and the mount table agrees with it', async () => {
  start()
  const report = await applied(host, web1)
  expect(report).toMatchObject({ changed: false, msg: 'instance web1: as wanted' })
  expect(stateOf(report)).toMatchObject({ running: true, pending: [], leaks: [] })
  stop()
  expect(mountedIn(host, 'web1')).toEqual([])
})

describe('jail-3: while it runs, its fstab says what is mounted', () => {
  test('what shall be is written beside it, and is told as pending', async () => {
    start()
    host.tree.mkdir(`${ROOT}/home/files`)
    const before = fstab()
    const report = await applied(host, withFiles)
    expect(report.steps).toEqual(['write /hosting/instances/web1/fstab.next'])
    expect(report.msg).toBe('instance web1: 1 changed, waiting for a restart: web1')
    expect(stateOf(report).pending).toEqual([`${ROOT}/home/files is not mounted (/hosting/shared/customer1)`])
    expect(fstab()).toBe(before)
    expect(await applied(host, withFiles)).toMatchObject({ changed: false })

    stop()
    expect(mountedIn(host, 'web1')).toEqual([])
    await applied(host, withFiles)
    expect(host.tree.read('/hosting/instances/web1/fstab.next')).toBeUndefined()
    start()
    expect(mountedIn(host, 'web1')).toContain('home/files')
    expect(stateOf(await applied(host, withFiles)).pending).toEqual([])
  })

  test('a wish that is taken back leaves nothing', async () => {
    start()
    host.tree.mkdir(`${ROOT}/home/files`)
    await applied(host, withFiles)
    expect((await applied(host, web1)).steps).toEqual(['rm /hosting/instances/web1/fstab.next'])
  })

  test('one that says the same in other words is put right at once', async () => {
    start()
    host.tree.write('/hosting/instances/web1/fstab', `${fstab()}# a note\n`)
    expect((await applied(host, web1)).steps).toEqual(['write /hosting/instances/web1/fstab'])
  })

  test.each([
    ['gone', () => host.tree.remove('/hosting/instances/web1/fstab')],
    ['not to be read', () => host.tree.write('/hosting/instances/web1/fstab', 'nonsense\n')],
  ])('one that is %s is written anew from the mount table', async (_how, spoil) => {
    start()
    host.tree.mkdir(`${ROOT}/home/files`)
    spoil()
    const report = await applied(host, withFiles)
    expect(report.warnings.join()).toMatch(/fstab was gone, or could not be read, while the instance runs/)
    stop()
    expect(mountedIn(host, 'web1')).toEqual([])
  })
})

describe('options of mounts, of which the mount table tells nothing', () => {
  const withRun = (tmpfs: string, ...options: string[]) => ({
    ...web1,
    mounts: [{ path: 'var/run', tmpfs, options }],
  })

  test('are pending while it runs, run after run, until a restart has brought them', async () => {
    await applied(host, withRun('16m'))
    start()
    const before = fstab()
    const hardened = withRun('64m', 'noexec')
    const check = await foretold(host, hardened)
    const report = await applied(host, hardened)
    expect(report.steps).toEqual(['write /hosting/instances/web1/fstab.next'])
    expect(check.steps).toEqual(report.steps)
    expect(report.msg).toBe('instance web1: 1 changed, waiting for a restart: web1')
    const pending = [`${ROOT}/var/run: its mount options are size=16m, and shall be noexec, size=64m`]
    expect(stateOf(report).pending).toEqual(pending)
    expect(fstab()).toBe(before)
    const again = await applied(host, hardened)
    expect(again).toMatchObject({ changed: false, msg: 'instance web1: waiting for a restart: web1' })
    expect(stateOf(again).pending).toEqual(pending)

    stop()
    await applied(host, hardened)
    expect(fstab()).toMatch(/ tmpfs rw,noexec,size=64m /)
    start()
    expect(stateOf(await applied(host, hardened)).pending).toEqual([])
  })

  test('a wish for one that is taken back leaves nothing', async () => {
    await applied(host, withRun('16m'))
    start()
    await applied(host, withRun('16m', 'noexec'))
    expect((await applied(host, withRun('16m'))).steps).toEqual(['rm /hosting/instances/web1/fstab.next'])
  })

  test('whether read-only is told once, by the mount table', async () => {
    const shared = (more: object) => ({ ...web1, mounts: [{ path: 'home/files', shared: 'customer1', ...more }] })
    await applied(host, shared({ options: ['nosuid'] }))
    start()
    const { pending } = stateOf(await applied(host, shared({ options: ['nosuid'], readonly: true })))
    expect(pending).toEqual([`${ROOT}/home/files is writable and shall be read-only`])
  })

  test('the order in which they stand says nothing', async () => {
    await applied(host, withRun('16m', 'nosuid', 'noexec'))
    start()
    const report = await applied(host, withRun('16m', 'noexec', 'nosuid'))
    expect(report.steps).toEqual(['write /hosting/instances/web1/fstab'])
    expect(stateOf(report).pending).toEqual([])
  })
})

test('a new dataset is filled while the instance runs, and mounted by a restart', async () => {
  start()
  host.tree.mkdir(`${ROOT}/var/db/mysql`)
  const report = await applied(host, { ...web1, additional_writable: ['var/db/mysql'] })
  expect(stateOf(report).seeded).toContain('var/db/mysql')
  expect(stateOf(report).pending).toHaveLength(1)
})

describe('mount-3: a link planted by the customer', () => {
  const plant = (part: string, name: string) => {
    host.outside('mount', '-t', 'zfs', `zroot/hosting/instances/web1/${part}`, '/mnt')
    host.tree.mkdir('/victim')
    if (host.tree.lstat(`/mnt/${name}`) !== undefined) host.tree.rename(`/mnt/${name}`, `/mnt/${name}.orig`)
    host.tree.symlink(`/mnt/${name}`, '/victim')
    host.outside('umount', '/mnt')
  }

  test('that a plain mount -a has followed: what it covers on the host is told', async () => {
    plant('etc', 'rc.d')
    expect(host.outside('mount', '-aF', '/hosting/instances/web1/fstab')).toMatchObject({ exit: 0 })
    expect((await applied(host, web1)).warnings.join()).toMatch(
      /etc\/rc\.d is mounted at \/victim, outside every instance: .*'umount \/victim'/,
    )
    expect(mountedIn(host, 'web1')).toEqual([])
  })

  test('in place of a new mount point: refused by its name, nothing is mounted on the victim, all is closed', async () => {
    plant('home', 'files')
    await expect(applied(host, withFiles)).rejects.toThrow(
      /instances\/web1\/seed\/home\/files is a symbolic link, and nothing is mounted through one/,
    )
    expect(host.outside('mount').stdout).not.toMatch(/victim|web1\//)
    expect(fstab()).not.toContain('home/files')
    expect(host.tree.list('/victim')).toEqual([])
  })

  test('in a running instance: refused before the first step', async () => {
    plant('home', 'files')
    start()
    const before = host.performed.length
    await expect(foretold(host, withFiles)).rejects.toThrow(/web1\/root\/home\/files is a symbolic link/)
    await expect(applied(host, withFiles)).rejects.toThrow(/web1\/root\/home\/files is a symbolic link/)
    expect(host.performed).toHaveLength(before)
  })

  test('in place of a mount point that an fstab lost knew of', async () => {
    plant('etc', 'rc.d')
    host.tree.remove('/hosting/instances/web1/fstab')
    await expect(applied(host, web1)).rejects.toThrow(/seed\/etc\/rc\.d is a symbolic link/)
    expect(host.outside('mount').stdout).not.toMatch(/victim|web1\//)
  })

  test('jail(8) refuses it too where it was planted later, and nothing of it stays', async () => {
    plant('etc', 'rc.d')
    expect(startJail(host, 'web1').stderr).toContain('is a symbolic link')
    await applied(host, web1)
    expect(mountedIn(host, 'web1')).toEqual([])
  })
})

describe('what lies in the way of a new mount', () => {
  test.each<[string, (at: string) => void, RegExp]>([
    ['a file', at => host.tree.write(`${at}/files`, 'mine'), /home\/files is no directory/],
    [
      "a customer's files",
      at => {
        host.tree.mkdir(`${at}/files`)
        host.tree.write(`${at}/files/diary`, 'mine')
      },
      /home\/files holds files \(diary\), and \/hosting\/shared\/customer1 would hide them/,
    ],
  ])('%s', async (_what, put, message) => {
    host.outside('mount', '-t', 'zfs', 'zroot/hosting/instances/web1/home', '/mnt')
    put('/mnt')
    host.outside('umount', '/mnt')
    await expect(applied(host, withFiles)).rejects.toThrow(message)
    start()
    await expect(applied(host, withFiles)).rejects.toThrow(message)
  })

  test('nothing at all, while it runs', async () => {
    start()
    await expect(applied(host, withFiles)).rejects.toThrow(
      /root\/home\/files is not there .*'jexec web1 mkdir \/home\/files', or stop the instance/,
    )
  })

  test('nothing at all, with the instance stopped: it is made', async () => {
    const report = await applied(host, withFiles)
    expect(report.steps).toContain('mkdir -p /hosting/instances/web1/seed/home/files')
    start()
    expect(mountedIn(host, 'web1')).toContain('home/files')
  })
})

test('another blueprint is for a switch', async () => {
  addBlueprint(host, '2027Q1-php84')
  await expect(applied(host, { id: 'web1', blueprint: '2027Q1-php84' })).rejects.toThrow(
    /switch it with blueprint_switch/,
  )
})
