/** What bsdtar 3.6.2 leaves out for a pattern: seen by running it on these paths. */
import { expect, test } from 'vitest'
import { matches } from './options.ts'

const PATHS = ['.', './db', './db/f', './db/.hid', './db/pkg/x', './other', './other/db', './other/db/keep', './em']

test.each([
  // A `/` before the end is met by the end of the path, so the directory itself goes too.
  ['./db/*', ['./db', './db/f', './db/.hid', './db/pkg/x', './other/db', './other/db/keep']],
  ['db/?*', ['./db/f', './db/.hid', './db/pkg/x', './other/db/keep']],
  ['^./db/?*', ['./db/f', './db/.hid', './db/pkg/x']],
  ['^./em', ['./em']],
  ['^./e\\m', ['./em']],
])('%s', (pattern, left) => {
  expect(PATHS.filter(path => matches(pattern, path))).toEqual(left)
})
