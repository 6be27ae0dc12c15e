/** arp(8) and ndp(8): usr.sbin/arp/arp_netlink.c and usr.sbin/ndp/ndp_netlink.c. And what a restart of the network does to them. */
import { expect, test } from 'vitest'
import { parseNeighbors } from '../../modules/freebsd/neighbors.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

const ETHER = '02:00:00:00:00:0b'

function host() {
  const it = fakeFreeBSD({
    files: {
      '/etc/rc.conf':
        'ifconfig_vtnet0="inet 10.0.2.15/24"\ncloned_interfaces="bridge0:sticky"\nifconfig_bridge0="inet 10.66.0.1/24"\n',
    },
  })
  it.boot()
  it.outside('ifconfig', 'bridge0', 'inet6', 'fd00:66::1/64')
  return it
}

test('an entry is permanent, as those of the host itself are, and goes when it is told', () => {
  const { outside } = host()
  expect(outside('arp', '-s', '10.66.0.11', ETHER)).toEqual({ exit: 0, stdout: '', stderr: '' })
  expect(outside('ndp', '-s', 'fd00:66::11', ETHER)).toEqual({ exit: 0, stdout: '', stderr: '' })
  expect(outside('arp', '-an').stdout).toContain(`? (10.66.0.11) at ${ETHER} on bridge0 permanent [bridge]\n`)
  expect(outside('arp', '-an').stdout).toMatch(/^\? \(10\.0\.2\.15\) at 52:\S+ on vtnet0 permanent \[ethernet\]$/m)
  expect(outside('ndp', '-an').stdout).toMatch(
    new RegExp(
      `^Neighbor +Linklayer Address +Netif Expire +S Flags\\n[^]*^fd00:66::11 +${ETHER} bridge0 permanent R`,
      'm',
    ),
  )
  expect(outside('arp', '-d', '10.66.0.11').stdout).toBe('10.66.0.11 (10.66.0.11) deleted\n')
  expect(outside('arp', '-d', '10.66.0.11')).toMatchObject({ exit: 1, stderr: expect.stringContaining('10.66.0.11') })
})

test('where the host has no address in that network, it says so and exits with 0', () => {
  const { outside } = host()
  expect(outside('arp', '-s', '10.99.0.11', ETHER)).toEqual({
    exit: 0,
    stdout: '',
    stderr: 'arp: delete: cannot locate 10.99.0.11\n',
  })
})

test('what is learned, incomplete or of a link only is none; what is no entry is not passed over', () => {
  const arp = `? (10.66.0.12) at (incomplete) on bridge0 expired [bridge]\n? (10.66.0.13) at ${ETHER} on bridge0 expires in 1177 seconds [bridge]\n`
  const ndp = `Neighbor                             Linklayer Address  Netif Expire    S Flags\nfe80::1%lo0                          (incomplete)         lo0 permanent R \n`
  expect(parseNeighbors([arp, ndp])).toEqual([])
  expect(() => parseNeighbors(['arp: sysctl: no\n', ''])).toThrow('cannot read what')
})

test('rc.d/netif takes all down and brings up what rc.conf names; entries go with the address', () => {
  const it = host()
  it.outside('arp', '-s', '10.66.0.11', ETHER)
  for (const words of ['epair7 create', 'bridge0 addm epair7a', 'epair7a up'])
    it.outside('ifconfig', ...words.split(' '))
  expect(it.outside('service', 'netif', 'restart').stdout).toMatch(
    /^Stopping Network: vtnet0 lo0 bridge0 epair7a epair7b\.\nStarting Network: vtnet0 lo0 bridge0\.\n/,
  )
  const isUp = (name: string) => /<UP,/.test(it.outside('ifconfig', name).stdout)
  expect(['vtnet0', 'lo0', 'bridge0', 'epair7a'].map(isUp)).toEqual([true, true, true, false])
  expect(it.outside('ifconfig', 'bridge0').stdout).toContain('member: epair7a')
  expect(it.outside('arp', '-an').stdout).not.toContain('10.66.0.11')
  expect(it.outside('ifconfig', 'lo0').stdout).toContain('inet 127.0.0.1')
})
