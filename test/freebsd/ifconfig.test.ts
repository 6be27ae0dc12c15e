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

describe('reading', () => {
  test('an epair, its link address and groups', () => {
    const text = saidBy('03-jails', 'ifconfig -l; ifconfig e0a_web1').split('\n').slice(1, 8).join('\n')
    expect(parseInterfaces(text)).toEqual([
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
    expect(() => parseInterfaces(text)).toThrow("cannot read what 'ifconfig -a' printed")
  })
})

const wire: Wire = {
  unit: 7,
  outer: { name: 'e0a_web1', ether: '02:00:00:00:00:0a' },
  inner: { passing: 'e0b_web1', name: 'vnet0', ether: '02:00:00:00:00:0b' },
  bridge: 'bridge0',
  memberWords: [],
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
    expect(describeStep(attachMember({ ...wire, memberWords: ['private', 'e0a_web1'] }))).toBe(
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
