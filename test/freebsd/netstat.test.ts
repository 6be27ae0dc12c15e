import { expect, test } from 'vitest'
import { parseTraffic, readTraffic } from '../../modules/freebsd/netstat.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

/** In the form of usr.bin/netstat/if.c (14): no transcript has it. */
const PRINTED =
  '{"statistics": {"interface": [{"name":"vtnet0","flags":"0x8843","mtu":1500,"network":"<Link#1>","address":"52:54:00:12:34:56","received-packets":1204,"received-errors":0,"dropped-packets":0,"received-bytes":98007199254,"sent-packets":804,"send-errors":0,"sent-bytes":71234,"collisions":0}, {"name":"lo0","flags":"0x8049","mtu":16384,"network":"<Link#2>","address":"lo0","received-packets":0,"received-errors":0,"dropped-packets":0,"received-bytes":0,"sent-packets":0,"send-errors":0,"sent-bytes":0,"collisions":0}]}}\n'

test('bytes by interface', () => {
  expect([...parseTraffic(PRINTED)]).toEqual([
    ['vtnet0', { receivedBytes: 98_007_199_254, sentBytes: 71_234 }],
    ['lo0', { receivedBytes: 0, sentBytes: 0 }],
  ])
})

test.each([
  '',
  '{}',
  '{"statistics": {"interface": [{"name":"lo0"}]}}',
  '{"statistics": {"interface": [{"received-bytes":1,"sent-bytes":2}]}}',
])('what cannot be read is reported: %j', text => {
  expect(() => parseTraffic(text)).toThrow(/cannot read what 'netstat --libxo json -i -b -n -f link' printed/)
})

test('the interfaces that ifconfig names, in one process', async () => {
  const host = fakeFreeBSD()
  const names = host.outside('ifconfig', '-l').stdout.trim().split(' ')
  expect([...(await readTraffic(host)).keys()]).toEqual(names)
  expect(host.counts).toEqual({ netstat: 1 })
})
