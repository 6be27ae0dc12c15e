/** The host's own interfaces by 04-symlink-rctl-net.jsonl, "interfaces". */
import { describe, expect, test } from 'vitest'
import { describeStep } from '../../modules/core/step.ts'
import {
  addAddress,
  addMember,
  createBridge,
  createVlan,
  parseDevices,
  removeAddress,
  setMtu,
  splitVlan,
} from '../../modules/freebsd/ifconfig-network.ts'
import { linesOf } from './transcript.ts'

const saidBy = (part: string) => linesOf('04-symlink-rctl-net').find(({ cmd }) => cmd?.includes(part))?.stdout ?? ''

describe('reading', () => {
  test('net-2 all interfaces of a host, with their prefix lengths', () => {
    const text = saidBy('ifconfig -a -f inet:cidr').replace(/^vlan bridge epair lo\n/m, '')
    expect(parseDevices(text)).toEqual([
      {
        name: 'vtnet0',
        isUp: true,
        mtu: 1500,
        description: undefined,
        groups: [],
        addresses: ['10.0.2.15/24'],
        acceptsRoutes: false,
        members: [],
        parent: undefined,
      },
      expect.objectContaining({ name: 'lo0', mtu: 16384, groups: ['lo'], addresses: ['127.0.0.1/8', '::1/128'] }),
      expect.objectContaining({ name: 'bridge0', addresses: ['10.66.0.1/24'], members: [] }),
    ])
  })

  test('net-1 a new bridge is down and has no members', () => {
    const text = saidBy('ifconfig bridge create name hosting0').replace('hosting0\n', '')
    expect(parseDevices(text)).toMatchObject([{ name: 'hosting0', isUp: false, groups: ['bridge'], members: [] }])
  })

  test('a member and what is set for it', () => {
    const [text = ''] = linesOf('03-jails').flatMap(({ cmd, stdout }) => (cmd === 'ifconfig bridge0' ? [stdout] : []))
    expect(parseDevices(text)[0]?.members).toEqual([
      { name: 'e0a_web1', flags: ['LEARNING', 'DISCOVER', 'AUTOEDGE', 'AUTOPTP'] },
    ])
  })

  test('net-3 a VLAN and what it is on', () => {
    const text = saidBy('ifconfig vtnet0.200 create').split('vtnet0.200\n').at(-1) ?? ''
    expect(parseDevices(text.slice(text.indexOf('vtnet0.200: ')))).toMatchObject([
      { name: 'vtnet0.200', groups: ['vlan'], parent: 'vtnet0' },
    ])
  })

  test('an interface that learns its routes', () => {
    const text = 'em0: flags=8843<UP> metric 0 mtu 1500\n\tnd6 options=23<PERFORMNUD,ACCEPT_RTADV,AUTO_LINKLOCAL>\n'
    expect(parseDevices(text)[0]?.acceptsRoutes).toBe(true)
  })

  test.each(['ifconfig: no', 'em0: flags=8843<UP> metric 0'])('%j is none', text => {
    expect(() => parseDevices(text)).toThrow('cannot read what')
  })
})

describe('steps', () => {
  test('net-1 net-3 names of FreeBSD are made as they are, others are given', () => {
    expect(
      [createBridge('bridge7'), createBridge('hosting0'), createVlan('em0.100', 'a note')].map(describeStep),
    ).toEqual([
      'ifconfig bridge7 create',
      'ifconfig bridge create name hosting0',
      "ifconfig em0.100 create descr 'a note' up",
    ])
    expect(splitVlan('em0.100')).toEqual({ parent: 'em0', tag: 100 })
    expect(splitVlan('em0')).toBeUndefined()
  })

  test('net-2 addresses go beside those that are there', () => {
    expect(
      [
        addAddress('hosting0', '10.66.0.1/24'),
        addAddress('hosting0', 'fd00::1/64'),
        removeAddress('hosting0', '10.66.0.2/32'),
      ].map(describeStep),
    ).toEqual([
      'ifconfig hosting0 inet 10.66.0.1/24 alias',
      'ifconfig hosting0 inet6 fd00::1/64 alias',
      'ifconfig hosting0 inet 10.66.0.2 -alias',
    ])
  })

  test('net-1 what cannot be is explained', () => {
    expect(setMtu('em0', 9000).objections?.[0]?.means).toContain('em0 cannot have an MTU of 9000')
    expect(addMember('hosting0', 'lo1').objections?.[0]?.said.test('ifconfig: BRDGADD lo1: Invalid argument')).toBe(
      true,
    )
  })
})
