/** What of a host's network is not as configured, in words: each row takes one thing away, and this is all that is told. */
import { expect, test } from 'vitest'
import type { FakeHost } from './support/fake-freebsd.ts'
import { drift, told, toldHost } from './support/told-host.ts'
import { converged } from './vnet_bridge/support.ts'

const BRIDGE = {
  name: 'hosting0',
  addresses: ['10.66.0.1/24', 'fd00:66::1/64'],
  uplinks: ['vtnet0.100'],
  nat: 'vtnet0',
  redirects: [{ port: 80, to: '10.66.0.11' }],
}

async function networkedHost(): Promise<FakeHost> {
  const host = await toldHost()
  await converged(host, BRIDGE)
  return host
}

function must(host: FakeHost, ...command: string[]): void {
  const { exit, stderr } = host.outside(...command)
  if (exit !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
}

const cutOff = 'so that what is on the bridge hosting0 reaches nothing beyond it'
const noNat =
  'nothing gets out of private networks, and ports that are redirected lead nowhere, and instances get through the host to each other'

test.each<[string, readonly string[], string[]]>([
  [
    'pf is off',
    ['pfctl -d'],
    [`pf is off, so that instances can send as somebody else, and ${noNat}: 'service pf onestart', or run vnet_bridge`],
  ],
  [
    'the anchor of bridges is empty',
    ['pfctl -q -a hosting/all_bridges -F all'],
    [`pf does not have what /etc/pf.hosting.d/all_bridges.conf says, so that ${noNat}: run vnet_bridge`],
  ],
  [
    'the kernel has no pf',
    ['kldunload pf'],
    [`the kernel has no pf, so that instances can send as somebody else, and ${noNat}`],
  ],
  [
    'the kernel shows pf no packets of members',
    ['sysctl net.link.bridge.pfil_member=0'],
    ['net.link.bridge.pfil_member is 0, so that pf does not see what instances send: run vnet_bridge'],
  ],
  [
    'nor those to the host, and lets pass what is no IP',
    ['sysctl net.link.bridge.pfil_local_phys=0 net.link.bridge.pfil_onlyip=0'],
    [
      'net.link.bridge.pfil_local_phys is 0, so that pf does not see what instances send to the host: run vnet_bridge',
      'net.link.bridge.pfil_onlyip is 0, so that what is neither IP nor ARP gets through: run vnet_bridge',
    ],
  ],
  [
    'the host forwards nothing',
    ['sysctl net.inet.ip.forwarding=0'],
    ['net.inet.ip.forwarding is 0, so that the host forwards nothing, against gateway_enable of rc.conf'],
  ],
  [
    'nor would it after a boot, and what is translated needs it',
    ['sysctl net.inet.ip.forwarding=0', 'sysrc gateway_enable=NO'],
    ['net.inet.ip.forwarding is 0, so that the host forwards nothing, against what bridges have in pf'],
  ],
  [
    'neighbours reach each other',
    ['ifconfig hosting0 -private e0a_web1'],
    ['web1: e0a_web1 is not private on the bridge hosting0, so that it and its neighbours reach each other'],
  ],
  [
    'the end of a cable on the host is down, as a restart of the network leaves it',
    ['ifconfig e0a_web1 down'],
    ["web1: e0a_web1 is down, and nothing gets to its vnet0: 'ifconfig e0a_web1 up'"],
  ],
  [
    'the bridge is down',
    ['ifconfig hosting0 down'],
    ["the bridge hosting0 is down, and nothing gets through it: 'ifconfig hosting0 up'"],
  ],
  [
    'gateways are gone, of both families',
    ['ifconfig hosting0 inet 10.66.0.1 -alias', 'ifconfig hosting0 inet6 fd00:66::1 -alias'],
    [
      'the bridge hosting0 does not have the address 10.66.0.1 that rc.conf gives it',
      'the bridge hosting0 does not have the address fd00:66::1 that rc.conf gives it',
    ],
  ],
  [
    'the uplink is off the bridge',
    ['ifconfig hosting0 deletem vtnet0.100'],
    [`the uplink vtnet0.100 is not on its bridge, ${cutOff}`],
  ],
  ['the uplink is gone', ['ifconfig vtnet0.100 destroy'], [`the uplink vtnet0.100 is not there, ${cutOff}`]],
  [
    'the uplink is down',
    ['ifconfig vtnet0.100 down'],
    [`the uplink vtnet0.100 is down, ${cutOff}: 'ifconfig vtnet0.100 up'`],
  ],
  [
    'limits are left of an instance that is gone',
    ['rctl -a jail:gone:maxproc:deny=5'],
    [
      'limits are kept for gone, and there is no instance of that name: the next one would have them (rctl with `limits: {}` lifts them)',
    ],
  ],
])('%s', async (_, commands, sentences) => {
  const host = await networkedHost()
  expect(await drift(host)).toEqual([])
  for (const command of commands) must(host, ...command.split(' '))
  expect(await drift(host)).toEqual(sentences)
  expect((await told(host)).msg).toContain('Not as configured: ')
})

test('what of it is put right by vnet_bridge and by a restart is not told any more', async () => {
  const host = await networkedHost()
  for (const command of ['pfctl -d', 'sysctl net.link.bridge.pfil_member=0', 'ifconfig hosting0 -private e0a_web1'])
    must(host, ...command.split(' '))
  await converged(host, BRIDGE)
  expect(await drift(host)).toEqual([])
})

test('limits of somebody else’s jail are his, whether it runs or is only configured', async () => {
  const host = await networkedHost()
  must(host, 'jail', '-c', 'name=builder', 'path=/', 'persist')
  host.tree.write('/etc/jail.conf.d/proxy.conf', 'proxy { path = "/jails/proxy"; }\n')
  must(host, 'rctl', '-a', 'jail:builder:maxproc:deny=5', 'jail:proxy:maxproc:deny=5', 'jail:Ours.com:nthr:deny=5')
  expect(await drift(host)).toEqual([])
})

test('a host without bridges of ours, whose pf is off, misses nothing', async () => {
  const host = await toldHost()
  must(host, 'jail', '-f', '/etc/jail.conf.d/web1.conf', '-r', 'web1')
  must(host, 'pfctl', '-d')
  must(host, 'sysctl', 'net.link.bridge.pfil_member=0')
  expect(await drift(host)).toEqual(['web1 does not run, and starts when the host boots'])
})
