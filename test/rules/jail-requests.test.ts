import { describe, expect, test } from 'vitest'
import { InvalidOptions } from '../../modules/core/errors.ts'
import { type InstanceOptions, wavesOf } from '../../modules/rules/jail/requests.ts'
import { addressed, one, requests } from './jail-asked.ts'

describe('what is asked for', () => {
  test('one instance with nothing said', () => {
    expect(one({})).toMatchObject({
      id: 'web1',
      state: 'started',
      hostname: 'web1',
      boot: true,
      interfaces: [],
      places: { jailConf: '/etc/jail.conf.d/web1.conf', root: '/hosting/instances/web1/root' },
    })
  })

  test('a list, where what stands beside it holds for each, and parameters are put together', () => {
    const all = requests({
      parameters: { sysvshm: 'new', 'exec.timeout': 60 },
      boot: false,
      instances: [
        { id: 'db1', parameters: { 'exec.timeout': 90 } },
        { id: 'web1', boot: true },
      ],
    })
    expect(
      all.map(({ id, boot, parameters }) => [
        id,
        boot,
        parameters.get('sysvshm')?.value,
        parameters.get('exec.timeout')?.value,
      ]),
    ).toEqual([
      ['db1', false, 'new', '90'],
      ['web1', true, 'new', '60'],
    ])
  })

  test('live-6: `after` decides who starts first, and who can start side by side', () => {
    const all = requests({
      instances: [
        { id: 'web1', after: ['db1'] },
        { id: 'mail' },
        { id: 'db1' },
        { id: 'shop', after: ['web1', 'mail'] },
      ],
    })
    expect(all.map(({ id }) => id)).toEqual(['db1', 'web1', 'mail', 'shop'])
    expect(wavesOf(all).map(wave => wave.map(({ id }) => id))).toEqual([['db1', 'mail'], ['web1'], ['shop']])
  })
})

describe('parameters', () => {
  const values = (parameters: InstanceOptions['parameters']) =>
    Object.fromEntries([...one({ parameters }).parameters].map(([name, { value }]) => [name, value]))

  test('live-2, live-3, live-7, host-8: what an instance has without a word', () => {
    expect(values({})).toEqual({
      devfs_ruleset: '4',
      enforce_statfs: '1',
      'exec.clean': 'true',
      'exec.consolelog': '/hosting/instances/web1/console.log',
      'exec.start': '/bin/sh /etc/rc',
      'exec.stop': '/bin/sh /etc/rc.shutdown jail',
      'exec.timeout': '300',
      'mount.devfs': 'true',
      'mount.fdescfs': 'true',
      'stop.timeout': '30',
    })
  })

  test('one more, one otherwise, one less, one negated', () => {
    expect(
      values({ 'allow.mlock': 'yes', enforce_statfs: '2', 'mount.fdescfs': null, 'allow.noset_hostname': true }),
    ).toMatchObject({
      'allow.mlock': 'true',
      enforce_statfs: '2',
      'allow.set_hostname': 'false',
    })
    expect(values({ 'mount.fdescfs': null })).not.toHaveProperty('mount.fdescfs')
  })

  test.each<[string, InstanceOptions, string]>([
    [
      'live-6: depend',
      { parameters: { depend: 'db1' } },
      'web1: the parameter depend cannot be given: jail(8) cannot find a jail of another file. Say `after: [ids]`.',
    ],
    [
      'live-1: persist',
      { parameters: { persist: false } },
      'web1: the parameter persist cannot be given: it is always set: without it, an instance would vanish with its last process and leave its mounts.',
    ],
    ['live-1: nopersist', { parameters: { nopersist: true } }, 'web1: the parameter nopersist cannot be given'],
    [
      'jail-5: exec.created',
      { parameters: { 'exec.created': 'true' } },
      'web1: the parameter exec.created cannot be given: interfaces are configured there. Use exec.prestart or exec.poststart.',
    ],
    [
      'CPUs that are no list',
      { cpus: 'two' },
      "web1: cpus: 'two' is not a list of CPUs, like 0-3 or 0,2, and not 'all'",
    ],
    [
      'live-2: no limit of time',
      { parameters: { 'exec.timeout': 0 } },
      'web1: exec.timeout must be at least 1 second: without a limit, one rc script that hangs blocks the start of all.',
    ],
    [
      'live-2: the limit left out',
      { parameters: { 'exec.timeout': null } },
      'web1: the parameter exec.timeout cannot be left out. Give it another value.',
    ],
    [
      'told by the kernel',
      { parameters: { 'children.cur': 1 } },
      'web1: the parameter children.cur is told by the kernel and cannot be set.',
    ],
    [
      'a word for a number',
      { parameters: { 'children.max': 'many' } },
      'web1: the parameter children.max is a whole number, and not "many".',
    ],
    [
      'a number for a switch',
      { parameters: { 'allow.mlock': 2 } },
      'web1: the parameter allow.mlock is either true or false, and not 2.',
    ],
    [
      'a switch for a system',
      { parameters: { sysvshm: true } },
      'web1: the parameter sysvshm is one of new, inherit and disable, and not true.',
    ],
    [
      'a name with a newline',
      { parameters: { 'a;\n}': 1 } },
      'web1: the parameter a;\n} is not the name of a parameter of jail(8).',
    ],
    [
      'a value with a newline',
      { parameters: { 'exec.start': 'a\nb' } },
      'web1: the parameter exec.start has a control character in its value.',
    ],
    [
      'a log in the reach of the customer',
      { parameters: { 'exec.consolelog': '/hosting/instances/web1/root/var/log/console' } },
      "web1: exec.consolelog must be a plain absolute path outside of the instance's root.",
    ],
    [
      'both networks',
      { ...addressed, parameters: { ip4: 'inherit' } },
      'web1: it cannot have both interfaces of its own and the addresses of the host (ip4, ip6, ip4.addr, ip6.addr)',
    ],
  ])('%s is refused', (_title, options, message) => {
    expect(() => one(options)).toThrow(InvalidOptions)
    expect(() => one(options)).toThrow(message)
  })
})
