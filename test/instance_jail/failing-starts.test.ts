/** Starts that fail: nothing is left behind, and the message says why. */
import { describe, expect, test } from 'vitest'
import type { Fault } from '../imitation/faults.ts'
import { converged, failing, jailHost, NOTHING, ON_BRIDGE, tracesOf } from '../support/jail-host.ts'

const CONF = '/etc/jail.conf.d/web1.conf'
const options = { id: 'web1', ...ON_BRIDGE }
const on = (program: string, words: string, fault: Partial<Fault> = {}): Fault =>
  ({
    program,
    when: (args: readonly string[]) => args.join(' ').includes(words),
    kind: 'exit',
    exit: 1,
    times: 1,
    ...fault,
  }) as Fault

describe('a start that fails leaves nothing behind', () => {
  test.each<[string, Fault, string]>([
    ['jail-6: in exec.prepare, before any interface', on('ifconfig', 'create'), 'create: failed'],
    [
      'jail-6: in exec.prepare, the epair made and not named',
      on('ifconfig', 'a name e0a_web1'),
      'name e0a_web1: failed',
    ],
    ['jail-6: in exec.prepare, one end named', on('ifconfig', 'b name e0b_web1'), 'name e0b_web1: failed'],
    ['jail-6: in exec.prepare, at the bridge', on('ifconfig', 'addm'), 'ifmaxaddr e0a_web1 1: failed'],
    ['jail-6: in exec.prepare, at its rules', on('pfctl', '-a hosting/web1 -f'), 'web1.conf: failed'],
    [
      'mount-2: in the middle of the mounts',
      on('mount', '/hosting/instances/web1/root/usr/local/www'),
      'usr/local/www: failed',
    ],
    [
      'jail-6: in exec.created, the interface not yet inside',
      on('ifconfig', 'vnet web1'),
      'ifconfig e0b_web1 vnet web1: failed',
    ],
    ['jail-6: in exec.created, the interface inside', on('ifconfig', 'vnet0 inet6'), 'fd00:66::11/64: failed'],
    [
      'jail-6: in exec.created, at the route',
      on('route', 'add default'),
      'route -j web1 add default 10.66.0.1: failed',
    ],
    ['jail-6: in exec.start', on('sh', '/etc/rc'), '/bin/sh /etc/rc: failed'],
    ['live-3: in exec.start, which hangs', on('sh', '/etc/rc', { kind: 'hang' }), '/bin/sh /etc/rc: timed out'],
  ])('%s', async (_title, fault, words) => {
    const host = await jailHost()
    host.machine.fault(fault)
    const error = await failing(host, options)
    expect(error.message).toContain('web1 did not start: ')
    expect(error.message).toContain(words)
    expect(error.message).toContain('Nothing of it was left mounted or on the network.')
    expect(tracesOf(host, 'web1')).toEqual(NOTHING)
    // And the next one, with the cause mended, starts.
    expect(await converged(host, options)).toMatchObject({ msg: 'web1: started' })
  })

  test('mount-3: a link that a customer put in place of a mount point is refused by jail(8), and named', async () => {
    const host = await jailHost()
    host.outside('mount', '-t', 'zfs', 'zroot/hosting/instances/web1/etc', '/mnt')
    host.tree.rename('/mnt/rc.d', '/mnt/rc.d.mine')
    host.tree.symlink('/mnt/rc.d', '/tmp')
    host.outside('umount', '/mnt')
    const error = await failing(host, options)
    expect(error.message).toContain('/hosting/instances/web1/root/etc/rc.d is a symbolic link')
    expect(tracesOf(host, 'web1')).toEqual(NOTHING)
  })
})

describe('the message', () => {
  test('has the last lines of the console, as text and no more than some', async () => {
    const host = await jailHost()
    await converged(host, { ...options, state: 'present' })
    const noise = Array.from({ length: 5000 }, (_, line) => `old line ${line}`).join('\n')
    host.tree.write(
      '/hosting/instances/web1/console.log',
      `${noise}\nStarting mysql.\n\u001b[31mno such table: \u0007x\u001b[0m\n`,
    )
    host.machine.fault(on('sh', '/etc/rc'))
    const { message } = await failing(host, options)
    expect(message).toContain('Last lines of /hosting/instances/web1/console.log: "old line 4992"')
    expect(message).toContain('"Starting mysql.", "no such table:  x".')
    expect(message.length).toBeLessThan(1000)
    expect(message).toMatch(/^[ -~]+$/)
  })

  test('says what was done before, so that the report can', async () => {
    const host = await jailHost()
    host.machine.fault(on('sh', '/etc/rc'))
    const { done = [] } = await failing(host, options)
    expect(done.map(step => step.kind)).toEqual([
      ...['run', 'write', 'directory', 'directory', 'write', 'write', ...Array(5).fill('run')],
    ])
  })

  test('a jail that is gone again at once is told', async () => {
    const host = await jailHost()
    await failing(host, { ...options, parameters: { 'exec.poststart': 'jail -R web1' } }).then(({ message }) =>
      expect(message).toContain('web1 did not start: it was gone again at once.'),
    )
    expect(tracesOf(host, 'web1')).toEqual(NOTHING)
  })
})

describe('several at once', () => {
  test('one that fails does not keep the others from starting', async () => {
    const host = await jailHost({ ids: ['web1', 'web2', 'web3'] })
    host.machine.fault({
      program: 'ifconfig',
      when: args => args.join(' ').includes('name e0b_web2'),
      kind: 'exit',
      exit: 1,
    })
    const { message } = await failing(host, {
      instances: ['web1', 'web2', { id: 'web3', after: ['web2'] }],
      interfaces: ['hosting0'],
    })
    expect(message).toMatch(/^web2 did not start: /)
    expect(message).not.toMatch(/web1|web3/)
    expect(['web1', 'web2', 'web3'].map(id => tracesOf(host, id).runs)).toEqual([true, false, true])
    expect(tracesOf(host, 'web2').interfaces).toEqual(['e0a_web1', 'e0a_web3'])
  })

  test('jail-6: two that fail and left a vnet0 each', async () => {
    const host = await jailHost({ ids: ['web1', 'web2'] })
    host.machine.fault({ program: 'sh', when: args => args[0] === '/etc/rc', kind: 'exit', exit: 1 })
    const { message } = await failing(host, { instances: ['web1', 'web2'], interfaces: ['hosting0'] })
    expect(message.match(/did not start/g)).toHaveLength(2)
    expect(['web1', 'web2'].map(id => tracesOf(host, id))).toEqual([NOTHING, NOTHING])
  })
})

test('what other tasks make is asked for first', async () => {
  const host = await jailHost()
  host.outside('ifconfig', 'hosting0', 'destroy')
  host.tree.remove('/hosting/instances/web1/fstab')
  const { message } = await failing(host, options)
  expect(message).toBe(
    'web1: the file /hosting/instances/web1/fstab is not there: instance_mounts writes it. web1: the bridge hosting0 is not there: vnet_bridge makes it.',
  )
  expect(host.tree.lstat(CONF)).toBeUndefined()
})
