import { describe, expect, test } from 'vitest'
import type { Pool, Scan } from '../../modules/freebsd/zpool.ts'
import { describePool, problemsOfPool, stateOfPool } from '../../modules/rules/info/pools.ts'
import { newestSnapshots } from '../../modules/rules/info/snapshots.ts'
import { age, size, table } from '../../modules/rules/info/words.ts'

const NOW = new Date('2026-11-22T12:00:00Z')
const daysAgo = (count: number) => new Date(NOW.getTime() - count * 86_400_000)
const healthy: Pool = {
  name: 'zroot',
  sizeBytes: 1000,
  freeBytes: 400,
  usedPercent: 60,
  fragmentationPercent: undefined,
  health: 'ONLINE',
  complaint: undefined,
  errors: 'No known data errors',
  scan: undefined,
}
const scrubbed = (finished: Date, errors = 0): Partial<Pool> => ({
  scan: { kind: 'scrub', words: 'scrub', isRunning: false, finished, errors },
})

describe('what is wrong with a pool', () => {
  test.each<[string, Partial<Pool>, string[]]>([
    ['a new one', {}, []],
    ['one that was scrubbed 35 days ago', scrubbed(daysAgo(35)), []],
    [
      'one that was not scrubbed for longer',
      scrubbed(daysAgo(36)),
      ["the pool zroot was last scrubbed 36 days ago, which is more than 35 days: 'zpool scrub zroot'"],
    ],
    [
      'one whose scrub found what it could not mend',
      scrubbed(daysAgo(1), 7),
      ['the last scrub of the pool zroot found 7 error(s) it could not mend'],
    ],
    [
      'one without one of its disks',
      { health: 'DEGRADED', complaint: 'One or more devices could not be opened. Attach the missing device.' },
      ['the pool zroot is DEGRADED: One or more devices could not be opened. Attach the missing device'],
    ],
    ['one without a reason', { health: 'FAULTED' }, ['the pool zroot is FAULTED']],
    [
      'one that mends errors of a disk',
      { complaint: 'One or more devices has experienced an unrecoverable error.' },
      ['the pool zroot is ONLINE: One or more devices has experienced an unrecoverable error'],
    ],
    [
      'one that could have a newer format, which is no fault',
      { complaint: 'Some supported and requested features are not enabled on the pool. The pool can still be used' },
      [],
    ],
    [
      'one that has lost data',
      { errors: "3 data errors, use '-v' for a list" },
      ["the pool zroot has lost data: 3 data errors, use '-v' for a list"],
    ],
    [
      'one that cannot tell',
      { errors: 'List of errors unavailable: pool I/O is currently suspended' },
      ['the pool zroot has errors: List of errors unavailable: pool I/O is currently suspended'],
    ],
    [
      'one that could not be opened',
      { health: 'UNAVAIL', complaint: 'One or more devices could not be opened.', errors: undefined },
      ['the pool zroot is UNAVAIL: One or more devices could not be opened'],
    ],
    [
      'one whose resilver found what it could not mend',
      { scan: { kind: 'resilver', words: 'resilvered', isRunning: false, finished: daysAgo(99), errors: 2 } },
      ['the last resilver of the pool zroot found 2 error(s) it could not mend'],
    ],
  ])('%s', (_, change, sentences) => {
    expect(problemsOfPool({ ...healthy, ...change }, NOW)).toEqual(sentences)
  })
})

describe('a pool in a sentence', () => {
  const scan = (kind: Scan['kind'], words: string, more: Partial<Scan> = {}): Scan => ({
    kind,
    words,
    isRunning: false,
    ...more,
  })
  test.each<[string, Scan | undefined]>([
    ['not scrubbed yet', undefined],
    ['scrubbed 3 days ago', scan('scrub', '', { finished: daysAgo(3) })],
    ['being scrubbed', scan('scrub', 'scrub in progress since …', { isRunning: true })],
    ['its last scrub was paused', scan('scrub', 'scrub paused since … scrub started on …')],
    ['its last scrub was canceled', scan('scrub', 'scrub canceled on …')],
    ['resilvered 5 h ago', scan('resilver', '', { finished: daysAgo(5 / 24) })],
    ['being resilvered', scan('resilver', 'resilver in progress since …', { isRunning: true })],
  ])('%s', (words, last) => {
    expect(describePool({ ...healthy, scan: last }, NOW)).toBe(`The pool zroot is ONLINE, 60% full, ${words}.`)
    expect(describePool({ ...healthy, usedPercent: undefined, scan: last }, NOW)).toBe(
      `The pool zroot is ONLINE, ${words}.`,
    )
  })
})

test('a scrub that goes on is told in its words, and has no age', () => {
  const running: Scan = { kind: 'scrub', words: 'scrub in progress', isRunning: true }
  expect(stateOfPool({ ...healthy, scan: running }, NOW)).toEqual({
    health: 'ONLINE',
    size_bytes: 1000,
    free_bytes: 400,
    used_percent: 60,
    errors: 'No known data errors',
    scan: 'scrub in progress',
  })
})

test('the newest snapshot of each instance, and the parts that have none of that name', () => {
  const snapshots = new Map(
    [
      ['z/i/web1/etc@a', '100'],
      ['z/i/web1/etc@b', '200'],
      ['z/i/web1/var@a', '100'],
      ['z/i/web1/var/db@b', '200'],
      ['z/i/web10/etc@c', '300'],
      ['z/i@d', '400'],
    ].map(([name = '', creation = '']) => [name, new Map([['creation', creation]])]),
  )
  const datasets = new Map(
    ['z/i', 'z/i/web1', 'z/i/web1/etc', 'z/i/web1/var', 'z/i/web1/var/db', 'z/i/web10', 'z/i/web10/etc', 'z/i/db1'].map(
      name => [name, new Map()],
    ),
  )
  const newest = newestSnapshots('z/i', snapshots, datasets)
  expect(newest.get('web1')).toEqual({ name: 'b', taken: new Date(200_000), without: ['var'] })
  expect(newest.get('web10')).toEqual({ name: 'c', taken: new Date(300_000), without: [] })
  expect(newest.has('db1')).toBe(false)
})

test.each([
  [0, '0 s', '0B'],
  [59, '59 s', '59B'],
  [60, '1 min', '60B'],
  [1536, '25 min', '1.5K'],
  [7_199, '1 h', '7.0K'],
  [172_799, '47 h', '169K'],
  [172_800, '2 days', '169K'],
  [10 * 1024 ** 3, '124275 days', '10G'],
])('%i is %s, or %s', (number, time, amount) => {
  expect(age(number)).toBe(time)
  expect(size(number)).toBe(amount)
})

test('columns are as wide as they need be, and no line ends with blanks', () => {
  expect(table([['a', 'bb'], ['ccc'], ['d', 'e', 'f']])).toEqual(['a    bb', 'ccc', 'd    e   f'])
  expect(table([])).toEqual([])
})
