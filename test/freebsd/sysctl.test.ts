import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalSysctl, isNumeric, parseSysctls } from '../../modules/freebsd/sysctl.ts'
import { SYSCTL } from '../../modules/freebsd/sysctl-conf.ts'

const parsed = (text: string) => SYSCTL.parse(text).map(({ text: _, ...rest }) => rest)

describe('sysctl -ei', () => {
  test('values by name; lines of a longer value, and leaves of a tree, are nobody’s', () => {
    const printed =
      'kern.version=FreeBSD 14.2\n    GENERIC\nkern.hostname=a=b\nnet.inet.ip.forwarding=0\nkern.bootfile=\n'
    expect([
      ...parseSysctls(printed, ['kern.version', 'kern.hostname', 'kern.bootfile', 'net.inet.ip', 'no.such']),
    ]).toEqual([
      ['kern.version', 'FreeBSD 14.2'],
      ['kern.hostname', 'a=b'],
      ['kern.bootfile', ''],
    ])
  })

  test.each([
    ['0x10', '16'],
    ['010', '8'],
    ['1, 2', '1 2'],
    ['-1', '-1'],
    [' text of words ', 'text of words'],
    ['10M', '10M'],
    ['', ''],
  ])('%j is the same as %j', (value, canonical) => expect(canonicalSysctl(value)).toBe(canonical))

  test('what is a number', () => {
    expect(['1', '-1', '1 2', '0x1f'].filter(isNumeric)).toHaveLength(4)
    expect(['', 'a', '10M', '25.0C'].filter(isNumeric)).toEqual([])
  })
})

describe('sysctl.conf(5)', () => {
  test.each([
    ['a.b=1\n', '1', ''],
    ['  a.b : 1  # why\n', '1', '  # why'],
    ['a.b="one two"\n', 'one two', ''],
    ["a.b='#1'", undefined, undefined],
    ['a.b=one two#why\n', 'one two', '#why'],
    ['a.b=\n', '', ''],
  ])('%j', (text, value, tail) =>
    expect(parsed(text)).toEqual([
      value === undefined ? { kind: 'strange', names: ['a.b'] } : { kind: 'setting', name: 'a.b', value, tail },
    ]),
  )

  test('what can be written reads back', () => {
    const name = fc.stringMatching(/^[a-z]{1,5}(\.[\w%]{1,5}){1,3}$/)
    fc.assert(
      fc.property(name, fc.string(), (name, value) => {
        fc.pre(SYSCTL.objection(name, value) === undefined)
        expect(parsed(`${SYSCTL.render(name, value)}\n`)).toEqual([{ kind: 'setting', name, value, tail: '' }])
      }),
    )
  })

  test.each([
    ['a.b', '"x"'],
    ['a.b', 'x # y'],
    ['a.b', ' x'],
    ['-a.b', '1'],
    ['nodots', '1'],
    ['a.b=1', '1'],
  ])('%s=%j is refused', (name, value) => expect(SYSCTL.objection(name, value)).toBeDefined())
})
