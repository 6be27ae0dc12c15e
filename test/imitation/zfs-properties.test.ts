import { describe, expect, test } from 'vitest'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { runAtOnce } from './run.ts'

type Fake = ReturnType<typeof fakeFreeBSD>
const get = (host: Fake, property: string, name: string, columns = 'value,source') =>
  host.outside('zfs', 'get', '-Hp', '-o', columns, property, name).stdout.trimEnd()

describe('where a value comes from', () => {
  test('default, local, inherited, and as read-only things are: none', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': { compression: 'zstd' }, 'zroot/a/b': {} } })
    expect(get(host, 'compression', 'zroot')).toBe('on\tdefault')
    expect(get(host, 'compression', 'zroot/a')).toBe('zstd\tlocal')
    expect(get(host, 'compression', 'zroot/a/b')).toBe('zstd\tinherited from zroot/a')
    expect(get(host, 'type', 'zroot/a/b')).toBe('filesystem\t-')
  })

  test('received values lie below local ones, inherit hides them, and -S brings them back', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/from': { atime: 'off' } } })
    host.outside('zfs', 'snapshot', 'zroot/from@s')
    const stream = host.outside('zfs', 'send', '-p', 'zroot/from@s').stdout
    const received = host.machine
    expect(run(host, ['zfs', 'receive', '-u', 'zroot/to'], stream).exit).toBe(0)
    expect(received.dataset('zroot/to')?.received.atime).toBe('off')
    expect(get(host, 'atime', 'zroot/to')).toBe('off\treceived')
    host.outside('zfs', 'set', 'atime=on', 'zroot/to')
    expect(get(host, 'atime', 'zroot/to', 'value,received,source')).toBe('on\toff\tlocal')
    host.outside('zfs', 'inherit', 'atime', 'zroot/to')
    expect(get(host, 'atime', 'zroot/to')).toBe('on\tdefault')
    host.outside('zfs', 'inherit', '-S', 'atime', 'zroot/to')
    expect(get(host, 'atime', 'zroot/to')).toBe('off\treceived')
  })

  test('a mount option that contradicts the property is shown as temporary', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': { mountpoint: 'legacy' } } })
    expect(host.outside('mount', '-t', 'zfs', '-o', 'ro', 'zroot/a', '/mnt').exit).toBe(0)
    expect(get(host, 'readonly', 'zroot/a')).toBe('on\ttemporary')
  })

  test('an altroot comes before every path', () => {
    const host = fakeFreeBSD({ pools: { tank: { altroot: '/mnt' } }, datasets: { 'tank/a': { mountpoint: '/data' } } })
    expect(get(host, 'mountpoint', 'tank/a')).toBe('/mnt/data\tlocal')
    expect(get(host, 'mountpoint', 'tank')).toBe('/mnt/tank\tdefault')
    expect(host.tree.lstat('/mnt/data')?.type).toBe('directory')
  })

  test('zfs-2 what is there is printed, what is not is told, exit 1', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {} } })
    expect(host.outside('zfs', 'get', '-Hp', '-o', 'name', 'type', 'zroot/a', 'zroot/x', 'zroot/y')).toEqual({
      exit: 1,
      stdout: 'zroot/a\n',
      stderr: "cannot open 'zroot/x': dataset does not exist\ncannot open 'zroot/y': dataset does not exist\n",
    })
  })
})

