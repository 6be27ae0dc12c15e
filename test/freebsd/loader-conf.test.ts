import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LOADER } from '../../modules/freebsd/loader-conf.ts'

const parsed = (text: string) => LOADER.parse(text).map(({ text: _, ...rest }) => rest)

test.each([
  ['zfs_load="YES"\n', 'zfs_load', 'YES', ''],
  ['kern.racct.enable=1', 'kern.racct.enable', '1', ''],
  ['  hw.vga.textmode = "1"  # for the console\n', 'hw.vga.textmode', '1', '  # for the console'],
  ['kern.geom.label.gptid.enable=""\n', 'kern.geom.label.gptid.enable', '', ''],
])('%j is a setting', (text, name, value, tail) =>
  expect(parsed(text)).toEqual([{ kind: 'setting', name, value, tail }]),
)

test.each(['a="$b"', 'a="x\\"y"', 'a=x y', 'a="1" # so "called"', "a='1'", 'a='])(
  '%j is read by the loader alone',
  text => expect(parsed(text)).toEqual([{ kind: 'strange', names: ['a'] }]),
)

test.each(['# a="1"', '', '  ', 'nonsense'])('%j sets nothing', text =>
  expect(parsed(text).every(({ kind }) => kind === 'other')).toBe(true),
)

describe('host-3 writing names with dots, which sysrc(8) refuses', () => {
  test('what can be written reads back', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,20}$/)
    fc.assert(
      fc.property(name, fc.string(), (name, value) => {
        fc.pre(LOADER.objection(name, value) === undefined)
        expect(parsed(`${LOADER.render(name, value)}\n`)).toEqual([{ kind: 'setting', name, value, tail: '' }])
      }),
    )
  })

  test.each([
    ['a', 'x"y'],
    ['a', '$b'],
    ['a', 'x\\'],
    ['a', 'x\ny'],
    ['exec', 'reboot'],
    ['bootlock_password', 'x'],
    ['a b', '1'],
    ['.a', '1'],
  ])('%s=%j is refused', (name, value) => expect(LOADER.objection(name, value)).toBeDefined())
})
