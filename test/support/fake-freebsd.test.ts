import { describe, expect, test } from 'vitest'
import { PowerCut } from '../imitation/faults.ts'
import { fakeFreeBSD } from './fake-freebsd.ts'

const list = ['zfs', 'list', '-H', '-o', 'name'] as const

describe('commands', () => {
  test('answers, counts and records: queries apart from steps, an operator beside us not at all', async () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {} } })
    expect((await host.query(list)).stdout).toBe('zroot\nzroot/a\n')
    const step = { kind: 'run', command: ['zfs', 'destroy', 'zroot/a'] } as const
    await host.perform(step)
    host.outside('zfs', 'create', 'zroot/b')
    expect(host.counts).toEqual({ zfs: 2 })
    expect(host.queried).toEqual([list])
    expect(host.performed).toEqual([step])
  })

  test('an exit status that is no answer is told with what was said; one that was foreseen is an answer', async () => {
    const host = fakeFreeBSD()
    const missing = ['zfs', 'list', 'zroot/x'] as const
    await expect(host.query(missing)).rejects.toThrow(
      "'zfs list zroot/x' failed with exit status 1: cannot open 'zroot/x': dataset does not exist",
    )
    expect(await host.query(missing, { exits: [0, 1] })).toMatchObject({ exit: 1 })
    await expect(host.perform({ kind: 'run', command: missing })).rejects.toThrow(/exit status 1/)
    expect(host.performed).toEqual([])
  })

  test.each([
    ['missing', /the program 'zfs' was not found/],
    ['hang', /did not end within 600 s/],
    ['kill', /was ended by SIGKILL/],
  ] as const)('a program that is told to %s', async (kind, words) => {
    const host = fakeFreeBSD()
    host.machine.fault({ program: 'zfs', kind })
    await expect(host.query(list)).rejects.toThrow(words)
  })

  test('net-5 too many arguments: no process starts', async () => {
    const host = fakeFreeBSD()
    await expect(host.query(['zfs', 'list', 'x'.repeat(600_000)])).rejects.toThrow(/could not be started/)
    expect(host.counts).toEqual({})
  })

  test('what goes to standard input makes the key', async () => {
    const host = fakeFreeBSD()
    const command = ['zfs', 'create', '-o', 'encryption=on', '-o', 'keyformat=passphrase', 'zroot/s'] as const
    await expect(host.perform({ kind: 'run', command })).rejects.toThrow(/Passphrase too short/)
    await host.perform({ kind: 'run', command, input: 'correct horse\n' })
    expect(host.machine.dataset('zroot/s')?.key?.secret).toBe('correct horse')
  })
})

describe('files', () => {
  test('are read and looked at; below a directory, no link is followed', async () => {
    const host = fakeFreeBSD({ files: { '/i/etc/rc.conf': 'a=1\n' } })
    host.tree.symlink('/i/link', '/etc')
    expect(await host.read('/i/etc/rc.conf', '/i')).toBe('a=1\n')
    expect(await host.read('/i/missing')).toBeUndefined()
    expect(await host.list('/i')).toEqual(['etc', 'link'])
    expect(await host.status('/i/link/passwd', '/i')).toMatchObject({ type: 'link', at: '/i/link' })
    expect(await host.status('/i/link/passwd')).toMatchObject({ type: 'file' })
    await expect(host.read('/i/link/passwd', '/i')).rejects.toThrow('/i/link is a symbolic link')
  })

  test('steps write, make, move and remove, and refuse what a real host would', async () => {
    const host = fakeFreeBSD()
    await host.perform({ kind: 'directory', path: '/d', mode: 0o700, uid: 80 })
    await host.perform({ kind: 'write', path: '/d/f', content: 'one' })
    await host.perform({ kind: 'mode', path: '/d', mode: 0o755 })
    expect(await host.status('/d')).toMatchObject({ mode: 0o755, uid: 80 })
    await host.perform({ kind: 'move', from: '/d/f', to: '/d/g' })
    expect(await host.read('/d/g')).toBe('one')
    await expect(host.perform({ kind: 'remove', path: '/d' })).rejects.toThrow(/ENOTEMPTY/)
    await expect(host.perform({ kind: 'directory', path: '/d', mode: 0o700 })).rejects.toThrow(/EEXIST/)
    await expect(host.perform({ kind: 'directory', path: '/no/d', mode: 0o700 })).rejects.toThrow(/ENOENT/)
    await host.perform({ kind: 'remove', path: '/d/g' })
    expect(await host.list('/d')).toEqual([])
  })
})

test('the lock has one holder, and its function gives it back', async () => {
  const host = fakeFreeBSD()
  const unlock = await host.lock('first')
  await expect(host.lock('second')).rejects.toThrow(/being changed by first/)
  await unlock()
  await host.lock('third')
  expect(host.lockHolders).toEqual(['first', 'third'])
  await expect(fakeFreeBSD({ lockedBy: 'somebody' }).lock('me')).rejects.toThrow(/somebody/)
})

test('power may go at a step on files too; the lock does not outlive it', async () => {
  const host = fakeFreeBSD()
  await host.lock('us')
  host.machine.cutPowerAfter(1)
  await expect(host.perform({ kind: 'write', path: '/etc/x', content: '' })).rejects.toThrow(PowerCut)
  await expect(host.perform({ kind: 'write', path: '/etc/y', content: '' })).rejects.toThrow(PowerCut)
  host.boot()
  expect(await host.list('/etc')).toEqual(['group', 'passwd', 'x'])
  await host.lock('us again')
})

test('what a host is made of can be said in any order', () => {
  const host = fakeFreeBSD({
    pools: { tank: { size: 10 * 1024 ** 3, altroot: '/mnt' } },
    datasets: {
      'tank/a/deep/down': { mountpoint: '/down' },
      'tank/a': { compression: 'zstd' },
      'tank/clone': { origin: 'tank/a@s' },
      'tank/vol': { volsize: '1G', refreservation: 'none' },
    },
  })
  expect(
    host.outside('zfs', 'list', '-Hp', '-o', 'name,origin,volsize,compression,mountpoint').stdout.split('\n'),
  ).toEqual([
    'tank\t-\t-\ton\t/mnt/tank',
    'tank/a\t-\t-\tzstd\t/mnt/tank/a',
    'tank/a/deep\t-\t-\tzstd\t/mnt/tank/a/deep',
    'tank/a/deep/down\t-\t-\tzstd\t/mnt/down',
    'tank/clone\ttank/a@s\t-\ton\t/mnt/tank/clone',
    'tank/vol\t-\t1073741824\ton\t-',
    '',
  ])
  expect(host.counts).toEqual({})
})
