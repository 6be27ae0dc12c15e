/** Each thing that may be next for a dataset and its copy. */
import { describe, expect, test } from 'vitest'
import { type Decision, decide, type Learned, type Wishes } from '../../modules/rules/replica/decide.ts'
import { marksOf, sparedFor } from '../../modules/rules/replica/marks.ts'
import type { DatasetSeen, Point } from '../../modules/rules/replica/side.ts'
import { type Item, missingOf, planTree } from '../../modules/rules/replica/tree.ts'

/** `a:1` is a snapshot named a with the guid 1, `#m:1` a bookmark of it. Guids grow with time. */
const points = (...words: string[]): Point[] =>
  words.map(word => {
    const [name = '', guid = ''] = word.replace('#', '').split(':')
    return { kind: word.startsWith('#') ? 'bookmark' : 'snapshot', name, guid, createtxg: 10 * Number(guid) }
  })

const seen = (name: string, words: readonly string[], more: Partial<DatasetSeen> = {}): DatasetSeen => ({
  name,
  type: 'filesystem',
  isEncrypted: false,
  isReadOnly: true,
  isNeverMounted: false,
  points: points(...words),
  ...more,
})

const from = (words: readonly string[], more?: Partial<DatasetSeen>) => seen('zroot/db', words, more)
const copy = (words: readonly string[], more?: Partial<DatasetSeen>) => seen('backup/db', words, more)

const REFUSING: Wishes = { diverged: 'refuse', history: true }
const NOTHING_LEARNED: Learned = { tokens: new Map(), refused: new Map() }

const decided = (
  source: DatasetSeen,
  target: DatasetSeen | undefined,
  { wishes = REFUSING, learned = NOTHING_LEARNED } = {},
) => brief(decide('', source, target, wishes, learned))

/** `incremental a..c`, or the reason. */
function brief(decision: Decision): string {
  const mark = ({ kind, name }: Point) => `${kind === 'bookmark' ? '#' : ''}${name}`
  if ('why' in decision) return `${decision.kind}: ${decision.why}`
  if (decision.kind === 'incremental')
    return `incremental ${mark(decision.from)}${decision.through ? '..' : '.'}${mark(decision.to)}`
  return 'to' in decision ? `${decision.kind} ${mark(decision.to)}` : decision.kind
}

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

describe('a tree', () => {
  const tree = (...datasets: [string, readonly string[]][]) =>
    new Map(datasets.map(([path, words]) => [path, seen(`zroot/i${path}`, words)]))
  const wishes = { ...REFUSING, exclude: ['*/tmp'] }
  const learned = { ...NOTHING_LEARNED, switching: new Set<string>() }
  const plan = (source: ReturnType<typeof tree>, target: ReturnType<typeof tree>, more: object = {}) =>
    planTree(source, target, 'backup/i', { ...wishes, ...more }, learned).map(
      ({ path, decision }) => `${path} ${brief(decision)}`,
    )

  test('begins at the top, and what is without a snapshot holds what is below', () => {
    const source = tree(['', []], ['/web1', ['a:1']], ['/web1/etc', ['a:2']], ['/web1/tmp', ['a:3']])
    expect(plan(source, tree())).toEqual([
      ' placeholder',
      '/web1 waits: the copy of the dataset above it is not there',
      '/web1/etc waits: the copy of the dataset above it is not there',
    ])
    expect(plan(source, tree(['', []]))).toEqual([
      ' skipped: zroot/i has no snapshot',
      '/web1 full a',
      '/web1/etc waits: the copy of the dataset above it is not there',
    ])
  })

  test('fills a placeholder beside it, and what is below goes on meanwhile', () => {
    const source = tree(['', ['r:1', 'r2:2']], ['/web1', ['a:2', 'b:3']])
    const [[, placeholder] = []] = tree(['', []])
    if (placeholder === undefined) throw new Error('there is none')
    const target = new Map([...tree(['/web1', ['a:2']]), ['', { ...placeholder, isNeverMounted: true }] as const])
    expect(plan(source, target)).toEqual([' full r', '/web1 incremental a.b'])
    expect(plan(source, new Map([...target, ...tree(['-bluejail-filling', ['r:1']])]))).toEqual([
      ' exchange',
      '/web1 waits: the dataset above it is put in the place of what stood for it',
    ])
  })

  test('takes along what is below when it is begun anew', () => {
    const source = tree(['', ['r:1']], ['/web1', ['a:2']], ['/web1/etc', ['a:3', 'b:4']], ['/web2', ['a:5']])
    const target = tree(['', ['r:1']], ['/web1', ['x:9']], ['/web1/etc', ['a:3']], ['/web2', ['a:5']])
    expect(plan(source, target, { diverged: 'rotate' }).slice(1)).toEqual([
      "/web1 rotate: zroot/i/web1 and zroot/i/web1 have no snapshot in common (the copy's last is @x)",
      '/web1/etc waits: the dataset above it is begun anew',
      '/web2 nothing',
    ])
  })

  test('leaves out an instance that is being switched, and none whose name merely begins like it', () => {
    const source = tree(['', ['r:1']], ['/web1', ['a:2']], ['/web1/etc', ['a:3']], ['/web10', ['a:5']])
    const items = planTree(source, tree(['', ['r:1']]), 'backup/i', wishes, {
      ...learned,
      switching: new Set(['zroot/i/web1']),
    })
    expect(items.map(({ path, decision }) => [path, decision.kind])).toEqual([
      ['', 'nothing'],
      ['/web1', 'skipped'],
      ['/web1/etc', 'skipped'],
      ['/web10', 'full'],
    ])
  })

  test('what was set aside on either side is nobody’s source', () => {
    const source = tree(['', ['r:1']], ['/web1-diverged-20261122T120000Z', ['a:2']])
    expect(plan(source, tree(['', ['r:1']]))).toEqual([' nothing'])
  })
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
