/** instance_mounts on a host full of instances, and on what surrounds them. */
import { describe, expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { BLUEPRINT, instanceHost, mountedIn, startJail, stopJail } from '../support/instance-host.ts'
import { applied, foretold, stateOf } from './runs.ts'

const web1 = { id: 'web1', blueprint: BLUEPRINT }

test('live-13: 50 instances, 350 mounts: three processes when nothing changes', async () => {
  const ids = Array.from({ length: 50 }, (_, index) => `web${index + 1}`)
  const host = instanceHost({ ids })
  const options = { blueprint: BLUEPRINT, instances: ids.map(id => ({ id })) }
  const first = await applied(host, options)
  expect(first.msg).toBe('50 instances: 50 changed, 400 datasets filled')
  for (const id of ids.slice(0, 25)) expect(startJail(host, id)).toMatchObject({ exit: 0 })

  const before = { ...host.counts }
  const report = await applied(host, options)
  expect(report).toMatchObject({ changed: false, msg: '50 instances: as wanted' })
  const used = Object.entries(host.counts).map(([program, count]) => [program, count - (before[program] ?? 0)])
  expect(Object.fromEntries(used.filter(([, count]) => count !== 0))).toEqual({ mount: 1, jls: 1, zfs: 1 })
})

test('one that cannot be done does not keep the others from it', async () => {
  const host = instanceHost({ ids: ['web1', 'web2'] })
  host.outside('mount', '-t', 'zfs', 'zroot/hosting/instances/web1/etc', '/mnt')
  host.tree.write('/mnt/mine', '')
  host.outside('umount', '/mnt')
  const options = { blueprint: BLUEPRINT, instances: ['web1', 'web2'] }
  await expect(applied(host, options)).rejects.toThrow(/web1\/etc holds files \(mine\)/)
  expect(startJail(host, 'web2')).toMatchObject({ exit: 0 })
})

describe('what is mounted beside', () => {
  const options = {
    ...web1,
    mounts: [
      { path: 'home/files', shared: 'customer1' },
      { path: 'etc/hosts', host: '/etc/hosts' },
      { path: 'etc/ssl', host: '/etc/certs' },
    ],
  }
  const newHost = () => {
    const host = instanceHost({ shared: ['customer1'] })
    host.tree.write('/etc/hosts', '127.0.0.1 localhost\n')
    host.tree.mkdir('/etc/certs')
    return host
  }

  test('mount-4: a file on a file, a directory on a directory, each made where the blueprint has none', async () => {
    const host = newHost()
    const report = await applied(host, options)
    expect(report.steps).toContain('touch /hosting/instances/web1/seed/etc/hosts')
    expect(report.steps).toContain('mkdir -p /hosting/instances/web1/seed/etc/ssl')
    expect(startJail(host, 'web1')).toMatchObject({ exit: 0 })
    expect(host.tree.read('/hosting/instances/web1/root/etc/hosts')).toBe('127.0.0.1 localhost\n')
    expect(mountedIn(host, 'web1')).toEqual(expect.arrayContaining(['home/files', 'etc/hosts', 'etc/ssl']))
    expect(stateOf(await applied(host, options)).pending).toEqual([])
  })

  test('live-4: a source is not followed through a link, in its place or on the way to it', async () => {
    const host = newHost()
    host.tree.rename('/etc/hosts', '/etc/real')
    host.tree.symlink('/etc/hosts', '/etc/real')
    await expect(applied(host, options)).rejects.toThrow(/\/etc\/hosts is a symbolic link, and a mount would follow it/)

    host.tree.symlink('/linked', '/etc')
    const linked = { ...web1, mounts: [{ path: 'etc/ssl', host: '/linked/certs' }] }
    await expect(applied(host, linked)).rejects.toThrow(/\/linked is a symbolic link/)
    expect(host.performed).toEqual([])
  })

  test.each<[string, (host: FakeHost) => void, RegExp]>([
    [
      'a source that shows a part of an instance',
      host => {
        host.tree.mkdir('/hosting/instances/web1/root')
        host.outside('mount', '-t', 'nullfs', '/hosting/instances/web1/root', '/etc/certs')
      },
      /\/etc\/certs shows a part of another instance/,
    ],
    [
      'a link in the blueprint in place of a mount point',
      host => {
        host.outside('zfs', 'set', 'readonly=off', `zroot/hosting/blueprints/${BLUEPRINT}`)
        host.tree.rename(`/hosting/blueprints/${BLUEPRINT}/home`, `/hosting/blueprints/${BLUEPRINT}/usr/home`)
        host.tree.symlink(`/hosting/blueprints/${BLUEPRINT}/home`, 'usr/home')
      },
      /blueprints\/2026Q4-php83\/home in the blueprint 2026Q4-php83 is a symbolic link/,
    ],
    [
      'mount-5: a blueprint without a mount point',
      host => {
        host.outside('zfs', 'set', 'readonly=off', `zroot/hosting/blueprints/${BLUEPRINT}`)
        host.tree.remove(`/hosting/blueprints/${BLUEPRINT}/usr/local/www`)
      },
      /has no directory usr\/local\/www, and it must be there/,
    ],
    [
      'a file in the blueprint in place of a directory',
      host => {
        host.outside('zfs', 'set', 'readonly=off', `zroot/hosting/blueprints/${BLUEPRINT}`)
        host.tree.remove(`/hosting/blueprints/${BLUEPRINT}/home`)
        host.tree.write(`/hosting/blueprints/${BLUEPRINT}/home`, '')
      },
      /home is no directory, and zroot\/hosting\/instances\/web1\/home can only be mounted on one/,
    ],
    [
      'a directory of the instance that is somebody else’s',
      host => host.tree.chown('/hosting/instances/web1', 1001, 1001),
      /belongs to user 1001/,
    ],
    [
      'an instance whose own dataset is not mounted',
      host => host.outside('zfs', 'unmount', 'zroot/hosting/instances/web1'),
      /instances\/web1 is not mounted at \/hosting\/instances\/web1: 'zfs mount/,
    ],
  ])('refused before the first step: %s', async (_what, spoil, message) => {
    const host = newHost()
    spoil(host)
    await expect(foretold(host, options)).rejects.toThrow(message)
    await expect(applied(host, options)).rejects.toThrow(message)
    expect(host.performed).toEqual([])
  })

  test('shared data that an earlier task would have made is a warning when checking', async () => {
    const host = newHost()
    const wants = { ...web1, mounts: [{ path: 'home/files', shared: 'customer2' }] }
    expect((await foretold(host, wants)).warnings.join()).toMatch(/\/hosting\/shared\/customer2 is not there/)
    await expect(applied(host, wants)).rejects.toThrow(/\/hosting\/shared\/customer2 is not there/)
  })
})

describe('the directories', () => {
  test('nobody but root reaches what is below', async () => {
    const host = instanceHost()
    host.tree.chmod('/hosting/instances/web1', 0o755)
    expect((await applied(host, web1)).steps[0]).toBe('chmod 0700 /hosting/instances/web1')
    for (const path of ['', '/root', '/seed'])
      expect(host.tree.lstat(`/hosting/instances/web1${path}`)).toMatchObject({ mode: 0o700, uid: 0 })
  })

  test('one is made where the dataset has none mounted', async () => {
    const host = instanceHost()
    host.outside('zfs', 'set', 'mountpoint=none', 'zroot/hosting/instances/web1')
    await applied(host, web1)
    expect(host.tree.lstat('/hosting/instances/web1')).toMatchObject({ mode: 0o700 })
    expect(host.tree.read('/hosting/instances/web1/fstab')).toContain('nullfs')
  })
})

describe('absent', () => {
  const absent = { id: 'web1', state: 'absent' }

  test('refused while it runs', async () => {
    const host = instanceHost()
    await applied(host, web1)
    startJail(host, 'web1')
    const before = host.performed.length
    await expect(applied(host, absent)).rejects.toThrow(/web1 is running, and its mounts are in use/)
    expect(host.performed).toHaveLength(before)
  })

  test('foretold as it will be, where a task before it stops it', async () => {
    const host = instanceHost()
    await applied(host, web1)
    startJail(host, 'web1')
    const check = await foretold(host, absent)
    expect(check.warnings.join()).toMatch(/web1 is running, and its mounts are in use.* Planned as if it were there/)
    stopJail(host, 'web1')
    expect((await applied(host, absent)).steps).toEqual(check.steps)
  })

  test('leaks, fstab and mount points go; datasets and what else is there stay', async () => {
    const host = instanceHost()
    await applied(host, web1)
    startJail(host, 'web1')
    host.outside('jail', '-R', 'web1')
    host.tree.write('/hosting/instances/web1/journal.json', '{}')
    await applied(host, absent)
    expect(mountedIn(host, 'web1')).toEqual([])
    expect(host.tree.list('/hosting/instances/web1')).toEqual(['journal.json'])
    expect(host.outside('zfs', 'list', 'zroot/hosting/instances/web1/etc')).toMatchObject({ exit: 0 })
    expect(await applied(host, absent)).toMatchObject({ changed: false })
  })

  test('files that lie below the root, in no dataset, are not lost', async () => {
    const host = instanceHost()
    await applied(host, web1)
    host.tree.write('/hosting/instances/web1/root/note', 'written with nothing mounted')
    await expect(applied(host, absent)).rejects.toThrow(/holds files that are in none of its datasets \(note\)/)
  })

  test('nothing there is nothing to do', async () => {
    expect(await applied(instanceHost(), { id: 'web9', state: 'absent' })).toMatchObject({ changed: false })
  })
})
