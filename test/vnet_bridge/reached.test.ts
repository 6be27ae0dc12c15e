/** A host that is reached over the network: its addresses and routes when they move to a bridge, and what interrupts them. */
import { describe, expect, test } from 'vitest'
import { check } from '../../modules/core/converge.ts'
import { bridgeHost, RC_CONF } from '../support/bridge-host.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { converged, PRIVATE, refusal } from './support.ts'

const OWN = {
  name: 'hosting0',
  uplinks: ['vtnet0'],
  addresses: ['10.0.2.15/24'],
  isolate: false,
  allow_uplink_change: true,
}
const gatewayOf = (host: FakeHost, ...words: string[]) =>
  /gateway: (\S+)\n.*\n +interface: (\S+)/.exec(host.outside('route', '-n', 'get', ...words).stdout)?.slice(1)
const FIFTEEN = { sysctls: { 'kern.osreldate': '1500068' } }

describe('routes of rc.conf lead through the bridge as soon as its address is there', () => {
  const rcConf = `${RC_CONF}ifconfig_vtnet0_ipv6="inet6 2001:db8::15/64"\nipv6_defaultrouter="2001:db8::1"\nstatic_routes="lan other"\nroute_lan="-net 10.9.0.0/16 10.0.2.254"\nroute_other="-net 10.8.0.0/16 10.77.0.1"\n`
  const task = { ...OWN, addresses: ['10.0.2.15/24', '2001:db8::15/64'] }

  test.each([
    ['14', {}],
    ['15', FIFTEEN],
  ])('on FreeBSD %s, in one round, which check mode foretells', async (_, more) => {
    const host = bridgeHost({ '/etc/rc.conf': rcConf }, more)
    host.boot()
    host.outside('route', 'add', '-inet6', 'default', '2001:db8::1')
    host.outside('route', 'add', '-net', '10.9.0.0/16', '10.0.2.254')
    const foretold = await converged(host, task, check)
    const { steps } = await converged(host, task)
    expect(steps).toEqual(foretold.steps)
    const behind = (step: string, other: string) => expect(steps[steps.indexOf(other) + 1]).toBe(step)
    behind('route add default 10.0.2.2', 'ifconfig hosting0 inet 10.0.2.15/24 alias')
    behind('route add -net 10.9.0.0/16 10.0.2.254', 'route add default 10.0.2.2')
    behind('route add -inet6 default 2001:db8::1', 'ifconfig hosting0 inet6 2001:db8::15/64 alias')
    expect(steps.join()).not.toContain('10.8.0.0')
    expect(gatewayOf(host, 'default')).toEqual(['10.0.2.2', 'hosting0'])
    expect(gatewayOf(host, '-inet6', 'default')).toEqual(['2001:db8::1', 'hosting0'])
    expect(gatewayOf(host, '-net', '10.9.0.0/16')).toEqual(['10.0.2.254', 'hosting0'])
    expect(await converged(host, task)).toMatchObject({ changed: false })
  })

  test('another default route that the kernel has meanwhile is not left leading out of the uplink', async () => {
    const host = bridgeHost()
    host.outside('route', 'change', 'default', '10.0.2.9')
    const { steps } = await converged(host, OWN)
    expect(steps).toContain('route delete default 10.0.2.9')
    expect(gatewayOf(host, 'default')).toEqual(['10.0.2.2', 'hosting0'])
  })

  test('killed between the two, the next run brings them', async () => {
    const host = bridgeHost({ '/etc/rc.conf': rcConf })
    await converged(host, OWN)
    host.outside('route', 'delete', 'default')
    expect((await converged(host, OWN)).steps).toEqual(['route add default 10.0.2.2'])
  })
})

