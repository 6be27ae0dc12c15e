import { describe, expect, test } from 'vitest'
import { describeStep } from '../../modules/core/step.ts'
import {
  attachMember,
  createdLines,
  destroyInterface,
  parseInterfaces,
  prepareLines,
  releaseLine,
  routeLine,
  unitsIn,
  type Wire,
} from '../../modules/freebsd/ifconfig.ts'
import { linesOf } from './transcript.ts'

const saidBy = (name: string, part: string) => linesOf(name).find(({ cmd }) => cmd?.includes(part))?.stdout ?? ''

describe('reading all that a host has', () => {
  test('net-2 all interfaces of a host, with their prefix lengths', () => {
    const text = saidBy('04-symlink-rctl-net', 'ifconfig -a -f inet:cidr').replace(/^vlan bridge epair lo\n/m, '')
    expect(parseInterfaces(text)).toEqual([
      {
        name: 'vtnet0',
        isUp: true,
        mtu: 1500,
        description: undefined,
        ether: '52:54:00:12:34:56',
        groups: [],
        addresses: ['10.0.2.15/24'],
        linkAddresses: [],
        acceptsRoutes: false,
        members: [],
        membership: new Map(),
        parent: undefined,
      },
      expect.objectContaining({
        name: 'lo0',
        mtu: 16384,
        groups: ['lo'],
        addresses: ['127.0.0.1/8', '::1/128'],
        linkAddresses: ['fe80::1/64'],
      }),
      expect.objectContaining({ name: 'bridge0', addresses: ['10.66.0.1/24'], members: [] }),
    ])
  })

  test('net-1 a new bridge is down and has no members', () => {
    const text = saidBy('04-symlink-rctl-net', 'ifconfig bridge create name hosting0').replace('hosting0\n', '')
    expect(parseInterfaces(text)).toMatchObject([{ name: 'hosting0', isUp: false, groups: ['bridge'], members: [] }])
  })

  test('a member and what is set for it', () => {
    const [text = ''] = linesOf('03-jails').flatMap(({ cmd, stdout }) => (cmd === 'ifconfig bridge0' ? [stdout] : []))
    const [bridge] = parseInterfaces(text.replace('ifmaxaddr 0', 'ifmaxaddr 1'))
    expect(bridge?.members).toEqual(['e0a_web1'])
    expect(bridge?.membership.get('e0a_web1')).toEqual({
      flags: ['LEARNING', 'DISCOVER', 'AUTOEDGE', 'AUTOPTP'],
      maxAddresses: 1,
    })
  })

  test('net-3 a VLAN and what it is on', () => {
    const text = saidBy('04-symlink-rctl-net', 'ifconfig vtnet0.200 create').split('vtnet0.200\n').at(-1) ?? ''
    expect(parseInterfaces(text.slice(text.indexOf('vtnet0.200: ')))).toMatchObject([
      { name: 'vtnet0.200', groups: ['vlan'], parent: 'vtnet0' },
    ])
  })

  test('an interface that learns its routes', () => {
    const text = 'em0: flags=8843<UP> metric 0 mtu 1500\n\tnd6 options=23<PERFORMNUD,ACCEPT_RTADV,AUTO_LINKLOCAL>\n'
    expect(parseInterfaces(text)[0]?.acceptsRoutes).toBe(true)
  })

  test.each(['ifconfig: no', 'em0: flags=8843<UP> metric 0'])('%j is none', text => {
    expect(() => parseInterfaces(text)).toThrow('cannot read what')
  })
})

describe('reading', () => {
  test('an epair, its link address and groups', () => {
    const text = saidBy('03-jails', 'ifconfig -l; ifconfig e0a_web1').split('\n').slice(1, 8).join('\n')
    expect(parseInterfaces(text)).toMatchObject([
      { name: 'e0a_web1', description: undefined, ether: '02:9b:7b:27:5e:0a', groups: ['epair'], members: [] },
    ])
  })

  test('a bridge and its members', () => {
    const lines = linesOf('03-jails').filter(({ cmd }) => cmd === 'ifconfig bridge0')
    expect(parseInterfaces(lines[0]?.stdout ?? '')[0]).toMatchObject({ name: 'bridge0', members: ['e0a_web1'] })
  })

  test('a description, and the addresses of net-2 beside it', () => {
    const text = saidBy('04-symlink-rctl-net', 'ifconfig hosting0 inet 10.66.0.1/24;').replace('rc=0\n', '')
    const hosting0 = text.slice(0, text.indexOf('\tinet 10.66.0.1/24'))
    expect(parseInterfaces(hosting0)[0]).toMatchObject({
      name: 'hosting0',
      description: 'customers',
      groups: ['bridge'],
    })
  })

  test('all interfaces of a host', () => {
    const text = saidBy('04-symlink-rctl-net', 'ifconfig -a -f inet:cidr').replace(/^vlan bridge epair lo\n/m, '')
    expect(parseInterfaces(text).map(({ name }) => name)).toEqual(['vtnet0', 'lo0', 'bridge0'])
  })

  test.each(['ifconfig: no', '\tether 02:00:00:00:00:01'])('%j is none', text => {
    expect(() => parseInterfaces(text)).toThrow("cannot read what 'ifconfig -a -f inet:cidr,inet6:cidr' printed")
  })
})

