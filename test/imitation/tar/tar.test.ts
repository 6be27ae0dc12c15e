import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { fakeFreeBSD } from '../../support/fake-freebsd.ts'
import { entry } from '../archive/entry.ts'
import { writeTar } from '../archive/tar.ts'
import { writeXz } from '../archive/xz.ts'

const host = () => fakeFreeBSD({ pools: { zroot: {} }, datasets: { 'zroot/to': { mountpoint: '/to' } } })
const put = (machine: ReturnType<typeof fakeFreeBSD>, path: string, bytes: Buffer) =>
  machine.tree.files.write(path, bytes)

/** All that is below a directory, with everything tar is to keep. */
function listing({ tree }: ReturnType<typeof fakeFreeBSD>, path: string): unknown[] {
  const { files } = tree
  return (files.list(path) ?? []).flatMap(name => {
    const place = `${path}/${name}`
    const found = files.status(place)
    const { identity, ...rest } = found ?? { identity: '' }
    return [
      [name, rest, files.bytes(place)?.toString(), found?.type === 'link' && files.target(place)],
      ...listing({ tree } as ReturnType<typeof fakeFreeBSD>, place),
    ]
  })
}

describe('tar', () => {
  test('a copy by way of a pipe keeps owners, modes, times, flags, links and hard links [live-12, host-7]', async () => {
    const machine = host()
    const { files } = machine.tree
    machine.tree.mkdir('/from/etc/ssh')
    files.write('/from/etc/passwd', Buffer.from('root'), 0o640)
    files.setOwner('/from/etc/passwd', 1001, 80)
    files.setModified('/from/etc/passwd', 1_700_000_000)
    files.link('/from/etc/passwd', '/from/etc/again')
    files.symlink('../var', '/from/etc/link')
    files.write('/from/etc/kept', Buffer.from([0, 255, 128]))
    files.setFlags('/from/etc/kept', ['schg', 'uarch'])
    files.setMode('/from/etc/ssh', 0o700)
    await machine.perform({
      kind: 'pipe',
      from: ['tar', '-cf', '-', '-C', '/from', '.'],
      to: ['tar', '-xpf', '-', '-C', '/to'],
    })
    expect(listing(machine, '/to')).toEqual(listing(machine, '/from'))
    expect(files.status('/to/etc/again')?.identity).toBe(files.status('/to/etc/passwd')?.identity)
  })

  test.each([
    ['xz', writeXz],
    ['gzip', gzipSync],
    ['none', (bytes: Buffer) => bytes],
  ] as const)('knows how an archive is compressed whatever it is called: %s', (_, pack) => {
    const machine = host()
    put(
      machine,
      '/tmp/base.txz',
      pack(writeTar([entry('bin', { type: 'directory', mode: 0o755 }), entry('bin/sh', { mode: 0o555 })])),
    )
    expect(machine.outside('tar', '-xpf', '/tmp/base.txz', '-C', '/to')).toMatchObject({ exit: 0, stderr: '' })
    expect(machine.tree.files.status('/to/bin/sh')?.mode).toBe(0o555)
  })

  test('a damaged archive gives what came before the damage, and exit status 1', () => {
    const machine = host()
    const whole = writeXz(
      writeTar([
        entry('first', { content: Buffer.alloc(100_000) }),
        entry('second', { content: Buffer.alloc(100_000) }),
      ]),
    )
    put(machine, '/tmp/base.txz', whole.subarray(0, 150_000))
    expect(machine.outside('tar', '-xpf', '/tmp/base.txz', '-C', '/to')).toMatchObject({
      exit: 1,
      stderr: 'tar: Lzma library error: No progress is possible\ntar: Error exit delayed from previous errors.\n',
    })
    expect(machine.tree.files.list('/to')).toEqual(['first'])
  })

  test('what is no archive, no file, no directory', () => {
    const machine = host()
    put(machine, '/tmp/page.txz', Buffer.from('<html>not here</html>'.repeat(60)))
    expect(machine.outside('tar', '-xpf', '/tmp/page.txz', '-C', '/to').stderr).toBe(
      'tar: Error opening archive: Unrecognized archive format\n',
    )
    expect(machine.outside('tar', '-xpf', '/tmp/nosuch', '-C', '/to').stderr).toBe(
      "tar: Error opening archive: Failed to open '/tmp/nosuch'\n",
    )
    put(machine, '/tmp/empty.tar', writeTar([]))
    expect(machine.outside('tar', '-xpf', '/tmp/empty.tar', '-C', '/nosuch')).toMatchObject({
      exit: 1,
      stderr: "tar: could not chdir to '/nosuch'\n",
    })
  })

  test('never writes through a link, nor above where it is', () => {
    const machine = host()
    machine.tree.mkdir('/victim')
    machine.tree.symlink('/to/etc', '/victim')
    put(machine, '/tmp/t', writeTar([entry('etc/x', {}), entry('../victim/y', {})]))
    expect(machine.outside('tar', '-xpf', '/tmp/t', '-C', '/to').stderr).toBe(
      "etc/x: Cannot extract through symlink etc\n../victim/y: Path contains '..'\ntar: Error exit delayed from previous errors.\n",
    )
    expect(machine.tree.files.list('/victim')).toEqual([])
  })

  test('a full or read-only dataset, and a file with schg in the way [host-7]', () => {
    const machine = fakeFreeBSD({
      pools: { zroot: {} },
      datasets: { 'zroot/to': { mountpoint: '/to', quota: '1M' }, 'zroot/ro': { mountpoint: '/ro', readonly: 'on' } },
    })
    put(machine, '/tmp/t', writeTar([entry('big', { content: Buffer.alloc(2 << 20) }), entry('small', {})]))
    expect(machine.outside('tar', '-xpf', '/tmp/t', '-C', '/to').stderr).toContain(
      "big: Can't create 'big': Disc quota exceeded\n",
    )
    expect(machine.outside('tar', '-xpf', '/tmp/t', '-C', '/ro').stderr).toContain(
      "small: Can't create 'small': Read-only file system\n",
    )
    machine.outside('chflags', 'schg', '/to/small')
    expect(machine.outside('tar', '-xpf', '/tmp/t', '-C', '/to').stderr).toContain(
      "small: Can't unlink already-existing object: Operation not permitted\n",
    )
  })

  test('--one-file-system leaves out what is mounted, --exclude what matches', () => {
    const machine = fakeFreeBSD({
      pools: { zroot: {} },
      datasets: { 'zroot/a': { mountpoint: '/a' }, 'zroot/a/b': {} },
    })
    machine.tree.write('/a/b/inner', '')
    machine.tree.write('/a/x.log', '')
    machine.tree.write('/a/kept', '')
    machine.outside('tar', '-cf', '/tmp/t', '--one-file-system', '--exclude', '*.log', '-C', '/a', '.')
    expect(machine.outside('tar', '-tf', '/tmp/t').stdout).toBe('./\n./kept\n')
  })

  test('says which flag it does not know', () => {
    expect(host().outside('tar', '-xf', '/tmp/t', '--strip-components=1')).toMatchObject({
      exit: 64,
      stderr: 'sandbox: tar: unknown flag --strip-components\n',
    })
  })
})