describe('FreeBSD 15, whose members have no addresses', () => {
  test('the way back where the interface cannot be a member', async () => {
    const host = bridgeHost({}, FIFTEEN)
    host.machine.fault({
      program: 'ifconfig',
      when: args => args.includes('addm'),
      kind: 'exit',
      exit: 1,
      stderr: 'ifconfig: BRDGADD vtnet0: Invalid argument\n',
    })
    expect(await refusal(host, OWN)).toMatch(
      /vtnet0 could not be made a member \(.*Invalid argument\), and has got its addr/,
    )
    expect(host.outside('ifconfig', '-f', 'inet:cidr', 'vtnet0').stdout).toContain('inet 10.0.2.15/24')
    expect(gatewayOf(host, 'default')).toEqual(['10.0.2.2', 'vtnet0'])
  })

  test('an address of its link alone goes as well, and does not come back at boot', async () => {
    const host = bridgeHost({ '/etc/rc.conf': `${RC_CONF}ifconfig_vtnet0_ipv6="inet6 auto_linklocal"\n` }, FIFTEEN)
    host.outside('ifconfig', 'vtnet0', 'inet6', '-ifdisabled')
    const link = /inet6 (fe80:\S+)/.exec(host.outside('ifconfig', 'vtnet0').stdout)?.[1]
    const { steps } = await converged(host, OWN)
    const at = steps.indexOf('ifconfig hosting0 addm vtnet0')
    expect(steps.slice(at - 4, at)).toEqual([
      'ifconfig vtnet0 inet6 -auto_linklocal ifdisabled',
      `ifconfig vtnet0 inet6 ${link} -alias`,
      'route delete default 10.0.2.2',
      'ifconfig vtnet0 inet 10.0.2.15 -alias',
    ])
    expect(host.tree.read('/etc/rc.conf')).not.toContain('ifconfig_vtnet0_ipv6')
  })
})

describe('what interrupts it is refused', () => {
  async function carrying() {
    const host = bridgeHost()
    await converged(host, OWN)
    return host
  }

  test.each([
    [{ mtu: 9000 }, 'an MTU of 9000 for it and its uplinks interrupts its address 10.0.2.15/24'],
    [{ stp: true }, '`stp: true` interrupts its address 10.0.2.15/24'],
  ])('%j of the bridge that has its address', async (more, words) => {
    const host = await carrying()
    expect(await refusal(host, { ...OWN, ...more, allow_uplink_change: false })).toContain(words)
    expect(await converged(host, { ...OWN, ...more })).toMatchObject({ changed: true })
  })

  test('a VLAN that was made for the bridge, and has got an address since', async () => {
    const host = bridgeHost()
    await converged(host, { name: 'hosting0', uplinks: ['vtnet0.100'], isolate: false })
    host.outside('ifconfig', 'vtnet0.100', 'inet', '10.9.0.1/24', 'alias')
    expect(await refusal(host, { name: 'hosting0', state: 'absent' })).toContain(
      'vtnet0.100, which was made for it and goes with it, has the address 10.9.0.1/24',
    )
    expect(host.outside('ifconfig', 'vtnet0.100').exit).toBe(0)
  })

  const ssh = (port: number, more: object = {}) => ({ ...PRIVATE, redirects: [{ port, to: '10.66.0.11', ...more }] })

  test.each([
    ['', ssh(22)],
    ['', ssh(22, { address: '10.0.2.15' })],
    ['#Port 22\nPort 2222\n', ssh(2222)],
    ['ListenAddress 10.0.2.15:2022\n', ssh(2022)],
  ])('the port of sshd, with %j in its configuration', async (config, task) => {
    const host = bridgeHost({ '/etc/ssh/sshd_config': config })
    expect(await refusal(host, task)).toMatch(/^hosting0: port \d+ of \S+ is where sshd of this host listens/)
    expect(await converged(host, { ...task, allow_uplink_change: true })).toMatchObject({ changed: true })
  })

  test.each([
    ['udp', ssh(22, { protocol: 'udp' })],
    ['another port', ssh(2211, { to_port: 22 })],
    ['an address that is there for it', ssh(22, { address: '10.0.2.16' })],
  ])('%s is not that', async (_, task) => {
    expect(await converged(bridgeHost(), task)).toMatchObject({ changed: true })
  })
})

describe('an uplink that carries VLANs without a tag of its own', () => {
  const task = { ...OWN, isolate: true }
  const withVlan = (tag: number) => bridgeHost({}, { commands: [['ifconfig', `vtnet0.${tag}`, 'create']] })

  test('is told of: what is broadcast there is heard', async () => {
    const { warnings } = await converged(withVlan(5), task)
    expect(warnings.join()).toContain('its uplink vtnet0 carries vtnet0.5 too: what is broadcast in them reaches')
    const booted = bridgeHost({ '/etc/rc.conf': `${RC_CONF}vlans_vtnet0="7"\n` })
    expect((await converged(booted, { ...task, isolate: false })).warnings.join()).toContain(
      'instances on this bridge can send into them',
    )
  })

  test('and refused for VLAN 1, which the bridge cannot tell from frames without a tag', async () => {
    expect(await refusal(withVlan(1), task)).toContain('vtnet0 has VLAN 1 on it, vtnet0.1')
    expect(await converged(withVlan(1), { ...task, isolate: false })).toMatchObject({ changed: true })
  })
})
