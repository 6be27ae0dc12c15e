import { describe, expect, test } from 'vitest'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'
import { boot } from './boot.ts'
import { Hang, Killed, Missing, PowerCut } from './faults.ts'
import { Machine } from './machine.ts'
import { MemoryTree } from './memory-tree.ts'
import { run } from './run.ts'

const call = (...args: string[]) => ({ args, stdin: Buffer.alloc(0), cwd: '/', uid: 0 })

describe('starting a program', () => {
  test('every start is counted, also one that fails', async () => {
    const { machine } = fakeFreeBSD()
    await run(machine, 'zfs', call('list'))
    await run(machine, 'zfs', call('list', 'zroot/missing'))
    await run(machine, 'mount', call('-p'))
    expect(machine.counts).toEqual({ zfs: 2, mount: 1 })
  })

  test('net-5 an argument list above 524,288 bytes does not start', async () => {
    const { machine } = fakeFreeBSD()
    const names = Array.from({ length: 10_000 }, (_, index) => `zroot/${'x'.repeat(50)}${index}`)
    expect(await run(machine, 'zfs', call('list', ...names))).toEqual({
      exit: 126,
      stdout: '',
      stderr: 'zfs: Argument list too long\n',
    })
  })

  test.each([
    ['zfs', ['list', '-Z'], 'sandbox: zfs: unknown flag -Z\n'],
    ['zfs', ['fly'], "sandbox: zfs: unknown subcommand 'fly'\n"],
    ['zfs', ['list', '--json'], 'sandbox: zfs: unknown flag --json\n'],
    ['mount', ['-v'], 'sandbox: mount: unknown flag -v\n'],
    ['mount', ['-t', 'ext4', '/a', '/tmp'], 'sandbox: mount: unknown type of file system ext4\n'],
    ['umount', ['-N', '/a'], 'sandbox: umount: unknown flag -N\n'],
    ['zpool', ['trim', 'zroot'], "sandbox: zpool: unknown subcommand 'trim'\n"],
    ['sysctl', ['-b', 'kern.ostype'], 'sandbox: sysctl: unknown flag -b\n'],
  ])('what is not imitated names itself: %s %j', async (program, args, stderr) => {
    expect(await run(fakeFreeBSD().machine, program, call(...args))).toEqual({ exit: 64, stdout: '', stderr })
  })
})

describe('faults', () => {
  test('a program fails, prints nonsense, is killed, hangs or is missing, when and as often as told', async () => {
    const { machine } = fakeFreeBSD()
    machine.fault({ program: 'zfs', when: args => args[0] === 'list', times: 1, kind: 'exit', exit: 3, stderr: 'no\n' })
    expect(await run(machine, 'zfs', call('version'))).toMatchObject({ exit: 0 })
    expect(await run(machine, 'zfs', call('list'))).toEqual({ exit: 3, stdout: '', stderr: 'no\n' })
    expect(await run(machine, 'zfs', call('list'))).toMatchObject({ exit: 0 })
    machine.fault({ program: 'zfs', times: 1, kind: 'garbage' })
    expect(await run(machine, 'zfs', call('list'))).toMatchObject({ exit: 0, stdout: expect.stringContaining('???') })
    machine.fault({ program: 'zfs', times: 1, kind: 'kill', signal: 'SIGTERM' })
    await expect(run(machine, 'zfs', call('list'))).rejects.toThrow(Killed)
    machine.fault({ program: 'zfs', times: 1, kind: 'hang' })
    await expect(run(machine, 'zfs', call('list'))).rejects.toThrow(Hang)
    machine.fault({ program: 'zfs', kind: 'missing' })
    await expect(run(machine, 'zfs', call('list'))).rejects.toThrow(Missing)
  })

  test('killed afterwards, its change is made', async () => {
    const { machine } = fakeFreeBSD()
    machine.fault({ program: 'zfs', kind: 'kill', afterwards: true })
    await expect(run(machine, 'zfs', call('create', 'zroot/a'))).rejects.toThrow(Killed)
    expect(machine.dataset('zroot/a')).toBeDefined()
  })

  test('power goes after so many changes, and then the host is off until it boots', async () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': {} } })
    host.machine.cutPowerAfter(2)
    await host.query(['zfs', 'list'])
    await host.perform({ kind: 'run', command: ['zfs', 'set', 'atime=off', 'zroot/a'] })
    await expect(host.perform({ kind: 'run', command: ['zfs', 'create', 'zroot/b'] })).rejects.toThrow(PowerCut)
    await expect(host.query(['zfs', 'list'])).rejects.toThrow(PowerCut)
    host.boot()
    expect((await host.query(['zfs', 'list', '-H', '-o', 'name'])).stdout).toBe('zroot\nzroot/a\nzroot/b\n')
  })
})

