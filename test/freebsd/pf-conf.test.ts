/** Lines of ours in a pf.conf of somebody else's. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hasRulesBeside, parseRules, withLines } from '../../modules/freebsd/pf-conf.ts'

const OURS = [
  'ether anchor "h/*"',
  'nat-anchor "h/*"',
  'rdr-anchor "h/*"',
  'anchor "h/*"',
  'load anchor "h/x" from "/x"',
]

describe('where lines go', () => {
  test('into an empty file, in their own order', () => {
    expect(withLines('', OURS)).toBe(`${OURS.join('\n')}\n`)
  })

  test('before what must follow, behind translations of others, before filter rules of others', () => {
    expect(withLines('ext = "em0"\nset skip on lo0\nqueue x\nnat on $ext -> 1.2.3.4\nblock\n', OURS)).toBe(
      `ext = "em0"
set skip on lo0
ether anchor "h/*"
queue x
nat on $ext -> 1.2.3.4
nat-anchor "h/*"
rdr-anchor "h/*"
anchor "h/*"
block
load anchor "h/x" from "/x"
`,
    )
  })

  test('never into a statement of several lines, a comment or a string', () => {
    const text =
      '# block in\nset limit { states 1,\n frags 2 }\ntable <t> { "pass",\n 1.2.3.4 } # {\npass in \\\n on em0\nanchor "a" {\n block\n}'
    const lines = parseRules(text).map(one => one.text)
    expect(lines).toEqual([
      '# block in\n',
      'set limit { states 1,\n frags 2 }\n',
      'table <t> { "pass",\n 1.2.3.4 } # {\n',
      'pass in \\\n on em0\n',
      'anchor "a" {\n block\n}',
    ])
    expect(withLines(text, ['anchor "h/*"'])).toBe(text.replace('pass in', 'anchor "h/*"\npass in'))
    expect(withLines(text, ['load anchor "h/x" from "/x"'])).toBe(`${text}\nload anchor "h/x" from "/x"\n`)
  })

  test('a line that is there already stays where it is, however it is written', () => {
    const there = 'pass\nnat-anchor   "h/*" all   # ours\n'
    expect(withLines(there, ['nat-anchor "h/*"'])).toBe(there)
  })

  test('the statements of others stay as they are and in their order, and ours are not added twice', () => {
    const statement = fc.constantFrom(
      'set skip on lo0',
      'scrub in',
      'nat on em0 -> 1.1.1.1',
      'block',
      '# x',
      '',
      'a = "b"',
      'ether pass',
      ' pass in # {',
    )
    fc.assert(
      fc.property(fc.array(statement), fc.boolean(), (statements, ends) => {
        const text = statements.join('\n') + (ends ? '\n' : '')
        const once = withLines(text, OURS)
        const rest = once
          .split('\n')
          .filter(line => !OURS.includes(line))
          .join('\n')
        expect(rest.replace(/\n$/, '')).toBe(text.replace(/\n$/, ''))
        expect(withLines(once, OURS)).toBe(once)
      }),
    )
  })
})

test.each([
  ['', false],
  ['set skip on lo0\nscrub in\nmac = "pass"\n# block\n', false],
  [`${OURS.join('\n')}\n`, false],
  ['pass\n', true],
  ['nat on em0 -> 1.2.3.4\n', true],
  ['ether block\n', true],
])('%j has rules beside ours: %s', (text, expected) => expect(hasRulesBeside(text, OURS)).toBe(expected))
