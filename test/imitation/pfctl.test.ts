/** pfctl(8): 04-symlink-rctl-net.jsonl, "pf(4)", and the ways rules of hosting are written. */
import { expect, test } from 'vitest'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

function machine() {
  const host = fakeFreeBSD({ commands: [['kldload', 'pf']] })
  const pfctl = (...args: string[]) => host.outside('pfctl', ...args)
  const load = (anchor: string, text: string) => {
    host.tree.write('/tmp/rules', text)
    return pfctl('-a', anchor, '-f', '/tmp/rules')
  }
  return { host, pfctl, load }
}

const NAT = 'nat on vtnet0 inet from 10.66.0.0/24 to any -> (vtnet0)'

test('needs its module', () => {
  expect(fakeFreeBSD().outside('pfctl', '-sn')).toEqual({
    exit: 1,
    stdout: '',
    stderr: 'pfctl: /dev/pf: No such file or directory\n',
  })
})

test('is enabled once [net-4, 04:52]', () => {
  const { host, pfctl } = machine()
  host.tree.write('/tmp/pf.conf', `${NAT}\npass\n`)
  expect(pfctl('-nf', '/tmp/pf.conf').exit).toBe(0)
  expect(pfctl('-sn').stdout).toBe('')
  expect(pfctl('-f', '/tmp/pf.conf').exit).toBe(0)
  expect(pfctl('-sn').stdout).toBe(`${NAT} round-robin\n`)
  expect(pfctl('-sr').stdout).toBe('pass all flags S/SA keep state\n')
  expect(pfctl('-si').stdout.split('\n').slice(0, 3)).toEqual([
    'Status: Disabled                              Debug: Urgent',
    '',
    'State Table                          Total             Rate',
  ])
  expect(pfctl('-e')).toEqual({ exit: 0, stdout: '', stderr: 'pf enabled\n' })
  expect(pfctl('-e')).toEqual({ exit: 1, stdout: '', stderr: 'pfctl: pf already enabled\n' })
  expect(pfctl('-d').stderr).toBe('pf disabled\n')
})

test('one anchor is loaded and the rest stays; a mistake loads nothing [net-4, 04:53]', () => {
  const { host, pfctl, load } = machine()
  host.tree.write('/tmp/pf2.conf', 'nat-anchor "hosting/*"\nanchor "hosting/*"\npass\n')
  pfctl('-f', '/tmp/pf2.conf')
  expect(load('hosting/nat', `${NAT}\n`).exit).toBe(0)
  expect(pfctl('-a', 'hosting/nat', '-sn').stdout).toBe(`${NAT} round-robin\n`)
  expect(pfctl('-a', 'hosting/*', '-sn').stdout).toBe('')
  expect(pfctl('-sA').stdout).toBe('  hosting\n')
  expect(pfctl('-a', 'hosting', '-sA').stdout).toBe('  hosting/nat\n')
  expect(load('hosting/nat', 'nonsense\n')).toEqual({
    exit: 1,
    stdout: '',
    stderr: '/tmp/rules:1: syntax error\npfctl: Syntax error in config file: pf rules not loaded\n',
  })
  expect(pfctl('-a', 'hosting/nat', '-sn').stdout).toBe(`${NAT} round-robin\n`)
  expect(pfctl('-a', 'hosting/nat', '-F', 'all').stderr).toContain('nat cleared')
  expect(pfctl('-a', 'hosting', '-sA').stdout).toBe('')
  expect(pfctl('-sn').stdout).toBe('nat-anchor "hosting/*" all\n')
})

