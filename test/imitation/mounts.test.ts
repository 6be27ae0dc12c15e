import { describe, expect, test } from 'vitest'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

type Fake = ReturnType<typeof fakeFreeBSD>
const nodes = (host: Fake) =>
  host.machine.state.mounts.filter(mount => !mount.fixed).map(({ special, node }) => `${special} ${node}`)
const mounted = (host: Fake, name: string) =>
  host.outside('zfs', 'get', '-H', '-o', 'value', 'mounted', name).stdout.trim()

/** A blueprint and an instance's etc, as 02-mounts.jsonl has them. */
function withBlueprint() {
  const host = fakeFreeBSD({
    datasets: { 'zroot/b': { mountpoint: '/b' }, 'zroot/etc': { mountpoint: 'legacy' } },
    files: { '/i/placeholder': '' },
  })
  for (const directory of ['/b/etc/rc.d', '/i/root']) host.tree.mkdir(directory)
  host.outside('mount', '-t', 'nullfs', '-o', 'ro', '/b', '/i/root')
  host.outside('mount', '-t', 'zfs', 'zroot/etc', '/i/root/etc')
  return host
}

describe('datasets', () => {
  test('zfs-11 a new mountpoint takes the children along that inherit it, and no others', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {}, 'zroot/a/in': {}, 'zroot/a/own': { mountpoint: '/own' } } })
    host.tree.write('/zroot/a/in/file', 'text')
    host.outside('zfs', 'set', 'mountpoint=/new', 'zroot/a')
    expect(nodes(host)).toEqual(['zroot /zroot', 'zroot/a/own /own', 'zroot/a /new', 'zroot/a/in /new/in'])
    expect(host.tree.read('/new/in/file')).toBe('text')
    host.outside('zfs', 'set', '-u', 'mountpoint=/other', 'zroot/a')
    expect(nodes(host)).toContain('zroot/a /new')
    host.outside('zfs', 'set', 'mountpoint=legacy', 'zroot/a')
    expect(nodes(host)).toEqual(['zroot /zroot', 'zroot/a/own /own'])
  })

  test('zfs-10 one of them being busy, nothing moves', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {}, 'zroot/a/in': {} } })
    const leave = host.tree.occupy('/zroot/a')
    const before = nodes(host).sort()
    expect(host.outside('zfs', 'set', 'mountpoint=/new', 'zroot/a')).toMatchObject({
      exit: 255,
      stderr: "cannot unmount '/zroot/a': pool or dataset is busy\n",
    })
    expect(nodes(host).sort()).toEqual(before)
    expect(host.outside('zfs', 'rename', 'zroot/a', 'zroot/b').exit).toBe(1)
    leave()
    expect(host.outside('zfs', 'rename', 'zroot/a', 'zroot/b').exit).toBe(0)
    expect(nodes(host)).toEqual(['zroot /zroot', 'zroot/b /zroot/b', 'zroot/b/in /zroot/b/in'])
  })

  test('canmount: off unmounts, on and noauto do neither', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {} } })
    host.outside('zfs', 'set', 'canmount=noauto', 'zroot/a')
    expect(mounted(host, 'zroot/a')).toBe('yes')
    host.outside('zfs', 'set', 'canmount=off', 'zroot/a')
    expect(mounted(host, 'zroot/a')).toBe('no')
    host.outside('zfs', 'set', 'canmount=on', 'zroot/a')
    expect(mounted(host, 'zroot/a')).toBe('no')
    host.outside('zfs', 'mount', '-a')
    expect(mounted(host, 'zroot/a')).toBe('yes')
  })

  test('rename -u leaves everything mounted where it is', () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {} } })
    host.outside('zfs', 'rename', '-u', 'zroot/a', 'zroot/b')
    expect(nodes(host)).toContain('zroot/b /zroot/a')
  })

  test('mount-7 a read-only dataset refuses writes, also through a nullfs mount of it', () => {
    const host = withBlueprint()
    host.outside('umount', '/i/root/etc')
    host.outside('umount', '/i/root')
    host.outside('mount', '-t', 'nullfs', '-o', 'rw', '/b', '/i/root')
    host.tree.write('/i/root/file', 'written')
    host.outside('zfs', 'set', 'readonly=on', 'zroot/b')
    expect(() => host.tree.write('/i/root/file', 'again')).toThrow(/EROFS/)
    expect(() => host.tree.write('/b/file', 'again')).toThrow(/EROFS/)
    expect(host.outside('zfs', 'destroy', '-r', 'zroot/b')).toMatchObject({
      exit: 1,
      stderr: "cannot unmount '/b': pool or dataset is busy\n",
    })
  })
})

