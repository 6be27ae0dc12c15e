/** What can be wrong with the words of a vnet_bridge task alone. */
import { expect, test } from 'vitest'
import { linkLocal, networkOf, readAddress } from '../../modules/freebsd/addresses.ts'
import { requestsOf, type TaskOptions } from '../../modules/rules/bridge/requests.ts'

const GATEWAY = { addresses: ['10.66.0.1/24'] }

test.each<[TaskOptions, string]>([
  [{}, 'give either `name`, for one bridge, or `bridges`'],
  [{ name: 'a', bridges: [{ name: 'b' }] }, 'give either `name`'],
  [{ name: '-x' }, "-x: cannot be a bridge's name"],
  [{ name: 'has.dot' }, "has.dot: cannot be a bridge's name"],
  [{ name: 'epair3' }, "epair3: cannot be a bridge's name"],
  [{ name: 'h', addresses: ['10.0.0.1'] }, "h: '10.0.0.1' is not an address with its prefix length"],
  [{ name: 'h', addresses: ['10.0.0.1/33'] }, "'10.0.0.1/33' is not an address"],
  [{ name: 'h', addresses: ['10.0.0.1/24', '10.0.0.1/32'] }, 'h: the address 10.0.0.1 is given twice'],
  [{ name: 'h', uplinks: [{ interface: '-a' }] }, "'-a' cannot be the name of an uplink"],
  [{ name: 'h', uplinks: [{ interface: 'em0.5', vlan: 6 }] }, "'em0.5.6' is not a VLAN"],
  [{ name: 'h', uplinks: [{ interface: 'em0.5000' }] }, "'em0.5000' is not a VLAN"],
  [{ name: 'h', description: '$(id)' }, 'since rc(8) would evaluate others'],
  [{ name: 'h', nat: { interface: 'em0' } }, '`nat` is for the networks of the bridge'],
  [{ name: 'h', ...GATEWAY, nat: { interface: 'em0', address: 'x' } }, "nat: 'x' is not an IPv4 address"],
  [
    { name: 'h', ...GATEWAY, redirects: [{ port: 80, to: '10.66.0.11' }] },
    'the redirect of port 80 needs an `interface`',
  ],
  [
    { name: 'h', ...GATEWAY, redirects: [{ port: 80, to: '10.67.0.11', interface: 'em0' }] },
    "port 80 is redirected to 10.67.0.11, which is in none of the bridge's networks",
  ],
  [
    { name: 'h', ...GATEWAY, redirects: [{ port: 80, to: '10.66.0.11', interface: 'em0', address: '::1' }] },
    'they are not addresses of one kind',
  ],
  [
    {
      bridges: [
        { name: 'a', uplinks: [{ interface: 'em0' }] },
        { name: 'b', uplinks: [{ interface: 'em0' }] },
      ],
    },
    'the uplink em0 is given to both a and b',
  ],
  [
    {
      nat: { interface: 'em0' },
      bridges: ['10.1.0.1', '10.2.0.1'].map((own, n) => ({
        name: `n${n}`,
        addresses: [`${own}/24`],
        redirects: [{ port: 80, to: own.replace(/1$/, '9') }],
      })),
    },
    'port 80/tcp of em0 (inet) is given to both n0 and n1',
  ],
])('%j', (options, words) => expect(() => requestsOf(options)).toThrow(words))

test('what stands beside the list holds for each that does not say otherwise', () => {
  const requests = requestsOf({ isolate: false, mtu: 1400, bridges: [{ name: 'a' }, { name: 'b', mtu: 1500 }] })
  expect(requests.map(({ name, mtu, isolate }) => [name, mtu, isolate])).toEqual([
    ['a', 1400, false],
    ['b', 1500, false],
  ])
})

test('a VLAN is the same however it is written', () => {
  const [one, other] = ['em0.100', { interface: 'em0', vlan: 100 }].map(
    uplink =>
      requestsOf({ name: 'h', uplinks: [typeof uplink === 'string' ? { interface: uplink } : uplink] })[0]?.uplinks,
  )
  expect(one).toEqual(other)
  expect(one).toEqual([{ name: 'em0.100', vlan: { parent: 'em0', tag: 100 } }])
})

test.each([
  ['FD00:66:0::1/64', 'fd00:66::1/64', 'fd00:66::/64'],
  ['10.66.3.1/22', '10.66.3.1/22', '10.66.0.0/22'],
  ['::1/0', '::1/0', '::/0'],
])('%s is %s in %s', (text, address, network) => {
  expect(readAddress(text)).toBe(address)
  expect(networkOf(address)).toBe(network)
})

// Of vtnet0 in 03-jails.jsonl the link address is 52:54:00:12:34:56.
test('the address of a link, from its link address', () => {
  expect(linkLocal('52:54:00:12:34:56')).toBe('fe80::5054:ff:fe12:3456')
})