test.each([
  ['nat on vtnet0 from 10.1.0.0/24 to any -> 192.0.2.1', 'nat on vtnet0 inet from 10.1.0.0/24 to any -> 192.0.2.1'],
  [
    'block in quick on e1a_web1 inet from ! 10.66.0.11',
    'block drop in quick on e1a_web1 inet from ! 10.66.0.11 to any',
  ],
  ['pass out proto udp from any to any port 53', 'pass out proto udp from any to any port = 53 keep state'],
  [
    'pass in on vtnet0 proto { tcp, udp } to 10.0.2.15 port { 80, 443 }',
    [
      'pass in on vtnet0 inet proto tcp from any to 10.0.2.15 port = 80 flags S/SA keep state',
      'pass in on vtnet0 inet proto tcp from any to 10.0.2.15 port = 443 flags S/SA keep state',
      'pass in on vtnet0 inet proto udp from any to 10.0.2.15 port = 80 keep state',
      'pass in on vtnet0 inet proto udp from any to 10.0.2.15 port = 443 keep state',
    ].join('\n'),
  ],
  ['net = "10.9.0.0/16"\nblock return from $net', 'block return inet from 10.9.0.0/16 to any'],
  [
    'nat on vtnet0 from vtnet0:network -> (vtnet0)',
    'nat on vtnet0 inet from 10.0.2.0/24 to any -> (vtnet0) round-robin',
  ],
])('%s', (written, shown) => {
  const { pfctl, load } = machine()
  expect(load('hosting/x', `${written}\n`)).toMatchObject({ exit: 0, stderr: '' })
  expect(pfctl('-a', 'hosting/x', written.includes('nat') ? '-sn' : '-sr').stdout).toBe(`${shown}\n`)
})

test('what is pf’s but not imitated is not taken for a mistake', () => {
  expect(machine().load('x', 'pass in route-to (vtnet0 10.0.0.1) all\n')).toMatchObject({
    exit: 64,
    stderr: 'sandbox: pfctl: unknown word of pf.conf: route-to\n',
  })
})

test('statements must be in order (check_rulestate)', () => {
  expect(machine().load('x', 'pass\nnat on vtnet0 from any to any -> 1.2.3.4\n').stderr).toContain(
    '/tmp/rules:2: Rules must be in order: options, ethernet, normalization, queueing, translation, filtering\n',
  )
})

test('main rules load anchors from files, all or nothing (pfctl_load_anchors)', () => {
  const { host, pfctl } = machine()
  host.tree.write(
    '/tmp/pf.conf',
    'ether anchor "hosting/*"\nanchor "hosting/*"\nload anchor "hosting/x" from "/tmp/x"\n',
  )
  expect(pfctl('-f', '/tmp/pf.conf')).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining('/tmp/x: No such file'),
  })
  expect(pfctl('-sr').stdout).toBe('')
  host.tree.write('/tmp/x', 'ether block in on vtnet0 from ! 02:00:00:00:00:01\nblock in proto icmp icmp-type 5\n')
  expect(pfctl('-f', '/tmp/pf.conf')).toMatchObject({ exit: 0 })
  expect(pfctl('-a', 'hosting/x', '-sr').stdout).toBe('block drop in proto icmp all icmp-type 5\n')
  expect(pfctl('-a', 'hosting/x', '-s', 'ether').stdout).toBe('ether block in on vtnet0 from ! 02:00:00:00:00:01\n')
})

test("'*' shows the rules of all anchors that are called, each in its own (pfctl_show_rules)", () => {
  const { host, pfctl, load } = machine()
  host.tree.write('/tmp/main', 'anchor "hosting/*"\npass\n')
  pfctl('-f', '/tmp/main')
  load('hosting/web2', 'block in on e0a_web2\nanchor "revision-2"\n')
  load('hosting/web1', 'block in on e0a_web1\n')
  load('uncalled', 'block\n')
  expect(pfctl('-a', '*', '-sr').stdout).toBe(`anchor "hosting/*" all {
  anchor "web1" all {
    block drop in on e0a_web1 all
  }
  anchor "web2" all {
    block drop in on e0a_web2 all
    anchor "revision-2" all {
    }
  }
}
pass all flags S/SA keep state
`)
  expect(pfctl('-a', 'hosting/*', '-sr').stdout).toBe('')
})

test('an anchor of a name with _ in front cannot be changed from the command line (main of pfctl.c)', () => {
  const { load, pfctl } = machine()
  const refusal = "pfctl: anchor names beginning with '_' cannot be modified from the command line\n"
  expect(load('hosting/_x', 'pass\n')).toEqual({ exit: 1, stdout: '', stderr: refusal })
  expect(pfctl('-a', '_x', '-F', 'all').stderr).toBe(refusal)
})