describe('what is accepted', () => {
  test.each([
    ['2.2.6', 'longname=on', "invalid property 'longname'"],
    ['2.3.0', 'longname=on', ''],
    ['2.3.0', 'defaultuserquota=1G', "invalid property 'defaultuserquota'"],
    ['2.4.0', 'defaultuserquota=1G', ''],
  ])('OpenZFS %s: %s', (zfsVersion, assignment, why) => {
    const host = fakeFreeBSD({ zfsVersion, datasets: { 'zroot/a': {} } })
    const { exit, stderr } = host.outside('zfs', 'set', assignment, 'zroot/a')
    expect(exit).toBe(why === '' ? 0 : 255)
    expect(stderr).toBe(why === '' ? '' : `cannot set property for 'zroot/a': ${why}\n`)
  })

  test.each([
    ['2.2.6', 'on', 'on', 'on'],
    ['2.3.0', 'on', 'on', 'dir'],
    ['2.4.0', 'sa', 'sa', 'dir'],
  ])('zfs.md §3 case 24: xattr of OpenZFS %s', (zfsVersion, initial, on, dir) => {
    const host = fakeFreeBSD({ zfsVersion, datasets: { 'zroot/a': {} } })
    expect(get(host, 'xattr', 'zroot/a', 'value')).toBe(initial)
    host.outside('zfs', 'set', 'xattr=on', 'zroot/a')
    expect(get(host, 'xattr', 'zroot/a', 'value')).toBe(on)
    host.outside('zfs', 'set', 'xattr=dir', 'zroot/a')
    expect(get(host, 'xattr', 'zroot/a', 'value')).toBe(dir)
  })

  test.each([
    ['recsize=1m', 'recordsize', '1048576\tlocal'],
    ['quota=1.5T', 'quota', '1649267441664\tlocal'],
    ['compression=gzip-6', 'compression', 'gzip\tlocal'],
    ['volmode=geom', 'volmode', 'full\tlocal'],
    ['userquota@root=5G', 'userquota@0', '5368709120\tlocal'],
  ])('%s', (assignment, property, printed) => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {} } })
    expect(host.outside('zfs', 'set', assignment, 'zroot/a').stderr).toBe('')
    expect(get(host, property, 'zroot/a')).toBe(printed)
  })

  test.each([
    ['quota=lots', "bad numeric value 'lots'"],
    ['quota=5X', "invalid numeric suffix 'X'"],
    ['recordsize=none', "'recordsize' must be power of 2 from 512B to 16M"],
    ['mountpoint=a', "'mountpoint' must be an absolute path, 'none', or 'legacy'"],
    ['refreservation=auto', "'refreservation=auto' only allowed on volumes"],
    ['volsize=1G', "'volsize' does not apply to datasets of this type"],
    ['keylocation=prompt', "keylocation must be 'none' for unencrypted datasets"],
    ['userquota@nobody-here=1G', "'userquota@nobody-here' has an invalid user/group name"],
    ['used=1', "'used' is readonly"],
    ['reservation=1P', 'size is greater than available space'],
  ])('zfs-2 %s is refused, exit 255', (assignment, why) => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {} } })
    const { exit, stderr } = host.outside('zfs', 'set', assignment, 'zroot/a')
    expect({ exit, stderr }).toEqual({ exit: 255, stderr: `cannot set property for 'zroot/a': ${why}\n` })
  })

  test('a mountpoint is refused where the dataset is for a jail', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': { jailed: 'on' } } })
    expect(host.outside('zfs', 'set', 'mountpoint=/x', 'zroot/a').stderr).toBe(
      "cannot set property for 'zroot/a': 'mountpoint' cannot be set on dataset in a non-global zone\n",
    )
  })

  test('zfs-5 an equal quota is refused when more than that is used', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': { quota: '1M' } } })
    host.tree.write('/zroot/a/file', 'x'.repeat(2 << 20))
    expect(host.outside('zfs', 'set', 'quota=1M', 'zroot/a')).toMatchObject({
      exit: 255,
      stderr: "cannot set property for 'zroot/a': size is less than current used or reserved space\n",
    })
  })

  test('zfs-4 many properties and datasets in one command: one that is refused does not stop the others', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {}, 'zroot/v': { volsize: '1M' } } })
    expect(host.outside('zfs', 'set', 'atime=off', 'copies=2', 'zroot/a', 'zroot/v', 'zroot/x').exit).toBe(255)
    expect(get(host, 'copies', 'zroot/a', 'value')).toBe('2')
    expect(get(host, 'copies', 'zroot/v', 'value')).toBe('1')
  })
})

describe('volumes', () => {
  test('zfs-6 the size is rounded up to blocks at creation and must be whole blocks later', () => {
    const host = fakeFreeBSD()
    host.outside('zfs', 'create', '-V', '1000001K', 'zroot/v')
    expect(get(host, 'volsize', 'zroot/v', 'value')).toBe('1024016384')
    expect(host.outside('zfs', 'set', 'volsize=1000001K', 'zroot/v').stderr).toBe(
      "cannot set property for 'zroot/v': 'volsize' must be a multiple of volume block size (16K)\n",
    )
  })

  test('zfs-6 a sparse one stays sparse, and auto reserves it', () => {
    const host = fakeFreeBSD()
    host.outside('zfs', 'create', '-s', '-V', '100M', 'zroot/v')
    host.outside('zfs', 'set', 'volsize=200M', 'zroot/v')
    expect(get(host, 'refreservation', 'zroot/v')).toBe('0\tdefault')
    host.outside('zfs', 'set', 'refreservation=auto', 'zroot/v')
    expect(get(host, 'refreservation', 'zroot/v')).toBe('215220224\tlocal')
  })
})

test('zfs-1 a user property may hold tabs and line breaks', () => {
  const host = fakeFreeBSD({ datasets: { 'zroot/a': {} } })
  host.outside('zfs', 'set', 'com.example:note=a\tb\nc', 'zroot/a')
  expect(host.outside('zfs', 'get', '-Hp', '-o', 'value', 'com.example:note', 'zroot/a').stdout).toBe('a\tb\nc\n')
})

function run(host: Fake, [program = '', ...args]: string[], stdin: string) {
  return runAtOnce(host.machine, program, { args, stdin: Buffer.from(stdin), cwd: '/', uid: 0 })
}
