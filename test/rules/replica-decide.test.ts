/** Each thing that may be next for a dataset and its copy. */
import { describe, expect, test } from 'vitest'
import { decide, type Wishes } from '../../modules/rules/replica/decide.ts'
import { marksOf, sparedFor } from '../../modules/rules/replica/marks.ts'
import type { DatasetSeen } from '../../modules/rules/replica/side.ts'
import { type Item, missingOf } from '../../modules/rules/replica/tree.ts'
import { brief, copy, from, NOTHING_LEARNED, points, REFUSING } from './replica-words.ts'

const decided = (
  source: DatasetSeen,
  target: DatasetSeen | undefined,
  { wishes = REFUSING, learned = NOTHING_LEARNED } = {},
) => brief(decide('', source, target, wishes, learned))

describe('the next send', () => {
  test.each([
    ['the first snapshot in full, so that history follows', from(['a:1', 'b:2']), undefined, 'full a'],
    ['nothing', from(['a:1', 'b:2']), copy(['a:1', 'b:2']), 'nothing'],
    ['nothing, whatever the copy has besides', from(['a:1', 'b:2']), copy(['a:1', 'b:2', 'own:9']), 'nothing'],
    ['nothing, though the source renamed it', from(['a:1', 'renamed:2']), copy(['a:1', 'b:2']), 'nothing'],
    [
      'nothing, where the source lost its newest and has a bookmark of it',
      from(['a:1', '#m:2']),
      copy(['a:1', 'b:2']),
      'nothing',
    ],
    ['one increment', from(['a:1', 'b:2']), copy(['a:1']), 'incremental a.b'],
    ['all between', from(['a:1', 'b:2', 'c:3']), copy(['a:1']), 'incremental a..c'],
    [
      'from a bookmark the next one alone: -I takes none',
      from(['#m:1', 'b:2', 'c:3']),
      copy(['a:1']),
      'incremental #m.b',
    ],
    [
      'from a bookmark that is newer than the last common snapshot',
      from(['a:1', '#m:2', 'c:3']),
      copy(['a:1', 'b:2']),
      'incremental #m.c',
    ],
    ['from the snapshot where there are both', from(['a:1', '#m:1', 'b:2']), copy(['a:1']), 'incremental a.b'],
    [
      'none while the source is half received itself',
      from(['a:1'], { token: '1-x' }),
      undefined,
      "skipped: zroot/db is itself half received: complete that, or 'zfs receive -A' it",
    ],
    ['none without a snapshot', from([]), undefined, 'skipped: zroot/db has no snapshot'],
    [
      'none where nothing is common',
      from(['c:3']),
      copy(['a:1', 'b:2']),
      "diverged: backup/db and zroot/db have no snapshot in common (the copy's last is @b)",
    ],
    [
      'none where a name is taken',
      from(['a:1', 'b:2']),
      copy(['a:1', 'b:7']),
      'diverged: backup/db@b is another snapshot than zroot/db@b',
    ],
    [
      'none of a volume into a filesystem',
      from(['a:1'], { type: 'volume' }),
      copy(['a:1']),
      'diverged: zroot/db is a volume, and backup/db a filesystem',
    ],
    [
      'none of what is encrypted into what is not',
      from(['a:1', 'b:2'], { isEncrypted: true }),
      copy(['a:1']),
      'diverged: zroot/db is encrypted, and backup/db is not',
    ],
  ])('%s', (_title, source, target, expected) => {
    expect(decided(source, target)).toBe(expected)
  })

  const own = ['a:1', 'o1:7', 'o2:8']
  const many = ['a:1', ...[1, 2, 3, 4, 5, 6, 7].map(number => `o${number}:${number + 10}`)]
  test.each([
    ['snapshots of its own that are of what it received are gone over', copy(own), 'incremental a.b'],
    [
      'not if anything was written before them',
      copy(own, { isChanged: true }),
      'diverged: backup/db was changed after what it received last, and has snapshots since: @o1, @o2',
    ],
    [
      'not where something was written and no snapshot taken',
      copy(['a:1'], { isChanged: true }),
      'diverged: backup/db was changed after what it received last',
    ],
    [
      'what was written does not matter while there is nothing to send',
      copy(['a:1', 'b:2'], { isChanged: true }),
      'nothing',
    ],
    [
      'of what is encrypted none are gone over',
      copy(own, { isEncrypted: true }),
      'diverged: backup/db has snapshots that zroot/db has not, and an increment of what is encrypted goes over none: @o1, @o2',
    ],
    [
      'the first few are named',
      copy(many, { isChanged: true }),
      expect.stringMatching(/since: @o1, @o2, @o3, @o4, @o5, 2 more$/),
    ],
  ])('into a copy with changes: %s', (_title, target, expected) => {
    const { isEncrypted } = target
    expect(decided(from(['a:1', 'b:2'], { isEncrypted }), target)).toEqual(expected)
  })

  test('none into a copy that is in use', () => {
    expect(decided(from(['a:1', 'b:2']), copy(['a:1'], { isReadOnly: false }))).toMatch(/^diverged: .*not read-only/)
  })

  test('the newest alone, where history is not wished', () => {
    const wishes = { ...REFUSING, history: false }
    expect(decided(from(['a:1', 'b:2']), undefined, { wishes })).toBe('full b')
    expect(decided(from(['a:1', 'b:2', 'c:3']), copy(['a:1']), { wishes })).toBe('incremental a.c')
    expect(decided(from(['#m:1', 'b:2', 'c:3']), copy(['a:1']), { wishes })).toBe('incremental #m.c')
  })

  test('of a copy that said it was changed: none, or anew', () => {
    const learned = { ...NOTHING_LEARNED, refused: new Map([['', 'backup/db was changed']]) }
    const [source, target] = [from(['a:1', 'b:2']), copy(['a:1'])]
    expect(decided(source, target, { learned })).toBe('diverged: backup/db was changed')
    const wishes: Wishes = { ...REFUSING, diverged: 'rotate' }
    expect(decided(source, target, { learned, wishes })).toBe('rotate: backup/db was changed')
  })
})

