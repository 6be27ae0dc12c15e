/** What keeps an instance from sending as somebody else. */
import { expect, test } from 'vitest'
import { instanceRules, memberRules, memberWords } from '../../modules/rules/bridge/isolation.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

const guarded = { member: 'e0a_web1', ether: '02:00:00:00:00:0b', addresses: ['10.66.0.11/24', 'fd00:66::11/64'] }

test('live-8 on the bridge: its one link address is fixed, and neighbours do not see it', () => {
  const host = fakeFreeBSD()
  for (const command of ['epair7 create', 'epair7a name e0a_web1', 'bridge0 create', 'bridge0 addm e0a_web1'])
    host.outside('ifconfig', ...command.split(' '))
  expect(host.outside('ifconfig', 'bridge0', ...memberWords(guarded))).toMatchObject({ exit: 0, stderr: '' })
  expect(host.outside('ifconfig', 'bridge0').stdout).toMatch(
    /member: e0a_web1 flags=\w+<LEARNING,PRIVATE,AUTOEDGE,AUTOPTP>\n\t +ifmaxaddr 1 /,
  )
  expect(host.outside('ifconfig', 'bridge0', 'addr').stdout).toContain('02:00:00:00:00:0b Vlan1 e0a_web1')
})

test('live-8 in pf: only its own addresses, no DHCP server, no router', () => {
  expect(memberRules(guarded)).toEqual([
    'table <own_e0a_web1> const { 10.66.0.11, fd00:66::11, fe80::ff:fe00:b, :: }',
    'block drop in quick on e0a_web1 inet from ! <own_e0a_web1> to any',
    'block drop in quick on e0a_web1 inet6 from ! <own_e0a_web1> to any',
    'block drop in quick on e0a_web1 inet proto udp from any port 67 to any',
    'block drop in quick on e0a_web1 inet6 proto udp from any port 547 to any',
    'block drop in quick on e0a_web1 inet proto icmp from any to any icmp-type 5',
    'block drop in quick on e0a_web1 inet6 proto icmp6 from any to any icmp6-type 134',
    'block drop in quick on e0a_web1 inet6 proto icmp6 from any to any icmp6-type 137',
  ])
})

test('the file of an instance with two interfaces has its rules in the order that pfctl demands, and loads', () => {
  const host = fakeFreeBSD({ commands: [['kldload', 'pf']] })
  const text = instanceRules([guarded, { ...guarded, member: 'e1a_web1', addresses: [] }])
  expect(text.split('\n').map(line => line.split(' ', 1)[0])).toEqual([
    ...Array(2).fill('table'),
    ...Array(14).fill('block'),
    '',
  ])
  host.tree.write('/tmp/rules', text)
  expect(host.outside('pfctl', '-a', 'hosting/web1', '-f', '/tmp/rules')).toMatchObject({ exit: 0, stderr: '' })
  expect(host.outside('pfctl', '-a', 'hosting/web1', '-sr').stdout).toContain('block drop in quick on e1a_web1 inet ')
})

test('names of tables have room for the longest interface', () => {
  const [table = ''] = memberRules({ ...guarded, member: 'e0a_abcdefghijk' })
  expect(/<(.*)>/.exec(table)?.[1]?.length).toBeLessThanOrEqual(31)
})