describe('what a machine remembers', () => {
  test('is plain data: saved and loaded it answers the same', async () => {
    const host = fakeFreeBSD({ datasets: { 'zroot/a': { quota: '1G' }, 'zroot/c': { origin: 'zroot/a@s' } } })
    const loaded = Machine.fromJSON(JSON.parse(JSON.stringify(host.machine)), host.tree, host.machine.clock)
    for (const args of [['get', '-Hp', '-t', 'all', '-r', 'all', 'zroot'], ['mount']])
      expect(await run(loaded, 'zfs', call(...args))).toEqual(await run(host.machine, 'zfs', call(...args)))
    expect(await run(loaded, 'zfs', call('create', 'zroot/new'))).toMatchObject({ exit: 0 })
  })

  test('its revision grows with changes alone', async () => {
    const { machine } = fakeFreeBSD({ datasets: { 'zroot/a': {} } })
    const before = machine.revision
    for (const args of [['list'], ['get', 'all'], ['destroy', '-nv', 'zroot/a'], ['create', '-n', 'zroot/b']])
      await run(machine, 'zfs', call(...args))
    expect(machine.revision).toBe(before)
    await run(machine, 'zfs', call('snapshot', 'zroot/a@s'))
    expect(machine.revision).toBeGreaterThan(before)
  })

  test('a boot mounts what is to be mounted, and knows no keys', () => {
    const host = fakeFreeBSD({
      datasets: {
        'zroot/auto': {},
        'zroot/no': { canmount: 'noauto' },
        'zroot/secret': { encryption: 'on', keyformat: 'passphrase', key: 'correct horse\n' },
      },
    })
    host.outside('zfs', 'mount', 'zroot/no')
    boot(host.machine)
    const list = host.outside('zfs', 'list', '-H', '-o', 'name,mounted', '-r', 'zroot').stdout
    expect(list).toBe('zroot\tyes\nzroot/auto\tyes\nzroot/no\tno\nzroot/secret\tno\n')
    expect(host.outside('zfs', 'get', '-H', '-o', 'value', 'keystatus', 'zroot/secret').stdout).toBe('unavailable\n')
  })

  test('sysctl reads, sets, lists a subtree and refuses what cannot be set', async () => {
    const machine = new Machine(new MemoryTree(), undefined, { sysctls: { 'net.inet.ip.forwarding': '0' } })
    const sysctl = (...args: string[]) => run(machine, 'sysctl', call(...args))
    expect(await sysctl('-n', 'kern.osreldate')).toMatchObject({ stdout: '1402000\n' })
    expect(await sysctl('net.inet.ip.forwarding=1')).toMatchObject({ stdout: 'net.inet.ip.forwarding: 0 -> 1\n' })
    expect(await sysctl('net.inet')).toMatchObject({ stdout: 'net.inet.ip.forwarding: 1\n' })
    expect(await sysctl('kern.nosuch')).toMatchObject({ exit: 1, stderr: "sysctl: unknown oid 'kern.nosuch'\n" })
    expect(await sysctl('kern.argmax=1')).toMatchObject({ exit: 1, stderr: "sysctl: oid 'kern.argmax' is read only\n" })
  })
})