describe('an interrupted receive', () => {
  const half = copy(['a:1'], { token: '1-t' })
  const resuming = (guid: string, name: string) =>
    decided(from(['a:1', 'b:2', 'c:3']), half, {
      learned: { ...NOTHING_LEARNED, tokens: new Map([['1-t', { guid, name }]]) },
    })

  test('goes on', () => expect(resuming('2', 'zroot/db@b')).toBe('resume b'))
  test('goes when the snapshot is no more', () =>
    expect(resuming('8', 'zroot/db@x')).toMatch(/^abandon: .*zroot\/db@x/))
  test('goes when it names something else', () => expect(resuming('2', 'zroot/secret@b')).toMatch(/^abandon/))
  test('goes when nobody can read it', () => expect(decided(from(['a:1', 'b:2']), half)).toMatch(/^abandon/))
})

describe('bookmarks', () => {
  const item = (source: DatasetSeen, target: DatasetSeen | undefined): Item => ({
    path: '',
    source,
    target,
    targetName: 'backup/db',
    decision: decide('', source, target, REFUSING, NOTHING_LEARNED),
  })
  const marks = (source: DatasetSeen, target: DatasetSeen | undefined) => {
    const { make, drop } = marksOf('off', item(source, target))
    return [make.map(({ name }) => name), drop.map(({ name }) => name)]
  }

  test('are made of what both have and of what is sent, before it is sent', () => {
    expect(marks(from(['a:1', 'b:2']), copy(['a:1']))).toEqual([['a', 'b'], []])
    expect(marks(from(['a:1', '#replica_off_1:1', 'b:2']), copy(['a:1']))).toEqual([['b'], []])
  })

  test('go when the copy has something newer, but for one; others’ stay', () => {
    const words = ['#replica_off_1:1', '#replica_off_2:2', '#replica_else_1:1', 'c:3', '#replica_off_3:3']
    expect(marks(from(words), copy(['a:1', 'b:2', 'c:3']))).toEqual([[], ['replica_off_1']])
    expect(marks(from([...words, 'd:4']), copy(['a:1', 'b:2', 'c:3']))).toEqual([['d'], []])
  })

  test('tell pruning what to spare', () => {
    const dated = (...words: string[]) =>
      points(...words).map(({ name, guid, createtxg }) => ({ name, guid, moment: createtxg }))
    const snapshots = dated('z:0', 'a:1', 'b:2', 'c:3', 'd:4')
    const marks = dated('#replica_off_2:2', '#replica_off_1:1')
    expect([...sparedFor(snapshots, marks).keys()]).toEqual(['a', 'b', 'c', 'd'])
    expect([...sparedFor(snapshots, marks, 2).keys()]).toEqual(['c', 'd'])
    expect(sparedFor(snapshots, dated('#mine:1', '#replica_off_9:1')).size).toBe(0)
  })

  test('tell how far behind a copy is', () => {
    expect(missingOf(item(from(['a:1', 'b:2', 'c:3']), copy(['a:1'])))).toBe(2)
    expect(missingOf(item(from(['a:1']), undefined))).toBe(1)
  })
})
