/** What others do to an instance's network while it runs, and what the host believes of its addresses. */
import { describe, expect, test } from 'vitest'
import { parseNeighbors } from '../../modules/freebsd/neighbors.ts'
import type { FakeHost } from '../support/fake-freebsd.ts'
import { checked, converged, failing, jailHost, NOTHING, ON_BRIDGE, tracesOf } from '../support/jail-host.ts'
import { converged as bridged } from '../vnet_bridge/support.ts'

const options = { id: 'web1', ...ON_BRIDGE }
const member = (host: FakeHost) =>
  / e0a_web1 flags=\w+<(.*)>\n\s+ifmaxaddr (\d+)/.exec(shown(host, 'hosting0'))?.slice(1)
const shown = (host: FakeHost, name: string) => host.outside('ifconfig', name).stdout
const neighbors = (host: FakeHost) =>
  parseNeighbors(['arp', 'ndp'].map(program => host.outside(program, '-an').stdout)).filter(({ ether }) =>
    ether.startsWith('02:'),
  )

async function running(host?: FakeHost) {
  const it = host ?? (await jailHost())
  await converged(it, options)
  return it
}

async function putRight(host: FakeHost, steps: unknown[]) {
  const foretold = await checked(host, options)
  const report = await converged(host, options)
  expect(report.steps).toEqual(steps)
  expect(foretold.steps).toEqual(report.steps)
  expect(await converged(host, options)).toMatchObject({ changed: false, warnings: [] })
}

describe('the host restarts its network', () => {
  test('service netif restart takes the outer end down, and the next run brings it up', async () => {
    const host = await running()
    host.outside('service', 'netif', 'restart')
    expect(shown(host, 'e0a_web1')).not.toMatch(/<UP,/)
    expect(member(host)).toEqual(['LEARNING,PRIVATE,AUTOEDGE,AUTOPTP', '1'])
    await putRight(host, ['ifconfig e0a_web1 up', expect.stringMatching(/^arp -s 10\.66\.0\.11 02:[0-9a-f:]{14}$/)])
    expect(shown(host, 'e0a_web1')).toMatch(/<UP,/)
  })

  test('a bridge that is as before has its members still', async () => {
    const host = await jailHost()
    await bridged(host, { name: 'hosting0', addresses: ['10.66.0.1/24', 'fd00:66::1/64'] })
    await running(host)
    host.outside('service', 'netif', 'restart')
    expect(await bridged(host, { name: 'hosting0', addresses: ['10.66.0.1/24', 'fd00:66::1/64'] })).toMatchObject({
      changed: false,
    })
    expect(shown(host, 'hosting0')).toContain('member: e0a_web1')
  })
})

describe('how its bridge treats it', () => {
  test.each([
    ['learn', 'discover'],
    ['-private', '-learn'],
  ])('%s %s: put right in one command, which forgets what it may have made the bridge learn', async (...words) => {
    const host = await running()
    for (const word of words) host.outside('ifconfig', 'hosting0', word, 'e0a_web1')
    host.outside('ifconfig', 'hosting0', 'ifmaxaddr', 'e0a_web1', '0')
    await putRight(host, [
      expect.stringMatching(
        /^ifconfig hosting0 -learn e0a_web1 flush private e0a_web1 -discover e0a_web1 static e0a_web1 \S+ ifmaxaddr e0a_web1 1 learn e0a_web1$/,
      ),
    ])
    expect(member(host)).toEqual(['LEARNING,PRIVATE,AUTOEDGE,AUTOPTP', '1'])
  })

  test('what vnet_bridge wants of it is what it has: neither undoes the other, over starts', async () => {
    const host = await jailHost()
    const bridge = { name: 'hosting0', addresses: ['10.66.0.1/24'] }
    await bridged(host, bridge)
    await running(host)
    expect(await bridged(host, bridge)).toMatchObject({ changed: false })
    await converged(host, { ...options, state: 'restarted' })
    expect(await bridged(host, bridge)).toMatchObject({ changed: false })
    expect(await converged(host, options)).toMatchObject({ changed: false })
  })

  test('what is not private yet is kept apart at once, and told of', async () => {
    const host = await jailHost()
    await converged(host, { id: 'web1', interfaces: [{ bridge: 'hosting0', private: false }] })
    const report = await bridged(host, { name: 'hosting0', addresses: ['10.66.0.1/24'] })
    expect(report.steps).toContain('ifconfig hosting0 private e0a_web1')
    expect(report.warnings.join()).toContain(
      'e0a_web1 is kept apart from now on, and no longer when its instance starts',
    )
  })

  test('private: false is refused where the bridge keeps its members apart', async () => {
    const host = await jailHost()
    await bridged(host, { name: 'hosting0', addresses: ['10.66.0.1/24'] })
    const open = { id: 'web1', interfaces: [{ bridge: 'hosting0', addresses: ['10.66.0.11/24'], private: false }] }
    expect((await failing(host, open)).message).toContain(
      'web1: vnet0 is `private: false`, and its bridge hosting0 keeps its members apart.',
    )
    await bridged(host, { name: 'hosting0', addresses: ['10.66.0.1/24'], isolate: false })
    expect(await converged(host, open)).toMatchObject({ msg: 'web1: started' })
  })
})

