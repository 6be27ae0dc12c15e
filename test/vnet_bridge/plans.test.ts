/** What vnet_bridge does, by its steps and what the host is afterwards. */
import { describe, expect, test } from 'vitest'
import { bridgeHost } from '../support/bridge-host.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { converged, PRIVATE } from './support.ts'

const shown = (host: FakeHost, name: string) => host.outside('ifconfig', '-f', 'inet:cidr,inet6:cidr', name).stdout
const rcConf = (host: FakeHost) => host.tree.read('/etc/rc.conf')

describe('a private network', () => {
  test('net-1 net-2 net-4 the kernel comes first, then the files of a boot', async () => {
    const host = bridgeHost()
    const report = await converged(host, PRIVATE)
    expect(report.steps).toEqual([
      'ifconfig bridge create name hosting0',
      'ifconfig hosting0 inet 10.66.0.1/24 alias',
      'ifconfig hosting0 inet6 fd00:66::1/64 alias',
      'ifconfig hosting0 group isolated',
      'ifconfig hosting0 up',
      'sysctl net.inet.ip.forwarding=1 net.inet6.ip6.forwarding=1 net.link.bridge.pfil_bridge=0 net.link.bridge.pfil_local_phys=1',
      'kldload -n pf',
      'mkdir -m 0755 /etc/pf.hosting.d',
      'pfctl -a hosting/all_bridges -n -f -',
      'write /etc/pf.hosting.d/all_bridges.conf',
      'pfctl -n -f -',
      'write /etc/pf.conf',
      'pfctl -f /etc/pf.conf',
      'pfctl -e',
      'write /etc/sysctl.conf',
      'write /etc/rc.conf',
    ])
    expect(shown(host, 'hosting0')).toMatch(/<UP,[\s\S]*inet 10\.66\.0\.1\/24 [\s\S]*inet6 fd00:66::1\/64/)
    expect(host.outside('pfctl', '-a', 'hosting/all_bridges', '-sn').stdout).toBe(
      'nat on vtnet0 inet from 10.66.0.0/24 to any -> (vtnet0:0) round-robin\nrdr pass on vtnet0 inet proto tcp from any to (vtnet0) port = 80 -> 10.66.0.11 port 80\n',
    )
    expect(rcConf(host)).toContain(
      `ifconfig_bridge0_name="hosting0"
ifconfig_hosting0="group isolated up"
ifconfig_hosting0_alias0="inet 10.66.0.1/24"
ifconfig_hosting0_alias1="inet6 fd00:66::1/64"
ifconfig_hosting0_ipv6="inet6 -ifdisabled"
cloned_interfaces="bridge0:sticky"
pf_enable="YES"
gateway_enable="YES"
ipv6_gateway_enable="YES"
`,
    )
  })

  test('net-4 after a reboot all is as before: addresses, translations, forwarding, pf', async () => {
    const host = bridgeHost()
    await converged(host, PRIVATE)
    const before = [
      shown(host, 'hosting0').replace(/ether .*/, ''),
      host.outside('pfctl', '-a', 'hosting/all_bridges', '-sn'),
    ]
    host.boot()
    expect([
      shown(host, 'hosting0').replace(/ether .*/, ''),
      host.outside('pfctl', '-a', 'hosting/all_bridges', '-sn'),
    ]).toEqual(before)
    expect(host.outside('pfctl', '-si').stdout).toContain('Status: Enabled')
    expect(await converged(host, PRIVATE)).toMatchObject({ changed: false })
  })

  test('one redirect more is one anchor loaded: the main rules are left alone', async () => {
    const host = bridgeHost()
    await converged(host, PRIVATE)
    const more = { ...PRIVATE, redirects: [...PRIVATE.redirects, { port: 443, to: 'fd00:66::11' }] }
    expect((await converged(host, more)).steps).toEqual([
      'pfctl -a hosting/all_bridges -n -f -',
      'write /etc/pf.hosting.d/all_bridges.conf',
      'pfctl -a hosting/all_bridges -f /etc/pf.hosting.d/all_bridges.conf',
    ])
  })

  test('rules that somebody has flushed, or pf that somebody has switched off, come back', async () => {
    const host = bridgeHost()
    await converged(host, PRIVATE)
    host.outside('pfctl', '-a', 'hosting/all_bridges', '-F', 'all')
    expect((await converged(host, PRIVATE)).steps).toEqual([
      'pfctl -a hosting/all_bridges -f /etc/pf.hosting.d/all_bridges.conf',
    ])
    host.outside('pfctl', '-F', 'all')
    host.outside('pfctl', '-d')
    expect((await converged(host, PRIVATE)).steps).toEqual(['pfctl -f /etc/pf.conf', 'pfctl -e'])
  })
})

