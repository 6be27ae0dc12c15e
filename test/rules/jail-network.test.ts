import { describe, expect, test } from 'vitest'
import type { TaskOptions } from '../../modules/rules/jail/requests.ts'
import { addressed, one, requests } from './jail-asked.ts'

describe('network', () => {
  test('IPv6 addresses have one spelling, so that none is given twice in two', () => {
    const given = { interfaces: [{ bridge: 'b0', addresses: ['FD00:66:0:0::11/64'] }], gateways: ['fd00:66:0::1'] }
    const { interfaces, routes } = one(given)
    expect([interfaces[0]?.addresses, routes[0]?.gateway]).toEqual([['fd00:66::11/64'], 'fd00:66::1'])
    const other = { id: 'db1', interfaces: [{ bridge: 'b0', addresses: ['fd00:66::0011/64'] }] }
    expect(() => requests({ instances: [{ id: 'web1', ...given }, other] })).toThrow(
      'fd00:66::11 is given to both web1 and db1',
    )
  })

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
    ['one twice', { id: undefined, instances: [{ id: 'a' }, { id: 'a' }] }, 'a is listed twice'],
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
