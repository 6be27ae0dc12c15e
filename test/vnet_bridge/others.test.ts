/** What others have made on the host, and what other tasks have: taken over by nobody. */
import { describe, expect, test } from 'vitest'
import { bridgeHost, RC_CONF } from '../support/bridge-host.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { converged, GUEST, PRIVATE, refusal } from './support.ts'

const shown = (host: FakeHost, name: string) => host.outside('ifconfig', '-f', 'inet:cidr,inet6:cidr', name).stdout
const rcConf = (host: FakeHost) => host.tree.read('/etc/rc.conf')

test('a bridge of somebody else keeps its name and address, now and at the next boot', async () => {
  const host = bridgeHost()
  host.outside('ifconfig', 'bridge0', 'create')
  host.outside('ifconfig', 'bridge0', 'inet', '192.168.7.1/24', 'up')
  const task = { name: 'hosting0', addresses: ['10.66.0.1/24'], isolate: false }
  const { steps } = await converged(host, task)
  expect(steps[0]).toBe('ifconfig bridge create name hosting0')
  expect(host.tree.read('/etc/rc.conf')).toContain('cloned_interfaces="bridge1:sticky"')
  expect(host.outside('ifconfig', 'bridge0').stdout).toContain('192.168.7.1')
  expect(await converged(host, task)).toMatchObject({ changed: false })
})

describe('rules of pf that are in force', () => {
  const running = (main: string, more: Record<string, string> = {}) =>
    bridgeHost(
      { '/etc/pf.conf': main, ...more },
      {
        commands: [
          ['kldload', 'pf'],
          ['pfctl', '-e'],
        ],
      },
    )

  test('and not in pf.conf are not replaced by it unasked', async () => {
    const host = running('block in all\n', { '/tmp/emergency': 'pass in proto tcp to port 22\n' })
    host.outside('pfctl', '-f', '/tmp/emergency')
    expect(await refusal(host, PRIVATE)).toMatch(
      /^pf has rules in force that are not of \/etc\/pf\.conf, and would go when that is loaded: pass in proto tcp/,
    )
    expect(host.outside('pfctl', '-sr').stdout).toContain('port = 22')
    expect(await converged(host, { ...PRIVATE, allow_filter_start: true })).toMatchObject({ changed: true })
  })

  test('and in it stay, wherever rc.conf or a file for pf alone says that it is', async () => {
    const host = running('', {
      '/etc/rc.conf.d/pf': 'pf_rules="/etc/pf.own"\n',
      '/etc/pf.own': 'nat on vtnet0 from 10.1.0.0/16 to any -> (vtnet0)\npass in proto tcp to port 22\n',
    })
    host.outside('pfctl', '-f', '/etc/pf.own')
    expect((await converged(host, PRIVATE)).steps).toContain('pfctl -f /etc/pf.own')
    expect(host.outside('pfctl', '-sr').stdout).toContain('port = 22')
    expect(await converged(host, PRIVATE)).toMatchObject({ changed: false })
  })

  test('and look at what is bridged are told of before pf no longer does', async () => {
    const host = running('block in on bridge0 proto tcp to port 25\n')
    host.outside('ifconfig', 'bridge0', 'create')
    host.outside('pfctl', '-f', '/etc/pf.conf')
    expect(await refusal(host, PRIVATE)).toContain("pf has the rule 'block drop in on bridge0 proto tcp")
    host.outside('sysctl', 'net.link.bridge.pfil_bridge=0')
    expect(await converged(host, PRIVATE)).toMatchObject({ changed: true })
  })
})

test('a port that another task redirects already is refused', async () => {
  const host = bridgeHost()
  const bridge = (n: number) => ({
    name: `net${n}`,
    addresses: [`10.${n}.0.1/24`],
    nat: 'vtnet0',
    redirects: [{ port: 80, to: `10.${n}.0.9` }],
  })
  await converged(host, bridge(1))
  expect(await refusal(host, bridge(2))).toBe(
    'net2: port 80/tcp is redirected by net1 already. Give another one, or take it from there first.',
  )
  await converged(host, { name: 'net1', state: 'absent' })
  expect(await converged(host, bridge(2))).toMatchObject({ changed: true })
})