describe('uplinks', () => {
  test('net-1 net-3 a VLAN is made, and its MTU set before it is a member', async () => {
    const host = bridgeHost()
    const task = {
      name: 'hosting0',
      uplinks: [{ interface: 'vtnet0', vlan: 100 }],
      mtu: 1400,
      stp: true,
      isolate: false,
    }
    expect((await converged(host, task)).steps).toEqual([
      'ifconfig bridge create name hosting0',
      "ifconfig vtnet0.100 create descr 'uplink of hosting0' up",
      'ifconfig vtnet0.100 mtu 1400',
      'ifconfig hosting0 addm vtnet0.100',
      'ifconfig hosting0 stp vtnet0.100',
      'ifconfig hosting0 up',
      'write /etc/rc.conf',
    ])
    expect(rcConf(host)).toContain('ifconfig_hosting0="up addm vtnet0.100 stp vtnet0.100"\n')
    expect(rcConf(host)).toContain('vlans_vtnet0="100"\n')
    host.boot()
    expect(shown(host, 'hosting0')).toMatch(/mtu 1400[\s\S]*member: vtnet0\.100 flags=\w+<LEARNING,DISCOVER,STP/)
    expect(await converged(host, task)).toMatchObject({ changed: false })
  })

  test('another VLAN: the one before goes, and what hung on it says so', async () => {
    const host = bridgeHost()
    const on = (tag: number) => ({ name: 'hosting0', uplinks: [`vtnet0.${tag}`], isolate: false })
    await converged(host, on(100))
    const report = await converged(host, { ...on(200), allow_uplink_change: true })
    expect(report.steps).toEqual([
      'ifconfig hosting0 deletem vtnet0.100',
      'ifconfig vtnet0.100 destroy',
      "ifconfig vtnet0.200 create descr 'uplink of hosting0' up",
      'ifconfig hosting0 addm vtnet0.200',
      'write /etc/rc.conf',
    ])
    expect(rcConf(host)).not.toContain('100')
    host.boot()
    expect(await converged(host, on(200))).toMatchObject({ changed: false })
  })

  test.each([
    [
      '14',
      '1402000',
      ['ifconfig hosting0 addm vtnet0', 'route delete default 10.0.2.2', 'ifconfig vtnet0 inet 10.0.2.15 -alias'],
    ],
    [
      '15',
      '1500068',
      ['route delete default 10.0.2.2', 'ifconfig vtnet0 inet 10.0.2.15 -alias', 'ifconfig hosting0 addm vtnet0'],
    ],
  ])(
    "the host's own interface on FreeBSD %s: its address becomes the bridge's, and the default route stays",
    async (_, release, order) => {
      const host = bridgeHost({}, { sysctls: { 'kern.osreldate': release } })
      const task = {
        name: 'hosting0',
        uplinks: ['vtnet0'],
        addresses: ['10.0.2.15/24'],
        isolate: false,
        allow_uplink_change: true,
      }
      expect((await converged(host, task)).steps).toEqual([
        'ifconfig bridge create name hosting0',
        ...order,
        'ifconfig hosting0 inet 10.0.2.15/24 alias',
        'route add default 10.0.2.2',
        'ifconfig hosting0 up',
        'write /etc/rc.conf',
      ])
      expect(host.outside('route', '-n', 'get', 'default').stdout).toContain('interface: hosting0')
      expect(rcConf(host)).toContain('ifconfig_vtnet0="up"\n')
      host.boot()
      expect(await converged(host, task)).toMatchObject({ changed: false })
    },
  )
})

describe('several', () => {
  test('net-5 a number of processes that does not grow: five, and nothing is done', async () => {
    for (const count of [1, 12]) {
      const host = bridgeHost()
      const bridges = Array.from({ length: count }, (_, n) => ({
        name: `net${n}`,
        addresses: [`10.${n}.0.1/24`],
        uplinks: n === 0 ? [] : [`vtnet0.${n}`],
      }))
      await converged(host, { bridges, nat: 'vtnet0' })
      const before = { ...host.counts }
      expect(await converged(host, { bridges, nat: 'vtnet0' })).toMatchObject({ changed: false })
      const spent = Object.entries(host.counts).map(([program, all]) => [program, all - (before[program] ?? 0)])
      expect(Object.fromEntries(spent.filter(([, number]) => number !== 0))).toEqual({
        ifconfig: 1,
        pfctl: 3,
        sysctl: 1,
      })
    }
  })

  test('rules of a bridge that the task does not name stay in the anchor', async () => {
    const host = bridgeHost()
    await converged(host, PRIVATE)
    await converged(host, { name: 'other', addresses: ['10.67.0.1/24'], nat: 'vtnet0' })
    expect(host.outside('pfctl', '-a', 'hosting/all_bridges', '-sn').stdout.match(/^nat /gm)).toHaveLength(2)
    await converged(host, { name: 'other', state: 'absent' })
    expect(host.tree.read('/etc/pf.hosting.d/all_bridges.conf')).not.toContain('other')
    expect(host.outside('pfctl', '-a', 'hosting/all_bridges', '-sn').stdout.match(/^nat /gm)).toHaveLength(1)
  })
})
