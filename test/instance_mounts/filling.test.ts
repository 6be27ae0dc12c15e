/** instance_mounts, filling datasets: once, whole, and never over anything. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { BLUEPRINT, instanceHost, lookInto } from '../support/instance-host.ts'
import { applied, foretold, stateOf } from './runs.ts'

const web1 = { id: 'web1', blueprint: BLUEPRINT }
const dataset = (name: string) => `zroot/hosting/instances/web1/${name}`
let host: FakeHost
beforeEach(() => {
  host = instanceHost({ parts: ['var-db-mysql'], shared: ['customer1'] })
})

const inside = <T>(name: string, look: (at: string) => T): T => lookInto(host, dataset(name), look)

test('live-12: each dataset is as its part of the blueprint, with owners, modes, flags and hard links', async () => {
  await applied(host, web1)
  const { files } = host.tree
  inside('etc', at => {
    expect(files.status(`${at}/master.passwd`)).toMatchObject({ mode: 0o600, uid: 0 })
    expect(files.status(`${at}/rc.conf`)).toMatchObject({ links: 2 })
    expect(files.status(`${at}/rc.conf`)?.identity).toBe(files.status(`${at}/rc.conf.same`)?.identity)
  })
  inside('var', at => {
    expect(files.status(`${at}/log/messages`)).toMatchObject({ mode: 0o640, gid: 69 })
    expect(files.status(`${at}/empty`)).toMatchObject({ flags: ['schg'] })
    expect(files.target(`${at}/mail`)).toBe('/nowhere')
  })
  inside('tmp', at => expect(files.status(at)).toMatchObject({ mode: 0o1777 }))
  inside('root', at => expect(files.status(at)).toMatchObject({ mode: 0o700 }))
})

test('mount-5: mount points are in what is mounted there, and nothing that will be hidden', async () => {
  await applied(host, {
    ...web1,
    additional_writable: ['var/db/mysql'],
    mounts: [{ path: 'home/files', shared: 'customer1' }],
  })
  const { files } = host.tree
  inside('etc', at => expect(files.list(`${at}/rc.d`)).toEqual([]))
  inside('var', at => expect(files.list(`${at}/db`)).toEqual([]))
  inside('var-db', at => {
    expect(files.list(at)).toEqual(['mysql', 'pkg'])
    expect(files.list(`${at}/pkg`)).toEqual([])
  })
  inside('home', at => expect(files.list(at)).toEqual(['files']))
})

test('once: what a customer changed since stays', async () => {
  await applied(host, web1)
  inside('etc', at => host.tree.write(`${at}/rc.conf`, 'hostname="web1"\n'))
  const report = await applied(host, web1)
  expect(report).toMatchObject({ changed: false, msg: 'instance web1: as wanted' })
  inside('etc', at => expect(host.tree.read(`${at}/rc.conf`)).toBe('hostname="web1"\n'))
})

test('the dataset tells where its content is from', async () => {
  host.outside('zfs', 'snapshot', `zroot/hosting/blueprints/${BLUEPRINT}@r3`)
  host.outside('zfs', 'set', 'bluejail:revision=3', `zroot/hosting/blueprints/${BLUEPRINT}`)
  await applied(host, { ...web1, revision: 3 })
  const { stdout } = host.outside(
    ...[
      'zfs',
      'get',
      '-H',
      '-o',
      'value',
      'bluejail:seeded,bluejail:blueprint,bluejail:revision,bluejail:format',
      dataset('etc'),
    ],
  )
  expect(stdout).toBe(`yes\n${BLUEPRINT}\n3\n1\n`)
  await expect(applied(instanceHost(), { ...web1, revision: 2 })).rejects.toThrow(
    /is at revision 1, and 2 was asked for/,
  )
})

test('what comes from a blueprint is of its last complete revision, however far an amendment has got with it', async () => {
  const source = `zroot/hosting/blueprints/${BLUEPRINT}`
  const root = `/hosting/blueprints/${BLUEPRINT}`
  host.outside('zfs', 'set', 'readonly=off', 'bluejail:stage=amending', source)
  host.tree.write(`${root}/etc/half`, 'of the next revision')
  host.tree.write(`${root}/etc/rc.conf`, 'half="yes"\n')
  host.tree.mkdir(`${root}/usr/local/etc/php`)
  await applied(host, web1)
  inside('etc', at => {
    expect(host.tree.read(`${at}/rc.conf`)).toBe('hostname="blueprint"\n')
    expect(host.tree.lstat(`${at}/half`)).toBeUndefined()
  })
  inside('usr-local-etc', at => expect(host.tree.files.list(at)).toEqual(['rc.d']))
})

test('what is no blueprint of ours has no revisions, and is taken as it is', async () => {
  const source = `zroot/hosting/blueprints/${BLUEPRINT}`
  host.outside('zfs', 'inherit', 'bluejail:revision', source)
  host.outside('zfs', 'destroy', `${source}@complete`)
  await applied(host, web1)
  inside('etc', at => expect(host.tree.read(`${at}/rc.conf`)).toBe('hostname="blueprint"\n'))
})

test('a blueprint without the snapshot of its revision is no blueprint to fill from: refused before the first step', async () => {
  host.outside('zfs', 'destroy', `zroot/hosting/blueprints/${BLUEPRINT}@complete`)
  const message =
    /web1: zroot\/hosting\/blueprints\/2026Q4-php83@complete is not there, from which its datasets would be filled/
  await expect(foretold(host, web1)).rejects.toThrow(message)
  await expect(applied(host, web1)).rejects.toThrow(message)
  expect(host.performed).toEqual([])
})

test('a mark on a dataset above is none', async () => {
  host.outside('zfs', 'set', 'bluejail:seeded=yes', 'zroot/hosting/instances')
  expect(stateOf(await applied(host, web1)).seeded).toHaveLength(8)
  inside('etc', at => expect(host.tree.read(`${at}/rc.conf`)).toContain('blueprint'))
})

describe('a dataset that is not ours to fill', () => {
  test('holds a file: it is left as it is, closed again, and both ways out are told', async () => {
    inside('var', at => host.tree.write(`${at}/restored`, 'from a backup'))
    await expect(applied(host, web1)).rejects.toThrow(
      /web1\/var holds files \(restored\) and is not marked as filled, so it is left alone\. .*'zfs set bluejail:seeded=yes zroot\/hosting\/instances\/web1\/var'; if not, destroy it/,
    )
    expect(host.outside('mount').stdout).not.toContain('web1/')
    expect(host.tree.read('/hosting/instances/web1/fstab')).toBeUndefined()
    inside('var', at => expect(host.tree.files.list(at)).toEqual(['restored']))
    inside('etc', at => expect(host.tree.files.list(at)).toEqual([]))

    host.outside('zfs', 'set', 'bluejail:seeded=yes', dataset('var'))
    await applied(host, web1)
    inside('var', at => expect(host.tree.files.list(at)).toEqual(['db', 'restored']))
  })

  test('holds much: refused before the first step', async () => {
    inside('var', at => host.tree.write(`${at}/restored`, 'x'.repeat(2 << 20)))
    await expect(foretold(host, web1)).rejects.toThrow(/web1\/var holds files/)
    await expect(applied(host, web1)).rejects.toThrow(/web1\/var holds files/)
    expect(host.performed).toEqual([])
  })

  test.each<[string, string[][], RegExp]>([
    [
      'is mounted by somebody',
      [['mount', '-t', 'zfs', dataset('var'), '/mnt']],
      /web1\/var is mounted at \/mnt.*'umount \/mnt'/,
    ],
    [
      'mounts itself',
      [['zfs', 'set', 'mountpoint=/mnt', dataset('var')]],
      /has the mountpoint \/mnt.*mountpoint=legacy/,
    ],
    [
      'is half filled from another blueprint',
      [['zfs', 'set', 'bluejail:seeded=begun', 'bluejail:blueprint=other', dataset('var')]],
      /half filled from the blueprint other/,
    ],
    [
      'is of a later format',
      [['zfs', 'set', 'bluejail:format=2', 'bluejail:seeded=yes', dataset('var')]],
      /newer version \(format 2\)/,
    ],
  ])('%s', async (_what, commands, message) => {
    for (const command of commands) expect(host.outside(...command)).toMatchObject({ exit: 0 })
    await expect(applied(host, web1)).rejects.toThrow(message)
    expect(host.performed).toEqual([])
  })
})

describe('what an earlier task would have made', () => {
  test.each<[string, string[], RegExp]>([
    ['a dataset', ['zfs', 'destroy', dataset('var')], /the dataset zroot\/hosting\/instances\/web1\/var is not there/],
    [
      'the blueprint',
      ['zfs', 'destroy', '-r', `zroot/hosting/blueprints/${BLUEPRINT}`],
      /the blueprint 2026Q4-php83 is not there/,
    ],
    ['all of the instance', ['zfs', 'destroy', '-r', 'zroot/hosting/instances/web1'], /web1\/etc is not there/],
  ])('%s: a warning and the same steps when checking, an error when applying', async (_what, command, message) => {
    const steps = (await foretold(host, web1)).steps
    expect(host.outside(...command)).toMatchObject({ exit: 0, stderr: '' })
    const report = await foretold(host, web1)
    expect(report.warnings.join('\n')).toMatch(message)
    expect(report.steps).toEqual(steps)
    await expect(applied(host, web1)).rejects.toThrow(message)
    expect(host.performed).toEqual([])
  })
})
