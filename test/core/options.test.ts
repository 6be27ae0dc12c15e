import { expect, test } from 'vitest'
import {
  choice,
  docOf,
  fileMode,
  flag,
  integer,
  listOf,
  mapping,
  optional,
  readOptions,
  record,
  type Shape,
  scalar,
  secret,
  secretsIn,
  text,
  withDefault,
} from '../../modules/core/options.ts'

const PLACEHOLDER = '__omit_place_holder__0123456789abcdef0123456789abcdef01234567'

/** What a single option makes of a value: the value read, or what is wrong with it. */
function read(option: Shape[string], given: unknown) {
  const outcome = readOptions({ it: option }, { it: given })
  return 'values' in outcome ? (outcome.values as { it: unknown }).it : outcome.problems.join('\n')
}

test.each([
  ['yes', true],
  ['on', true],
  ['True', true],
  ['1', true],
  [1, true],
  [true, true],
  ['no', false],
  ['Off', false],
  ['0', false],
  [0, false],
  [false, false],
])('a flag from %j is %j', (given, expected) => expect(read(flag(''), given)).toBe(expected))

test.each([['maybe'], [''], [2], [[]]])('a flag is not made from %j', given =>
  expect(read(flag(''), given)).toMatch(/^it: .* is not yes or no$/),
)

test.each([
  ['7', 7],
  [7, 7],
  ['-1', 'it: "-1" is not a whole number from 0 to 9'],
  ['', 'it: "" is not a whole number from 0 to 9'],
  [1.5, 'it: 1.5 is not a whole number from 0 to 9'],
  [true, 'it: true is not a whole number from 0 to 9'],
])('a number from 0 to 9 from %j: %j', (given, expected) => expect(read(integer('', 0, 9), given)).toBe(expected))

test.each([
  ['a b', 'a b'],
  [123, '123'],
  [true, 'it: true is not text: put it in quotes if it is meant as text'],
  ['', 'it: "" is not text'],
  ['a\nb', 'it: "a\\nb" is not text of a single line'],
  [{}, 'it: {} is not text'],
])('text from %j: %j', (given, expected) => expect(read(text(''), given)).toBe(expected))

test.each([
  [0o700, 0o700],
  ['0700', 0o700],
  ['700', 0o700],
  ['1777', 0o1777],
  ['rwx', 'it: "rwx" is not a mode in octal digits, such as \'0700\''],
  [0o17777, "it: 8191 is not a mode in octal digits, such as '0700'"],
])('a mode from %j: %j', (given, expected) => expect(read(fileMode(''), given)).toBe(expected))

test('a list comes from YAML, from commas, from JSON and from a single item', () => {
  const names = listOf(text(''), '')
  expect(read(names, ['a', 'b'])).toEqual(['a', 'b'])
  expect(read(names, 'a, b')).toEqual(['a', 'b'])
  expect(read(names, '["a","b"]')).toEqual(['a', 'b'])
  expect(read(names, 7)).toEqual(['7'])
  expect(read(names, '["a"')).toBe('it: "[\\"a\\"" is not a list in JSON')
})

test('a mapping comes from YAML, from pairs and from JSON, and keeps null', () => {
  const values = mapping(scalar(''), '')
  expect(read(values, { a: null, b: false, c: 1.5 })).toEqual({ a: null, b: false, c: 1.5 })
  expect(read(values, 'a=1, b=x')).toEqual({ a: '1', b: 'x' })
  expect(read(values, '{"a":[]}')).toMatch(/^it\.a: \[\] is not text, a number, yes, no or null$/)
  expect(read(values, 'nonsense')).toMatch(/key=value/)
})

test('a record may be written as one word, and an item of a list too', () => {
  const items = listOf(record({ name: text(''), size: optional(integer('')) }, '', 'name'), '')
  expect(read(items, ['a', { name: 'b', size: '3' }])).toEqual([{ name: 'a' }, { name: 'b', size: 3 }])
})

test('what omit and {{ none }} leave behind counts as not given, in keys and in lists', () => {
  const shape = {
    state: withDefault(choice(['present', 'absent'], ''), 'present'),
    names: optional(listOf(text(''), '')),
  }
  expect(readOptions(shape, { state: PLACEHOLDER, names: ['a', PLACEHOLDER] })).toEqual({
    values: { state: 'present', names: ['a'] },
  })
  expect(readOptions(shape, { state: null, names: null })).toEqual({ values: { state: 'present' } })
})

test('a number that has lost digits on its way is refused', () => {
  expect(read(scalar(''), 2 ** 64)).toMatch(/put it in quotes/)
  expect(read(text(''), 2 ** 60)).toMatch(/put it in quotes/)
})

test('an unknown option is refused by name with the closest match, at every depth', () => {
  const shape = { name: text(''), items: optional(listOf(record({ size: optional(integer('')) }, ''), '')) }
  expect(readOptions(shape, { name: 'x', nmae: 1 })).toEqual({
    problems: ["there is no option 'nmae'; did you mean 'name'? Known are: name, items"],
  })
  expect(readOptions(shape, { name: 'x', items: [{}, { sise: 1 }] })).toEqual({
    problems: ["items[1]: there is no option 'sise'; did you mean 'size'? Known are: size"],
  })
})

test('all that is wrong is told at once, each with its place', () => {
  const shape = { name: text(''), on: flag(''), items: listOf(record({ size: integer('') }, ''), '') }
  expect(readOptions(shape, { on: 'maybe', items: [{ size: 1 }, { size: 'x' }, {}] })).toEqual({
    problems: [
      'name: is required (text)',
      'on: "maybe" is not yes or no',
      'items[1].size: "x" is not a whole number from 0',
      'items[2].size: is required (a whole number from 0)',
    ],
  })
})

test('secrets are found wherever the options declare them, also in what cannot be read', () => {
  const shape = {
    key: optional(secret('')),
    items: listOf(record({ name: text(''), key: optional(secret('')) }, ''), ''),
  }
  expect(secretsIn(shape, { key: 's1', items: [{ key: 's2', nonsense: 1 }, 'x'], other: 's3' })).toEqual(['s1', 's2'])
  const asText = '[{"name":"a","key":"s4"}]'
  expect(secretsIn(shape, { items: asText })).toEqual([asText, 's4'])
  expect(secretsIn(shape, { items: '[{"key":"s5"' })).toEqual(['[{"key":"s5"'])
})

test('documentation knows what is required, what a default is and what may be chosen', () => {
  expect(docOf(text('A.'))).toMatchObject({ about: 'A.', type: 'str', required: true })
  expect(docOf(withDefault(flag('B.'), false))).toMatchObject({ type: 'bool', required: false, default: false })
  expect(docOf(optional(choice(['a', 'b'], 'C.')))).toMatchObject({ required: false, choices: ['a', 'b'] })
  expect(docOf(listOf(text('D.'), 'E.'))).toMatchObject({ type: 'list', elements: { type: 'str', about: 'D.' } })
})
