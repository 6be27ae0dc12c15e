/** Texts merged by lines: what is found in any order of changes, and in what time. */
import fc from 'fast-check'
import { diff3Merge } from 'node-diff3'
import { expect, test } from 'vitest'
import { piecesOf } from '../../modules/rules/merge/anchors.ts'
import { decode, mergeText } from '../../modules/rules/merge/text.ts'

const line = fc.constantFrom('a\n', 'b\n', 'c\n', 'd\n', '\n', '#\n', 'e\n', 'f\n', 'g\n', 'h\n')
const lines = fc.array(line, { maxLength: 12 })
const sides = fc.record({ old: lines, new: lines, own: lines })
const texts = ({ old, new: newer, own }: { old: string[]; new: string[]; own: string[] }) => ({
  old: old.join(''),
  new: newer.join(''),
  own: own.join(''),
})

test('pieces put together are the three texts again', () => {
  fc.assert(
    fc.property(sides, given => {
      const pieces = piecesOf(given)
      for (const side of ['old', 'new', 'own'] as const)
        expect(pieces.flatMap(piece => piece[side])).toEqual(given[side])
    }),
  )
})

test('what only one side changed is as that side has it, and both sides may be swapped', () => {
  fc.assert(
    fc.property(sides, given => {
      const { old, new: newer, own } = texts(given)
      expect(mergeText({ old, new: newer, own: old })).toEqual({ text: newer })
      expect(mergeText({ old, new: old, own })).toEqual({ text: own })
      expect(mergeText({ old, new: own, own })).toEqual({ text: own })
      expect(mergeText({ old, new: own, own: newer })).toEqual(mergeText({ old, new: newer, own }))
    }),
  )
})

test('changes to lines apart from each other are both there', () => {
  const numbered = (count: number, changes: ReadonlyMap<number, string>) =>
    Array.from({ length: count }, (_, at) => changes.get(at) ?? `line ${at}\n`).join('')
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(30), { minLength: 2, maxLength: 8 }), places => {
      const apart = places.map(at => at * 2)
      const change = (side: string, parity: number) =>
        new Map(apart.filter((_, index) => index % 2 === parity).map(at => [at, `${side} ${at}\n`]))
      const [newer, own] = [change('new', 0), change('own', 1)]
      expect(mergeText({ old: numbered(61, new Map()), new: numbered(61, newer), own: numbered(61, own) })).toEqual({
        text: numbered(61, new Map([...newer, ...own])),
      })
    }),
  )
})

test('where diff3 finds one way for the whole, so do the pieces, whenever the lines are distinct', () => {
  const distinct = fc.uniqueArray(
    fc.nat(20).map(number => `${number}\n`),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(distinct, fc.infiniteStream(fc.nat(5)), (old, chance) => {
      const edit = (side: string) =>
        old.flatMap(each => {
          const { value } = chance.next()
          return value === 0 ? [] : value === 1 ? [each, `${side} ${each}`] : [each]
        })
      const [newer, own] = [edit('new'), edit('own')]
      const whole = diff3Merge<string>(own, old, newer)
      const expected = whole.some(({ conflict }) => conflict) ? undefined : whole.flatMap(({ ok }) => ok ?? []).join('')
      const found = mergeText(texts({ old, new: newer, own }))
      expect('text' in found ? found.text : undefined).toBe(expected)
    }),
  )
})

/** As long as a php.ini with all its comments, and with as many lines alike. */
const settings = (changes: ReadonlyMap<number, string>, count = 2_000) =>
  Array.from(
    { length: count },
    (_, at) => changes.get(at) ?? (at % 3 === 0 ? '\n' : at % 3 === 1 ? ';\n' : `name${at} = ${at}\n`),
  ).join('')

test('a large file of settings is merged in milliseconds, far below what a switch may take of its own', () => {
  const [newer, own] = [new Map([[101, 'name101 = new\n']]), new Map([[1_901, 'name1901 = mine\n']])]
  const given = { old: settings(new Map()), new: settings(newer), own: settings(own) }
  const took = Array.from({ length: 5 }, () => {
    const started = performance.now()
    expect(mergeText(given)).toEqual({ text: settings(new Map([...newer, ...own])) })
    return performance.now() - started
  })
  expect(Math.min(...took)).toBeLessThan(50)
})

test('a text whose lines are all alike is a conflict at once, and no endless comparison', () => {
  const text = (end: string) => 'x\n\n'.repeat(10_000) + end
  expect(mergeText({ old: text('a\n'), new: text('b\n\n'), own: `m\n${text('a\n')}` })).toEqual({
    problem: 'too many of its lines are alike for it to be merged',
  })
})

test('a last line without its line feed is never joined to another', () => {
  expect(mergeText({ old: 'a\nb\nc', new: 'a\nb\nc', own: 'a\nb\nc' })).toEqual({ text: 'a\nb\nc' })
  expect(mergeText({ old: 'a\n', new: 'a\nb\n', own: 'a' })).toHaveProperty('problem')
})

test.each([
  ['text', [0x61, 0x0a], 'a\n'],
  ['UTF-8', [0xc3, 0xa4], 'ä'],
  ['a byte order mark', [0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
  ['nothing', [], ''],
  ['latin1', [0xe4], undefined],
  ['a NUL', [0x61, 0], undefined],
])('bytes that are %s', (_, bytes, text) => {
  expect(decode(Uint8Array.from(bytes))).toBe(text)
})
