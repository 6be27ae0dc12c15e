/** What rc.conf must say, by libexec/rc/network.subr: for a boot, and for `service netif restart`. */
import { expect, test } from 'vitest'
import { bootWishes, clonesOf } from '../../modules/rules/bridge/boot.ts'
import { requestsOf, type TaskOptions } from '../../modules/rules/bridge/requests.ts'

function wishes(task: TaskOptions, set: Record<string, string> = {}, release = 14) {
  const requests = requestsOf(task)
  const variables = new Map(Object.entries(set))
  const clones = clonesOf(requests, variables, new Map())
  const boot = { clones, filter: false, forwards: [], refusesMemberAddresses: release >= 15 }
  return Object.fromEntries(bootWishes(requests, variables, boot))
}

test('a restart neither destroys the bridge nor fails before what it has made anew is a member again', () => {
  const task = {
    name: 'hosting0',
    uplinks: ['em1', 'em0.7'].map(name => ({ interface: name })),
    addresses: ['10.1.0.1/24'],
  }
  expect(wishes(task)).toEqual({
    cloned_interfaces: { add: ['bridge0:sticky'], remove: ['bridge0', 'bridge0:nosticky'] },
    ifconfig_bridge0_name: 'hosting0',
    // em1 is a member still and ends the line; em0.7 was made anew. The address does not depend on either.
    ifconfig_hosting0: 'group isolated up addm em0.7 -learn em0.7 addm em1 -learn em1',
    ifconfig_hosting0_alias0: 'inet 10.1.0.1/24',
    ifconfig_em1: 'up',
    vlans_em0: { add: ['7'], remove: [] },
    ifconfig_em0_7: 'up',
    ifconfig_em0_7_descr: 'uplink of hosting0',
    ifconfig_em0: 'up',
  })
})

test('numbers that something else has are left to it', () => {
  const requests = requestsOf({ bridges: [{ name: 'a' }, { name: 'bridge2' }, { name: 'b' }, { name: 'c' }] })
  const variables = new Map(
    Object.entries({
      cloned_interfaces: 'bridge0 bridge1:sticky',
      ifconfig_bridge1_name: 'x',
      ifconfig_bridge5_name: 'c',
    }),
  )
  expect([...clonesOf(requests, variables, new Map())]).toEqual([
    ['a', 'bridge3'],
    ['bridge2', 'bridge2'],
    ['b', 'bridge4'],
    ['c', 'bridge5'],
  ])
})

test("addresses that become the bridge's leave their uplink, however they were written", () => {
  const task = {
    name: 'h',
    uplinks: [{ interface: 'em0' }],
    addresses: ['192.0.2.5/24', '192.0.2.6/32', '2001:db8::5/64'],
  }
  const set = {
    ifconfig_em0: 'inet 192.0.2.5 netmask 255.255.255.0 -tso',
    ifconfig_em0_alias0: 'inet 192.0.2.6/32',
    ifconfig_em0_alias1: 'inet 192.0.2.7/32',
    ifconfig_em0_ipv6: 'inet6 2001:db8::5 prefixlen 64',
    ifconfig_em0_descr: 'uplink',
  }
  const { ifconfig_em0, ifconfig_em0_alias0, ifconfig_em0_ipv6, ...rest } = wishes(task, set)
  expect([ifconfig_em0, ifconfig_em0_alias0, ifconfig_em0_ipv6]).toEqual(['-tso', null, null])
  expect(Object.keys(rest)).not.toContain('ifconfig_em0_alias1')
  expect(Object.keys(rest)).not.toContain('ifconfig_em0_descr')
})

test('an MTU is the uplinks’, which the bridge takes it from', () => {
  expect(
    wishes({ name: 'h', mtu: 9000, uplinks: [{ interface: 'em0' }] }, { ifconfig_em0: 'up mtu 1500 -lro' }),
  ).toMatchObject({
    ifconfig_h: 'group isolated up addm em0 -learn em0',
    ifconfig_em0: '-lro mtu 9000 up',
  })
  expect(wishes({ name: 'h', mtu: 9000 })).toMatchObject({ ifconfig_h: 'mtu 9000 group isolated up' })
})

test('gone: all of its own and nothing of a bridge whose name begins alike', () => {
  const set = {
    cloned_interfaces: 'bridge0:sticky bridge1:sticky',
    ifconfig_bridge0_name: 'h',
    ifconfig_bridge1_name: 'h_x',
    ifconfig_h: 'up',
    ifconfig_h_alias0: 'inet 10.1.0.1/24',
    ifconfig_h_descr: 'mine',
    ifconfig_h_x: 'up',
    ifconfig_em0_7_descr: 'uplink of h',
    vlans_em0: '7 8',
  }
  expect(wishes({ name: 'h', state: 'absent' }, set)).toEqual({
    cloned_interfaces: { add: [], remove: ['bridge0', 'bridge0:sticky', 'bridge0:nosticky'] },
    ifconfig_bridge0_name: null,
    ifconfig_h: null,
    ifconfig_h_alias0: null,
    ifconfig_h_descr: null,
    ifconfig_em0_7: null,
    ifconfig_em0_7_descr: null,
    vlans_em0: { add: [], remove: ['7'] },
  })
})

test('addresses that nobody speaks of are left to DHCP', () => {
  const task = { name: 'h', uplinks: [{ interface: 'em0' }], isolate: false }
  expect(wishes(task, { ifconfig_h: 'addm em0 SYNCDHCP' })).toMatchObject({ ifconfig_h: 'SYNCDHCP up addm em0' })
})

test('on FreeBSD 15 an uplink has no IPv6 at all, whatever gave it some', () => {
  const task = { name: 'h', uplinks: [{ interface: 'em0' }] }
  const set = { ifconfig_em0_ipv6: 'inet6 accept_rtadv' }
  expect(wishes(task, set, 15)).toMatchObject({ ifconfig_em0_ipv6: null })
  expect(wishes(task, set)).not.toHaveProperty('ifconfig_em0_ipv6')
})
