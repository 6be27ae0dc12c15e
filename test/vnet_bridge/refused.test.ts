/** What vnet_bridge does not do, and what it says then. */
import { describe, expect, test } from 'vitest'
import { check } from '../../modules/core/converge.ts'
import { bridgeHost, RC_CONF } from '../support/bridge-host.ts'
import type { FakeOptions } from '../support/fake-freebsd.ts'
import { converged, GUEST, PRIVATE, refusal } from './support.ts'

const OWN = { name: 'hosting0', uplinks: ['vtnet0'], isolate: false }

describe('what may cut the connection is refused before anything is changed', () => {
  test.each<[string, Record<string, string>, FakeOptions, object, string]>([
    [
      'an uplink with an address',
      {},
      {},
      OWN,
      'vtnet0 has the address 10.0.2.15/24, by which this host may be reached',
    ],
    [
      'the way out is named',
      {},
      {},
      OWN,
      "give its address in `addresses`, so that it becomes the bridge's, and give `allow_uplink_change: true`",
    ],
    [
      'on FreeBSD 15, an address that would stay on a member',
      {},
      { sysctls: { 'kern.osreldate': '1500068' } },
      { ...OWN, allow_uplink_change: true },
      'on this release a member of a bridge must have none',
    ],
    [
      'an address that DHCP gives',
      { '/etc/rc.conf': 'ifconfig_vtnet0="SYNCDHCP"\n' },
      {},
      { ...OWN, addresses: ['10.0.2.15/24'], allow_uplink_change: true },
      'vtnet0 gets its addresses by DHCP (ifconfig_vtnet0 in rc.conf)',
    ],
    [
      'an address of another interface',
      {},
      {},
      { name: 'hosting0', addresses: ['10.0.2.15/24'] },
      '10.0.2.15 is an address of vtnet0',
    ],
    [
      'pf that was off, with rules in pf.conf',
      { '/etc/pf.conf': 'block in all\n' },
      {},
      PRIVATE,
      'pf is off, and /etc/pf.conf has rules that would come into force with it',
    ],
    [
      'rules that pfctl does not take',
      { '/etc/pf.conf': 'pass nonsense\n' },
      {
        commands: [
          ['kldload', 'pf'],
          ['pfctl', '-e'],
        ],
      },
      PRIVATE,
      'pf does not take the main rules',
    ],
    [
      'a name that something else has',
      {},
      {},
      { name: 'vtnet0', isolate: false },
      'vtnet0: it is there, and is no bridge',
    ],
    [
      'an interface that is not there',
      {},
      {},
      { ...OWN, uplinks: ['em9'] },
      'hosting0: there is no interface em9. There are: vtnet0.',
    ],
    [
      'a variable that would have to be run',
      { '/etc/rc.conf': `${RC_CONF}cloned_interfaces="$(id)"\n` },
      {},
      PRIVATE,
      '/etc/rc.conf sets cloned_interfaces in a way that cannot be read without running it',
    ],
  ])('%s', async (_title, files, more, options, words) => {
    const host = bridgeHost(files, more)
    const before = host.tree.read('/etc/pf.conf')
    expect(await refusal(host, options)).toContain(words)
    expect(host.tree.read('/etc/rc.conf')).toBe(files['/etc/rc.conf'] ?? RC_CONF)
    expect(host.tree.read('/etc/pf.conf')).toBe(before)
  })

  test('an uplink or an address that would go', async () => {
    const host = bridgeHost()
    await converged(host, { name: 'hosting0', uplinks: ['vtnet0.100'], addresses: ['10.1.0.1/24'], isolate: false })
    expect(await refusal(host, { name: 'hosting0', isolate: false })).toContain('vtnet0.100 would leave it')
    expect(await refusal(host, { name: 'hosting0', uplinks: ['vtnet0.100'], addresses: [], isolate: false })).toContain(
      'it would lose 10.1.0.1/24, by which this host may be reached',
    )
    expect(await refusal(host, { name: 'hosting0', state: 'absent' })).toContain(
      'it has an uplink and the address 10.1.0.1/24',
    )
    expect(await refusal(host, { name: 'other', uplinks: ['vtnet0.100'] })).toContain(
      'vtnet0.100 is on the bridge hosting0',
    )
    const gone = await converged(host, { name: 'hosting0', state: 'absent', allow_uplink_change: true })
    expect(gone.steps).toEqual(['ifconfig hosting0 destroy', 'ifconfig vtnet0.100 destroy', 'write /etc/rc.conf'])
    expect(host.tree.read('/etc/rc.conf')).toBe(`${RC_CONF}cloned_interfaces=""\nvlans_vtnet0=""\n`)
  })

  test('a bridge with instances on it is not destroyed, whatever the task says', async () => {
    const host = bridgeHost()
    await converged(host, PRIVATE)
    for (const command of GUEST) host.outside(...command)
    expect(await refusal(host, { name: 'hosting0', state: 'absent', allow_uplink_change: true })).toContain(
      'it still has e0a_web1 on it',
    )
  })

  test('a host that learns its IPv6 route from a router does not become one itself', async () => {
    const host = bridgeHost({}, { commands: [['ifconfig', 'vtnet0', 'inet6', 'accept_rtadv']] })
    expect(await refusal(host, PRIVATE)).toContain('vtnet0 no longer learns its default route from others')
  })
})

test('checking warns of an interface that is not there yet, and plans as if it were', async () => {
  const report = await converged(bridgeHost(), { ...OWN, uplinks: ['em9'] }, check)
  expect(report.warnings[0]).toContain('there is no interface em9')
  expect(report.steps).toContain('ifconfig hosting0 addm em9')
})
