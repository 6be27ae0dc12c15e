/** What a sandbox host keeps beside real files: FreeBSD's flags. */
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { realFiles } from './files.ts'

const directory = mkdtempSync(join(tmpdir(), 'files-'))
const [flagsFile, empty] = [join(directory, 'flags.json'), join(directory, 'empty')]
afterAll(() => rmSync(directory, { recursive: true, force: true }))

beforeEach(async () => {
  mkdirSync(empty)
  const files = realFiles(flagsFile)
  files.setFlags(empty, ['schg'])
  // They are written once a command is through.
  await setImmediate()
})

test('flags outlive the process that set them', () => {
  expect(realFiles(flagsFile).status(empty)?.flags).toEqual(['schg'])
  rmdirSync(empty)
})

test('what comes in the place of something that had flags has none, though Linux gives it the same inode number', () => {
  const files = realFiles(flagsFile)
  // By a program of Linux, which knows of no flags.
  rmdirSync(empty)
  const next = Array.from({ length: 50 }, (_, number) => join(directory, `${number}`))
  for (const each of next) mkdirSync(each)
  expect(next.flatMap(each => files.status(each)?.flags ?? [])).toEqual([])
})