describe('mount and umount', () => {
  test('mount-3 a mount follows links, in its source and in its mount point', () => {
    const host = withBlueprint()
    host.tree.mkdir('/victim')
    host.tree.symlink('/i/root/etc/rc.d', '/victim')
    host.tree.symlink('/link', '/b/etc')
    expect(host.outside('mount', '-t', 'nullfs', '-o', 'ro', '/link/rc.d', '/i/root/etc/rc.d').stderr).toBe('')
    expect(nodes(host).at(-1)).toBe('/b/etc/rc.d /victim')
    expect(host.outside('umount', '/i/root/etc/rc.d').exit).toBe(0)
    expect(nodes(host).at(-1)).toBe('zroot/etc /i/root/etc')
  })

  test('mount-4 nullfs on itself, over itself, or of another type is refused', () => {
    const host = withBlueprint()
    host.tree.write('/b/file', '')
    const nullfs = (source: string, node: string) => host.outside('mount', '-t', 'nullfs', source, node)
    expect(nullfs('/b', '/b').stderr).toBe('mount_nullfs: /b: Resource deadlock avoided\n')
    host.outside('umount', '/i/root/etc')
    expect(nullfs('/b', '/i/root').stderr).toBe('mount_nullfs: /i/root: Resource deadlock avoided\n')
    expect(nullfs('/b/file', '/tmp')).toMatchObject({
      exit: 64,
      stderr: 'mount_nullfs: /tmp: must be same type as /b/file (file or directory)\n',
    })
  })

  test('mount-6 what lies below a mount that was forced away is in the table, and on no path', () => {
    const host = withBlueprint()
    expect(host.outside('umount', '/i/root')).toMatchObject({ exit: 1 })
    expect(host.outside('umount', '-f', '/i/root').exit).toBe(0)
    expect(nodes(host)).toContain('zroot/etc /i/root/etc')
    expect(host.tree.realpath('/i/root/etc')).toBeUndefined()
    expect(host.outside('umount', '/i/root/etc').exit).toBe(0)
  })

  test('mount-1 names with spaces: --libxo json can be read, and fstab has \\040', () => {
    const host = withBlueprint()
    host.tree.mkdir('/with space')
    host.tree.write(
      '/fstab',
      '/b /with\\040space nullfs ro 0 0\n/b /tmp nullfs noauto,ro 0 0\n/b /mnt nullfs nosuid 0 0\n',
    )
    expect(host.outside('mount', '-aF', '/fstab').exit).toBe(0)
    const { mount } = JSON.parse(host.outside('mount', '--libxo', 'json', '-t', 'nullfs').stdout)
    expect(mount.mounted.map((each: { node: string }) => each.node)).toEqual(['/i/root', '/with space'])
    expect(host.outside('umount', '-aF', '/fstab')).toMatchObject({ exit: 1 })
  })

  test('zfs-11 a dataset is mounted in one place only', () => {
    const host = withBlueprint()
    expect(host.outside('mount', '-t', 'zfs', 'zroot/etc', '/mnt')).toMatchObject({
      exit: 1,
      stderr: 'mount: zroot/etc: Device busy\n',
    })
  })
})
