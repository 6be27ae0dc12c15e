/** Three-way merge of a file, case by case: old blueprint, new blueprint, instance. */
import { describe, expect, test } from 'vitest'
import type { MergePlan } from '../../modules/rules/merge/plan-shape.ts'
import { contentOf, directory, file, merged, type Node, type Nodes, plan, three, told } from '../support/merge-trees.ts'

const P = 'etc/x.conf'

describe('a file', () => {
  const lines = (...words: string[]) => words.map(word => `${word}\n`).join('')
  test.each<[string, Nodes, Nodes, Nodes, Partial<MergePlan>]>([
    [
      'unchanged by the customer takes the new one',
      { [P]: 'a' },
      { [P]: 'b' },
      { [P]: 'a' },
      { takes: [{ path: P, kind: 'file' }] },
    ],
    ['changed by the customer alone is none of the comparison', { [P]: 'a' }, { [P]: 'a' }, { [P]: 'mine' }, {}],
    ['changed alike stays', { [P]: 'a' }, { [P]: 'b' }, { [P]: 'b' }, { same: [P] }],
    [
      'changed by both in other lines is merged',
      { [P]: lines('a', 'b', 'c') },
      { [P]: lines('a', 'b', 'new') },
      { [P]: lines('mine', 'b', 'c') },
      { writes: [{ path: P, content: lines('mine', 'b', 'new'), isSecret: false }] },
    ],
    [
      'changed by both in the same line is a conflict, the new one beside it',
      { [P]: 'a\n' },
      { [P]: 'new\n' },
      { [P]: 'mine\n' },
      {
        kept: [P],
        copies: [{ path: `${P}.blueprint-new`, source: P, attributes: { mode: 0o644, uid: 0, gid: 0 } }],
        conflicts: [
          {
            path: P,
            reason: 'the customer and the new blueprint changed the same lines, in 1 place',
            winner: 'customer',
            beside: `${P}.blueprint-new`,
          },
        ],
      },
    ],
    ['new, and not there yet, is taken', {}, { [P]: 'b' }, {}, { takes: [{ path: P, kind: 'file' }] }],
    [
      'dropped by the blueprint and unchanged goes',
      { [P]: 'a' },
      {},
      { [P]: 'a' },
      { removes: [{ path: P, kind: 'file' }] },
    ],
    ['dropped by the blueprint and removed by the customer', { [P]: 'a' }, {}, {}, { same: [P] }],
    [
      'dropped by the blueprint and changed by the customer stays',
      { [P]: 'a' },
      {},
      { [P]: 'mine' },
      {
        kept: [P],
        conflicts: [
          { path: P, reason: 'the customer changed it, and the new blueprint has it no more', winner: 'customer' },
        ],
      },
    ],
    [
      'removed by the customer and changed by the blueprint stays away',
      { [P]: 'a' },
      { [P]: 'b' },
      {},
      {
        kept: [P],
        conflicts: [
          {
            path: P,
            reason: 'the customer removed it, and the new blueprint changed it: it stays away',
            winner: 'customer',
          },
        ],
      },
    ],
    [
      'removed by the customer, with another mode in the blueprint',
      { [P]: 'a' },
      { [P]: file('a', 0o600) },
      {},
      { kept: [P] },
    ],
  ])('%s', (_, old, newer, own, expected) => {
    expect(told(plan(three(old, newer, own)))).toEqual(expected)
  })

  test.each([
    ['a NUL', 'a\0\n', 'it is no text (UTF-8), and both the customer and the new blueprint changed it'],
    ['not UTF-8', '\u00ff\n', 'it is no text (UTF-8), and both the customer and the new blueprint changed it'],
  ])('what cannot be merged as text is a conflict: %s', (_, content, reason) => {
    const given = plan(three({ [P]: 'a\n' }, { [P]: content }, { [P]: 'mine\n' }))
    expect(given.conflicts.map(conflict => conflict.reason)).toEqual([reason])
    expect(given.kept).toEqual([P])
  })

  test.each([
    ['CRLF', 'a\r\nb\r\nc\r\n', 'a\r\nb\r\nnew\r\n', 'mine\r\nb\r\nc\r\n', 'mine\r\nb\r\nnew\r\n'],
    ['no final line feed', 'a\nb\nc', 'a\nb\nnew', 'mine\nb\nc', 'mine\nb\nnew'],
    ['a final line feed that the customer took away', 'a\nb\nc\n', 'new\nb\nc\n', 'a\nb\nc', 'new\nb\nc'],
    ['a byte order mark', '\ufeffa\nb\nc\n', '\ufeffa\nb\nnew\n', '\ufeffmine\nb\nc\n', '\ufeffmine\nb\nnew\n'],
    ['lines added by both in other places', 'a\nb\n', 'a\nb\nnew\n', 'mine\na\nb\n', 'mine\na\nb\nnew\n'],
  ])('survives: %s', (_, old, newer, own, expected) => {
    expect(contentOf(merged(three({ [P]: old }, { [P]: newer }, { [P]: own })), P)).toBe(expected)
  })
})

describe('modes and owners', () => {
  const other = { uid: 0, gid: 80 }
  test.each<[string, Node, Node, Node, Node]>([
    [
      'the blueprint changes the mode, the customer the text',
      file('a'),
      file('a', 0o600),
      file('mine'),
      file('mine', 0o600),
    ],
    ['the customer changes the mode, the blueprint the text', file('a'), file('b'), file('a', 0o600), file('b', 0o600)],
    ['each changes something else', file('a'), file('a', 0o644, other), file('a', 0o600), file('a', 0o600, other)],
    [
      'both, with a merged text',
      file('a\nb\nc\n'),
      file('a\nb\nx\n', 0o600),
      file('y\nb\nc\n', 0o644, other),
      file('y\nb\nx\n', 0o600, other),
    ],
    ['of a directory', directory(), directory(0o700), directory(0o755, other), directory(0o700, other)],
  ])('%s', (_, old, newer, own, expected) => {
    const given = three({ [P]: old }, { [P]: newer }, { [P]: own })
    expect(merged(given).get(P)).toEqual(expected)
    expect(plan(given).conflicts).toEqual([])
  })

  test('what not everyone may read is not to be shown', () => {
    const [old, newer, own] = ['a\nb\nc\n', 'a\nb\nx\n', 'y\nb\nc\n']
    const isSecret = (one: number, other: number) =>
      plan(three({ [P]: file(old, one) }, { [P]: file(newer, one) }, { [P]: file(own, other) })).writes.map(
        write => write.isSecret,
      )
    expect([isSecret(0o644, 0o644), isSecret(0o640, 0o644), isSecret(0o644, 0o600)]).toEqual([[false], [true], [true]])
  })

  test('different modes are a conflict of their own, and the text is merged all the same', () => {
    const given = three({ [P]: file('a') }, { [P]: file('b', 0o640) }, { [P]: file('a', 0o600) })
    expect(plan(given).conflicts).toEqual([
      { path: P, reason: 'it has mode 0600 from the customer and mode 0640 in the new blueprint', winner: 'customer' },
    ])
    expect(merged(given).get(P)).toEqual(file('b', 0o600))
    expect(merged(given, 'replace').get(P)).toEqual(file('b', 0o640))
  })
})
