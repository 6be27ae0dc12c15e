import { describe, expect, test } from 'vitest'
import { InvalidOptions } from '../../modules/core/errors.ts'
import { type InstanceOptions, requestsOf, type TaskOptions, wavesOf } from '../../modules/rules/jail-requests.ts'

const requests = (task: Partial<TaskOptions>) => requestsOf({ parallel: 4, ...task })
const one = (options: InstanceOptions) => {
  const [request] = requests({ id: 'web1', ...options })
  if (request === undefined) throw new Error('no request')
  return request
}
const addressed = { interfaces: [{ bridge: 'hosting0', addresses: ['10.66.0.11/24', 'FD00:66::11/64'] }] }

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
      'exec.consolelog': '/var/log/jails/web1.log',
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
      'both networks',
      { ...addressed, parameters: { ip4: 'inherit' } },
      'web1: it cannot have both interfaces of its own and the addresses of the host (ip4, ip6, ip4.addr, ip6.addr)',
    ],
  ])('%s is refused', (_title, options, message) => {
    expect(() => one(options)).toThrow(InvalidOptions)
    expect(() => one(options)).toThrow(message)
  })
})

describe('network', () => {
  test('net-2: addresses with their prefix, in lower case, and routes of both families', () => {
    const { interfaces, routes } = one({
      ...addressed,
      gateways: ['10.66.0.1', 'FE80::1%vnet0'],
      routes: { '10.9.0.0/16': '10.66.0.254' },
    })
    expect(interfaces[0]?.addresses).toEqual(['10.66.0.11/24', 'fd00:66::11/64'])
    expect(routes).toEqual([
      { destination: 'default', gateway: '10.66.0.1' },
      { destination: 'default', gateway: 'fe80::1%vnet0' },
      { destination: '10.9.0.0/16', gateway: '10.66.0.254' },
    ])
  })

  test.each<[string, Partial<TaskOptions>, string]>([
    [
      'no prefix',
      { interfaces: [{ bridge: 'b0', addresses: ['10.0.0.1'] }] },
      "web1: '10.0.0.1' is not an address with its prefix length, like 10.0.0.11/24 or fd00::11/64",
    ],
    [
      'a prefix too long',
      { interfaces: [{ bridge: 'b0', addresses: ['10.0.0.1/33'] }] },
      "web1: '10.0.0.1/33' is not an address",
    ],
    [
      'a bridge that is no name',
      { interfaces: [{ bridge: 'b0; reboot' }] },
      "web1: 'b0; reboot' cannot be the name of a bridge",
    ],
    ['a bridge with a leading dash', { interfaces: [{ bridge: '-a' }] }, "web1: '-a' cannot be the name of a bridge"],
    [
      'a multicast link address',
      { interfaces: [{ bridge: 'b0', ether: '03:00:00:00:00:01' }] },
      "web1: 03:00:00:00:00:01 is a multicast address and cannot be an interface's own. Let its first byte be even.",
    ],
    [
      'jail-7: too many',
      { interfaces: Array(11).fill({ bridge: 'b0' }) },
      'web1: an instance can have 10 interfaces, and these are 11',
    ],
    [
      'a gateway elsewhere',
      { ...addressed, gateways: ['10.67.0.1'] },
      'web1: 10.67.0.1 is in none of the networks of its addresses, so no route can lead there',
    ],
    [
      'two gateways of a kind',
      { ...addressed, gateways: ['10.66.0.1', '10.66.0.2'] },
      'web1: `gateways` has more than one of a kind: one for IPv4 and one for IPv6',
    ],
    [
      'a gateway of one link, which is not said',
      { ...addressed, gateways: ['fe80::1'] },
      'web1: fe80::1 is an address of one link only: say which, as in fe80::1%vnet0',
    ],
    [
      'a route to another kind',
      { ...addressed, routes: { '10.9.0.0/16': 'fd00:66::1' } },
      'web1: the route to 10.9.0.0/16 leads to fd00:66::1, which is of another kind',
    ],
    ['a name that is none', { hostname: 'a b' }, "web1: 'a b' is not a host's name"],
    ['jail-8: a dot in the id', { id: 'web.1' }, "'web.1' cannot be an instance's id"],
    ['jail-8: an underscore in the id', { id: 'web_1' }, "'web_1' cannot be an instance's id"],
    [
      'neither id nor list',
      { id: undefined },
      'give either `id`, for one instance, or `instances`, for a list of them',
    ],
    ['one twice', { id: undefined, instances: [{ id: 'a' }, { id: 'a' }] }, 'a: listed twice'],
    [
      'a circle',
      {
        id: undefined,
        instances: [
          { id: 'a', after: ['b'] },
          { id: 'b', after: ['a'] },
        ],
      },
      '`after` goes round in a circle: a after b after a',
    ],
    [
      'one address for two',
      {
        id: undefined,
        instances: [
          { id: 'a', ...addressed },
          { id: 'b', ...addressed },
        ],
      },
      '10.66.0.11 is given to both a and b',
    ],
    [
      'datasets that would go while it stays',
      { destroy_datasets: true },
      'web1: `destroy_datasets` goes with `state: absent` alone',
    ],
    [
      'a path with a blank',
      { hosting_path: '/ho sting' },
      "hosting_path '/ho sting' cannot be used: it is not a plain absolute path",
    ],
  ])('%s is refused', (_title, task, message) => {
    expect(() => requests({ id: 'web1', ...task })).toThrow(message)
  })
})