describe('whom the host takes for its neighbour', () => {
  test('its addresses are fixed to its link address, from its start on and no longer than it runs', async () => {
    const host = await running()
    expect(neighbors(host)).toEqual([{ address: '10.66.0.11', ether: expect.any(String), interface: 'hosting0' }])
    await converged(host, { ...options, state: 'stopped' })
    expect(neighbors(host)).toEqual([])
  })

  test('also on networks of IPv6, and after a reboot', async () => {
    const host = await jailHost()
    await bridged(host, { name: 'hosting0', addresses: ['10.66.0.1/24', 'fd00:66::1/64'] })
    await running(host)
    host.boot()
    expect(neighbors(host).map(({ address }) => address)).toEqual(['10.66.0.11', 'fd00:66::11'])
    expect(await converged(host, options)).toMatchObject({ changed: false })
  })

  test('where the host has no address of its own there is none, and it starts all the same', async () => {
    const host = await jailHost()
    host.outside('ifconfig', 'hosting0', 'inet', '10.66.0.1', '-alias')
    await running(host)
    expect(neighbors(host)).toEqual([])
    host.outside('ifconfig', 'hosting0', 'inet', '10.66.0.1/24')
    await putRight(host, [expect.stringMatching(/^arp -s 10\.66\.0\.11 /), 'write /etc/jail.conf.d/web1.conf'])
  })

  test('an address that was given up while it ran is no longer fixed after its restart, foretold', async () => {
    const host = await running()
    const moved = { id: 'web1', interfaces: [{ bridge: 'hosting0', addresses: ['10.66.0.12/24'] }], gateways: [] }
    await converged(host, moved)
    const foretold = await checked(host, { ...moved, restart: true })
    const report = await converged(host, { ...moved, restart: true })
    expect(report.steps).toContain('arp -d 10.66.0.11')
    expect(foretold.steps).toEqual(report.steps)
    expect(neighbors(host).map(({ address }) => address)).toEqual(['10.66.0.12'])
  })

  test('what a vanished jail left is cleared with the rest', async () => {
    const host = await running()
    host.outside('jail', '-R', 'web1')
    expect(neighbors(host)).toHaveLength(1)
    await converged(host, { ...options, state: 'stopped' })
    expect([neighbors(host), tracesOf(host, 'web1')]).toEqual([[], NOTHING])
  })
})

describe('what another has already', () => {
  const ether = '02:00:00:00:00:10'
  const has = (id: string, more: object) => ({ id, interfaces: [{ bridge: 'hosting0', ...more }] })

  test.each([
    [
      { addresses: ['10.66.0.12/24'], ether },
      'vnet0 of web1 and vnet0 of db1 would both have the link address 02:00:00:00:00:10',
    ],
    [{ addresses: ['10.66.0.11/24'] }, 'web1 would have the address 10.66.0.11 on hosting0, which db1 has'],
  ])('%j is refused, whichever task it came from', async (wish, words) => {
    const host = await jailHost({ ids: ['web1', 'db1'] })
    await converged(host, has('db1', { addresses: ['10.66.0.11/24'], ether }))
    expect((await failing(host, has('web1', wish))).message).toContain(words)
    await converged(host, { id: 'db1', state: 'absent' })
    expect(await converged(host, has('web1', wish))).toMatchObject({ msg: 'web1: started' })
  })

  test('on another bridge it is nobody else', async () => {
    const host = await jailHost({ ids: ['web1', 'db1'] })
    host.outside('ifconfig', 'bridge', 'create', 'name', 'drill0')
    await converged(host, has('db1', { addresses: ['10.66.0.11/24'], ether }))
    const before = neighbors(host)
    const copy = { id: 'web1', interfaces: [{ bridge: 'drill0', addresses: ['10.66.0.11/24'] }] }
    expect(await converged(host, copy)).toMatchObject({ msg: 'web1: started' })
    await converged(host, { id: 'web1', state: 'absent' })
    expect(neighbors(host)).toEqual(before)
  })

  test("the host's own link addresses are taken too", async () => {
    const host = await jailHost()
    const own = /ether (\S+)/.exec(shown(host, 'hosting0'))?.[1] ?? ''
    expect((await failing(host, has('web1', { ether: own }))).message).toContain(
      'vnet0 of web1 and hosting0 would both',
    )
  })
})

test('a private interface without addresses cannot send IPv4, which is told', async () => {
  const host = await jailHost()
  const { warnings } = await converged(host, { id: 'web1', interfaces: ['hosting0'] })
  expect(warnings).toEqual([
    expect.stringMatching(/^web1: vnet0 has no `addresses`, so that .* cannot send IPv4 at all/),
  ])
})
