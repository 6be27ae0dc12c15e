/** Three-way merge where files are links or directories on some side, and where nothing may be written. */
import { describe, expect, test } from 'vitest'
import { link, merged, type Nodes, plan, three, told, treeOf } from '../support/merge-trees.ts'

const P = 'etc/x.conf'

describe('links, directories, and what changes its kind', () => {
  test.each<[string, Nodes, Nodes, Nodes, Nodes]>([
    [
      'a link that only the blueprint changed',
      { [P]: link('a') },
      { [P]: link('b') },
      { [P]: link('a') },
      { [P]: link('b') },
    ],
    ['a file becomes a link', { [P]: 'a' }, { [P]: link('b') }, { [P]: 'a' }, { [P]: link('b') }],
    ['a link becomes a directory', { [P]: link('a') }, { [`${P}/in`]: 'b' }, { [P]: link('a') }, { [`${P}/in`]: 'b' }],
    ['a directory becomes a file', { [`${P}/in`]: 'a' }, { [P]: 'b' }, { [`${P}/in`]: 'a' }, { [P]: 'b' }],
    ['a directory goes with all that is in it', { 'etc/d/e/f': 'a' }, {}, { 'etc/d/e/f': 'a' }, {}],
    [
      'a directory stays with what the customer has in it',
      { 'etc/d/f': 'a' },
      {},
      { 'etc/d/f': 'a', 'etc/d/mine': 'm' },
      { 'etc/d/mine': 'm' },
    ],
  ])('%s', (_, old, newer, own, expected) => {
    const given = three(old, newer, own)
    expect(plan(given).conflicts).toEqual([])
    expect(merged(given)).toEqual(treeOf(expected))
  })

  test.each<[string, Nodes, Nodes, Nodes, string]>([
    [
      'a link that both changed',
      { [P]: link('a') },
      { [P]: link('b') },
      { [P]: link('mine') },
      'it points to mine by the customer, and to b in the new blueprint',
    ],
    [
      'a file that the customer made a link',
      { [P]: 'a' },
      { [P]: 'b' },
      { [P]: link('/etc/passwd') },
      "it is a symbolic link of the customer's, and a file in the new blueprint",
    ],
    [
      'a directory where the blueprint has a file',
      {},
      { [P]: 'b' },
      { [`${P}/mine`]: 'm' },
      "it is a directory of the customer's, and a file in the new blueprint",
    ],
    [
      'a directory of the blueprint with files of the customer, now a link',
      { [`${P}/in`]: 'a' },
      { [P]: link('b') },
      { [`${P}/in`]: 'a', [`${P}/mine`]: 'm' },
      'it is a symbolic link in the new blueprint, and the customer has files of his own in the directory',
    ],
  ])('conflict: %s', (_, old, newer, own, reason) => {
    const given = three(old, newer, own)
    expect(plan(given).conflicts.map(conflict => conflict.reason)).toEqual([reason])
    expect(merged(given).get(P)).toEqual(given.own.get(P))
    expect(merged(given, 'replace').get(P)).toEqual(given.new.get(P))
    expect(merged(given, 'replace').get(`${P}.customer-old`)).toEqual(given.own.get(P))
  })

  test('nothing is written through a link, below a file or where the directory was removed, whatever the policy', () => {
    const old = { 'etc/d/f': 'a', 'etc/e/f': 'a', 'etc/g/f': 'a' }
    const newer = { 'etc/d/f': 'b', 'etc/e/f': 'b', 'etc/g/h': 'b', 'etc/g/f': 'a' }
    const given = three(old, newer, { 'etc/d': link('/etc'), 'etc/e': 'file' })
    for (const policy of ['keep', 'replace', 'fail'] as const) {
      expect(plan(given, policy).barred).toEqual([
        { path: 'etc/d/f', reason: 'etc/d is a symbolic link, and nothing is written through one' },
        { path: 'etc/e/f', reason: 'etc/e is no directory' },
        { path: 'etc/g/h', reason: 'the directory etc/g is not there: the customer has removed it' },
      ])
      expect(merged(given, policy)).toEqual(given.own)
    }
  })

  test('what is mounted over a part is none of it, nor is anything outside', () => {
    const given = three(
      { 'etc/rc.d/x': 'a', 'usr/local/bin/x': 'a', 'usr/local/etc/rc.d/y': 'a' },
      { 'etc/rc.d/x': 'b', 'usr/local/bin/x': 'b', 'usr/local/etc/rc.d/y': 'b' },
      {},
    )
    expect(told(plan(given))).toEqual({})
  })
})
