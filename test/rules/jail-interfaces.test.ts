import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Interface, parseInterfaces } from '../../modules/freebsd/ifconfig.ts'
import {
  chooseUnits,
  leftInterfaces,
  linkAddress,
  numbersOf,
  refuseCollisions,
  takenUnits,
  wiresOf,
} from '../../modules/rules/jail/interfaces.ts'
import { interfacesOf } from '../../modules/rules/jail/network.ts'

const named = (...names: string[]): Interface[] =>
  parseInterfaces(names.map(name => `${name}: flags=8843<UP> metric 0 mtu 1500\n`).join(''))
const id = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/)
const wires = (own: string, units: number[], ...bridges: string[]) => {
  const interfaces = interfacesOf(
    own,
    bridges.map(bridge => ({ bridge })),
    10,
  )
  return wiresOf({ id: own, interfaces, routes: [] }, 'hamburg1', units)
}

const NOBODY_ELSE = { made: [], interfaces: [] }

describe('link addresses', () => {
  test('net-3: stable, locally administered, no multicast, and of each end another', () => {
    fc.assert(
      fc.property(fc.string(), id, fc.nat(9), (host, own, number) => {
        const ends = (['a', 'b'] as const).map(end => linkAddress(host, own, number, end))
        expect(ends).toEqual([linkAddress(host, own, number, 'a'), linkAddress(host, own, number, 'b')])
        for (const ether of ends) expect(ether).toMatch(/^02(:[0-9a-f]{2}){5}$/)
        expect(ends[0]).not.toBe(ends[1])
      }),
    )
  })

  test('net-3: the same id on another host, and another id on this one, have others', () => {
    const all = ['hamburg1', 'hamburg2'].flatMap(host =>
      Array.from({ length: 500 }, (_, number) => linkAddress(host, `web${number}`, 0, 'b')),
    )
    expect(new Set(all).size).toBe(1000)
  })

  test('two instances that would have the same are refused', () => {
    const [one, other] = ['web1', 'web2'].map(own => {
      const interfaces = interfacesOf(own, [{ bridge: 'br0', ether: '02:00:00:00:00:01' }], 10)
      return wiresOf({ id: own, interfaces, routes: [] }, 'h', [1000])
    })
    expect(() =>
      refuseCollisions(
        new Map([
          ['web1', one ?? []],
          ['web2', other ?? []],
        ]),
        NOBODY_ELSE,
      ),
    ).toThrow(
      'vnet0 of web2 and vnet0 of web1 would both have the link address 02:00:00:00:00:01. Give one of them another with `ether`.',
    )
    expect(() =>
      refuseCollisions(
        new Map([
          ['web1', wires('web1', [1, 2], 'br0', 'br0')],
          ['web2', wires('web2', [3], 'br0')],
        ]),
        NOBODY_ELSE,
      ),
    ).not.toThrow()
  })
})

test('jail-7: names of interfaces have at most 15 characters, for the longest id and the most interfaces', () => {
  const all = wires(
    'abcdefghijk',
    Array.from({ length: 10 }, (_, at) => 32_000 + at),
    ...Array(10).fill('br0'),
  )
  const names = all.flatMap(({ unit, outer, inner }) => [outer.name, inner.passing, inner.name, `epair${unit}a`])
  expect(names.filter(name => name.length > 15)).toEqual([])
  expect(new Set(names).size).toBe(40)
})

describe('numbers of epairs', () => {
  const conf = (...units: number[]) => units.map(unit => `"ifconfig epair${unit} create"`).join('\n')

  test('an instance keeps those its file has, and gets free ones', () => {
    const taken = takenUnits(
      new Map([
        ['web1', conf(2000)],
        ['web2', conf(2001)],
      ]),
      [],
    )
    expect(chooseUnits('web1', 1, taken)).toEqual([2000])
    const [kept, added] = chooseUnits('web1', 2, taken)
    expect(kept).toBe(2000)
    expect(added).toBeGreaterThanOrEqual(1000)
    expect(added).not.toBe(2001)
  })

  test('no two instances of a host have the same, whoever comes first', () => {
    fc.assert(
      fc.property(fc.uniqueArray(id, { maxLength: 60 }), fc.nat(3), (ids, count) => {
        const taken = takenUnits(new Map(), [])
        const all = ids.flatMap(own => chooseUnits(own, count, taken))
        expect(new Set(all).size).toBe(ids.length * count)
        for (const unit of all) expect(unit).toBeLessThanOrEqual(32_767)
      }),
    )
  })

  test('live-1: one that somebody else has made is not asked for again', () => {
    const [first = 0] = chooseUnits('web1', 1, takenUnits(new Map(), []))
    const taken = takenUnits(new Map(), named(`epair${first}a`, `epair${first}b`))
    expect(chooseUnits('web1', 1, taken)).not.toEqual([first])
  })

  test('its own, left without a name by a start that failed, stays its own', () => {
    const taken = takenUnits(new Map([['web1', conf(2000)]]), named('epair2000a', 'epair2000b'))
    expect(chooseUnits('web1', 1, taken)).toEqual([2000])
  })
})

describe('what is left on the host of an instance that does not run', () => {
  test.each([
    ['jail-6: the outer end, the inner one being back as vnet0', ['e0a_web1', 'vnet0'], ['e0a_web1']],
    ['jail-6: both ends under their own names', ['e0a_web1', 'e0b_web1'], ['e0a_web1']],
    ['an epair that has no name yet', ['epair2000a', 'epair2000b'], ['epair2000a']],
    ['one end with its name, the other without', ['e0a_web1', 'epair2000b'], ['e0a_web1']],
    ['two interfaces, the second not named', ['e0a_web1', 'epair2001a', 'epair2001b'], ['e0a_web1', 'epair2001a']],
    ['one more than its file has', ['e0a_web1', 'e3a_web1'], ['e0a_web1', 'e3a_web1']],
    ['nothing', ['vtnet0', 'lo0', 'e0a_web10', 'e0a_xweb1', 'epair2002a', 'vnet0'], []],
  ])('%s', (_title, present, expected) => {
    expect(leftInterfaces('web1', [2000, 2001], named(...present))).toEqual(expected)
  })

  test('numbers are told from the outer ends', () => {
    expect(numbersOf('web1', named('e0a_web1', 'e2a_web1', 'e1b_web1', 'e1a_web11'))).toEqual([0, 2])
  })
})
