/** What pf's rules of bridges let through the host: the rules are read as pf would, and packets held against them. */
import { describe, expect, test } from 'vitest'
import { isInNetwork } from '../../modules/freebsd/addresses.ts'
import { parseInterfaces } from '../../modules/freebsd/ifconfig.ts'
import { rulesText } from '../../modules/rules/bridge/filter.ts'
import { privateNetworks } from '../../modules/rules/bridge/forwarding.ts'
import { requestsOf, type TaskOptions } from '../../modules/rules/bridge/requests.ts'
import { fakeFreeBSD } from '../support/fake-freebsd.ts'

const SELF = ['10.66.0.1', '10.67.0.1', 'fd00:67::1', '192.0.2.10', '203.0.113.1']

/** The most specific entry decides, and with `!` that is no (pf.conf(5), TABLES). */
function isIn(address: string, entries: readonly string[]): boolean {
  const fitting = entries
    .flatMap(entry => (entry === '! self' ? SELF.map(own => `! ${own}`) : [entry]))
    .map(entry => ({ isNot: entry.startsWith('! '), network: withLength(entry.replace(/^! /, '')) }))
    .filter(({ network }) => isInNetwork(address, network))
    .sort((one, other) => Number(other.network.split('/')[1]) - Number(one.network.split('/')[1]))
  return fitting.length > 0 && !fitting[0]?.isNot
}
const withLength = (entry: string) => (entry.includes('/') ? entry : `${entry}/${entry.includes(':') ? 128 : 32}`)

/** Whether a packet passes on its way in or out of an interface. Only `block`s with tables are there to be read. */
function passes(text: string, way: 'in' | 'out', on: string, from: string, to: string): boolean {
  const tables = new Map(
    [...text.matchAll(/^table <(\w+)> const \{ (.*) \}/gm)].map(([, name = '', list = '']) => [name, list.split(', ')]),
  )
  const matches = (address: string, words: string) => {
    const [, isNot, table = ''] = /^(! )?<(\w+)>$/.exec(words) ?? []
    return words === 'any' || isIn(address, tables.get(table) ?? []) !== (isNot !== undefined)
  }
  return ![...text.matchAll(/^block drop (in|out) quick on (\S+) (?:(inet6?) )?from (.*) to (.*) # /gm)].some(
    ([, direction, name, family, source = '', target = '']) =>
      direction === way &&
      name === on &&
      (family === undefined || (family === 'inet6') === from.includes(':')) &&
      matches(from, source) &&
      matches(to, target),
  )
}

const NO_DEVICES = new Map()
const textOf = (task: TaskOptions) => rulesText(requestsOf(task), undefined, NO_DEVICES)

/** As far as the host: in at one bridge, out at another interface. */
const through = (text: string, inAt: string, outAt: string) => (from: string, to: string) =>
  passes(text, 'in', inAt, from, to) && passes(text, 'out', outAt, from, to)

describe('a network with NAT beside one without', () => {
  const text = textOf({
    bridges: [
      { name: 'front', addresses: ['10.66.0.1/24'], nat: { interface: 'em0' } },
      { name: 'back', addresses: ['10.67.0.1/24', 'fd00:67::1/64'], forward: false },
      { name: 'world', uplinks: [{ interface: 'em1' }], addresses: ['203.0.113.1/24'] },
    ],
  })

  test.each([
    ['front', 'back', '10.66.0.11', '10.67.0.12'],
    ['back', 'front', '10.67.0.12', '10.66.0.11'],
    ['back', 'em0', '10.67.0.12', '198.51.100.1'],
    ['em0', 'back', '198.51.100.1', '10.67.0.12'],
    ['back', 'em0', 'fd00:67::12', '2001:db8::1'],
    ['front', 'front', '10.66.0.11', '10.66.0.12'],
    ['back', 'back', '10.67.0.11', '10.67.0.12'],
    ['world', 'em0', '203.0.113.11', '192.0.2.99'],
    ['world', 'world', '203.0.113.11', '203.0.113.12'],
    ['world', 'front', '203.0.113.11', '10.66.0.11'],
  ])('nothing goes from %s through the host to %s: %s to %s', (inAt, outAt, from, to) => {
    expect(through(text, inAt, outAt)(from, to)).toBe(false)
  })

  test.each([
    ['front', 'em0', '10.66.0.11', '198.51.100.1'],
    ['em0', 'front', '198.51.100.1', '10.66.0.11'],
  ])('what is to be forwarded is, from %s to %s', (inAt, outAt, from, to) => {
    expect(through(text, inAt, outAt)(from, to)).toBe(true)
  })

  test.each([
    ['front', '10.66.0.11', '10.66.0.1'],
    ['back', '10.67.0.12', '10.67.0.1'],
    ['back', 'fd00:67::12', 'fd00:67::1'],
    ['back', 'fe80::12', 'ff02::1:ff00:1'],
    ['back', '::', 'ff02::1:ff00:12'],
    ['back', '0.0.0.0', '255.255.255.255'],
    ['world', '203.0.113.11', '203.0.113.1'],
    ['world', '198.51.100.1', '203.0.113.1'],
  ])('the host itself is reached from %s, and its neighbour discovery: %s to %s', (on, from, to) => {
    expect(passes(text, 'in', on, from, to)).toBe(true)
    if (to.startsWith('ff') || to === '255.255.255.255') return
    expect(passes(text, 'out', on, to, from)).toBe(true)
  })

  test('pfctl takes them', () => {
    const host = fakeFreeBSD({ commands: [['kldload', 'pf']], files: { '/tmp/rules': text } })
    expect(host.outside('pfctl', '-a', 'hosting/all_bridges', '-f', '/tmp/rules')).toMatchObject({
      exit: 0,
      stderr: '',
    })
  })
})

test('a bridge without isolation has no rules, unless it is told not to forward', () => {
  const open = { name: 'open', addresses: ['10.68.0.1/24'], isolate: false }
  expect(textOf(open)).not.toContain('block')
  const text = textOf({ ...open, forward: false })
  expect(through(text, 'open', 'em0')('10.68.0.11', '198.51.100.1')).toBe(false)
  expect(() => requestsOf({ ...open, forward: false, nat: { interface: 'em0' } })).toThrow('`forward: false` keeps')
})

test('networks of bridges that somebody else made are private too, and those with an uplink are not', () => {
  const shown = [
    'em0: flags=8843<UP> metric 0 mtu 1500\n\tinet 192.0.2.10/24 broadcast 192.0.2.255\n',
    'theirs: flags=8843<UP> metric 0 mtu 1500\n\tinet 10.9.0.1/16\n\tgroups: bridge\n',
    'led: flags=8843<UP> metric 0 mtu 1500\n\tinet 10.8.0.1/16\n\tmember: em1 flags=143<LEARNING>\n\tgroups: bridge\n',
    'em1: flags=8843<UP> metric 0 mtu 1500\n',
  ]
  const devices = new Map(parseInterfaces(shown.join('')).map(one => [one.name, one]))
  const requests = requestsOf({ name: 'front', addresses: ['10.66.0.1/24'], nat: { interface: 'em0' } })
  expect(privateNetworks(requests, devices)).toEqual(['10.66.0.0/24', '10.9.0.0/16'])
  const text = rulesText(requests, undefined, devices)
  expect(passes(text, 'in', 'front', '10.66.0.11', '10.9.0.5')).toBe(false)
  expect(passes(text, 'in', 'front', '10.66.0.11', '10.8.0.5')).toBe(true)
})