const wire: Wire = {
  unit: 7,
  outer: { name: 'e0a_web1', ether: '02:00:00:00:00:0a' },
  inner: { passing: 'e0b_web1', name: 'vnet0', ether: '02:00:00:00:00:0b' },
  bridge: 'bridge0',
  isPrivate: false,
  memberWords: [],
  repairWords: [],
  fixed: [],
  mtu: undefined,
  addresses: ['10.66.0.11/24', '10.66.0.12/24', 'fd00::11/64'],
  note: 'bluejail:1',
}

describe('wiring', () => {
  test('jail-5: prepared before the jail, configured in it, released after it', () => {
    expect(prepareLines(wire)).toEqual([
      'ifconfig epair7 create',
      'ifconfig epair7a name e0a_web1',
      'ifconfig epair7b name e0b_web1',
      'ifconfig e0a_web1 ether 02:00:00:00:00:0a descr bluejail:1',
      'ifconfig e0b_web1 ether 02:00:00:00:00:0b',
      'ifconfig bridge0 addm e0a_web1',
      'ifconfig e0a_web1 up',
    ])
    expect(createdLines('web1', wire)).toEqual([
      'ifconfig e0b_web1 vnet web1',
      'ifconfig -j web1 e0b_web1 name vnet0',
      'ifconfig -j web1 vnet0 inet 10.66.0.11/24',
      'ifconfig -j web1 vnet0 inet 10.66.0.12/24 alias',
      'ifconfig -j web1 vnet0 inet6 fd00::11/64',
      'ifconfig -j web1 vnet0 up',
    ])
    expect(releaseLine(wire)).toBe('ifconfig e0a_web1 destroy')
  })

  test('jail-5: no line needs a shell, so that no name can become syntax', () => {
    const lines = [...prepareLines(wire), ...createdLines('web1', wire), routeLine('web1', 'default', 'fe80::1%vnet0')]
    // usr.sbin/jail/command.c: any of these, and sh(1) runs it.
    expect(lines.filter(line => /[!"$&'()*;<>?[\\\]`{|}~]/.test(line))).toEqual([])
  })

  test('net-1: the MTU is set before the bridge has it as a member', () => {
    const lines = prepareLines({ ...wire, mtu: 9000 })
    expect(lines.findIndex(line => line.endsWith('mtu 9000'))).toBeLessThan(
      lines.findIndex(line => line.includes('addm')),
    )
    expect(lines.filter(line => line.endsWith(' mtu 9000'))).toHaveLength(2)
  })

  test("live-8: neighbours can be kept from each other at the bridge, outside of a customer's reach", () => {
    expect(prepareLines({ ...wire, memberWords: ['private', 'e0a_web1'] })).toContain(
      'ifconfig bridge0 addm e0a_web1 private e0a_web1',
    )
    expect(describeStep(attachMember({ ...wire, repairWords: ['private', 'e0a_web1'] }))).toBe(
      'ifconfig bridge0 addm e0a_web1 private e0a_web1',
    )
  })

  test('routes of both families', () => {
    expect(routeLine('web1', 'default', '10.66.0.1')).toBe('route -j web1 add default 10.66.0.1')
    expect(routeLine('web1', 'default', 'fd00::1')).toBe('route -j web1 add -inet6 default fd00::1')
  })

  test('jail-6: one end is destroyed, and the other goes with it', () => {
    const step = destroyInterface('e0a_web1')
    expect(describeStep(step)).toBe('ifconfig e0a_web1 destroy')
    const [both] = linesOf('04-symlink-rctl-net').filter(({ cmd }) =>
      cmd?.startsWith('ifconfig vnet0 destroy; ifconfig e0a'),
    )
    expect(both).toMatchObject({ stderr: expect.stringContaining('interface e0a_web1 does not exist') })
  })

  test('the numbers of epairs are read back from a file', () => {
    expect(
      unitsIn('  exec.prepare = "ifconfig epair7 create";\n  exec.prepare += "ifconfig epair12 create";\n'),
    ).toEqual([7, 12])
  })
})