test.each([
  ['/etc/rc.conf.d/netif', 'cloned_interfaces="lo1"\n', 'line 1, sets cloned_interfaces'],
  ['/etc/rc.conf.d/network', '# ours\nifconfig_hosting0="up"\n', 'line 2, sets ifconfig_hosting0'],
  ['/usr/local/etc/rc.conf.d/pf', 'pf_enable="NO"\n', 'line 1, sets pf_enable'],
  ['/etc/rc.conf.d/routing', 'if true; then gateway_enable="NO"; fi\n', 'line 1, sets gateway_enable'],
])('%s counts more at boot, and is named', async (path, text, words) => {
  expect(await refusal(bridgeHost({ [path]: text }), PRIVATE)).toContain(`${path}, ${words}`)
  expect(await converged(bridgeHost({ [path]: 'ifconfig_em7="up"\n' }), PRIVATE)).toMatchObject({ changed: true })
})

test('a network of IPv6 that NAT does not translate is told of', async () => {
  const { warnings } = await converged(bridgeHost(), PRIVATE)
  expect(warnings).toEqual([
    expect.stringMatching(/^hosting0: `nat` without `address6` .*fd00:66::\/64 leaves as it is/),
  ])
  const six = { ...PRIVATE, nat: { interface: 'vtnet0', address6: '2001:db8::15' } }
  expect((await converged(bridgeHost({ '/etc/rc.conf': RC_CONF }), six)).warnings).toEqual([])
})

test('addresses of an uplinked bridge that the task does not give are told of, where something is to be kept from it', async () => {
  const host = bridgeHost()
  const own = { name: 'hosting0', uplinks: ['vtnet0'], addresses: ['10.0.2.15/24'], allow_uplink_change: true }
  expect((await converged(host, own)).warnings).toEqual([])
  const { warnings } = await converged(host, { ...own, addresses: undefined })
  expect(warnings.join()).toContain("`addresses` does not say which are the host's on it")
})

describe('what somebody else has made', () => {
  test('a bridge of rc.conf is taken over with its number, and addresses nobody speaks of stay', async () => {
    const host = bridgeHost({
      '/etc/rc.conf':
        'cloned_interfaces="lo1 bridge3"\nifconfig_bridge3_name="hosting0"\nifconfig_hosting0="inet 10.66.0.1/24"\n',
    })
    host.boot()
    await converged(host, { name: 'hosting0', isolate: false })
    expect(rcConf(host)).toBe(
      'cloned_interfaces="lo1 bridge3:sticky"\nifconfig_bridge3_name="hosting0"\nifconfig_hosting0="inet 10.66.0.1/24 up"\n',
    )
    expect(shown(host, 'hosting0')).toContain('inet 10.66.0.1/24')
  })

  test('a bridge that has not got its name yet gets it', async () => {
    const host = bridgeHost({ '/etc/rc.conf': 'cloned_interfaces="bridge3"\nifconfig_bridge3_name="hosting0"\n' })
    host.outside('ifconfig', 'bridge3', 'create')
    expect((await converged(host, { name: 'hosting0', isolate: false })).steps[0]).toBe(
      'ifconfig bridge3 name hosting0',
    )
  })

  test('main rules keep every line: ours go where the order of statements wants them', async () => {
    const host = bridgeHost({
      '/etc/pf.conf': 'set skip on lo0\nscrub in all\npass in proto tcp to port 22\nblock in\n',
    })
    host.outside('kldload', 'pf')
    host.outside('pfctl', '-e')
    await converged(host, PRIVATE)
    expect(host.tree.read('/etc/pf.conf')).toBe(
      `set skip on lo0
scrub in all
nat-anchor "hosting/*"
rdr-anchor "hosting/*"
anchor "hosting/*"
pass in proto tcp to port 22
block in
load anchor "hosting/all_bridges" from "/etc/pf.hosting.d/all_bridges.conf"
`,
    )
  })

  test("live-8 an instance's interface that reaches its neighbours no longer does, nor another guest's", async () => {
    const host = bridgeHost()
    await converged(host, PRIVATE)
    for (const command of GUEST) host.outside(...command)
    const report = await converged(host, PRIVATE)
    expect(report.steps).toEqual(['ifconfig hosting0 private e0a_web1', 'ifconfig hosting0 sticky e0a_web1'])
    expect(report.diff.before).toMatchObject({ bridges: { hosting0: { unprotected: ['e0a_web1'] } } })
    expect(await converged(host, { ...PRIVATE, isolate: false })).toMatchObject({
      state: { bridges: { hosting0: { exists: true } } },
    })
  })
})

test('what the task calls an uplink is one, also where guests are of its kind', async () => {
  const host = bridgeHost({}, { commands: [['ifconfig', 'epair9', 'create']] })
  const task = { name: 'hosting0', uplinks: ['epair9a'], addresses: ['10.66.0.1/24'] }
  expect((await converged(host, task)).steps).toContain('ifconfig hosting0 -learn epair9a')
  expect(await converged(host, task)).toMatchObject({ changed: false })
})
