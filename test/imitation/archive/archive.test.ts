import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ArchiveError, type Entry, entry } from './entry.ts'
import { readArchive } from './read.ts'
import { readTar, writeTar } from './tar.ts'
import { readStoredXz, writeXz } from './xz.ts'

const name = fc
  .string({ unit: fc.constantFrom('a', 'é', ' ', '0', '-', '.', 'z'), minLength: 1, maxLength: 60 })
  .map(text => `n${text}`)
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/'))
const traits = fc.record({
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.integer({ min: 0, max: 65534 }),
  gid: fc.integer({ min: 0, max: 65534 }),
  modified: fc.integer({ min: 0, max: 2 ** 31 }),
  flags: fc.subarray(['schg', 'uarch', 'uchg']),
})
const anyEntry: fc.Arbitrary<Entry> = fc.oneof(
  fc
    .tuple(path, traits, fc.uint8Array({ maxLength: 2000 }))
    .map(([at, rest, bytes]) => entry(at, { ...rest, content: Buffer.from(bytes) })),
  fc.tuple(path, traits).map(([at, rest]) => entry(at, { ...rest, type: 'directory' })),
  fc.tuple(path, traits, path).map(([at, rest, target]) => entry(at, { ...rest, type: 'link', target })),
)

describe('archives', () => {
  test('what is written is read again, whatever it is called', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 8 }), entries => {
        expect(readTar(writeTar(entries))).toEqual(entries)
      }),
    )
  })

  test('xz: any content, of any length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200_000 }), fc.integer(), (length, seed) => {
        const content = Buffer.alloc(length, `${seed}`)
        expect(readStoredXz(writeXz(content))?.equals(content)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  test('cut off anywhere, it is said, and nothing is read that was not there', () => {
    const whole = [entry('a', { content: Buffer.alloc(3000, 'a') }), entry('b', { content: Buffer.alloc(3000, 'b') })]
    const bytes = writeXz(writeTar(whole))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: bytes.length - 100 }), length => {
        try {
          expect(readArchive(bytes.subarray(0, length))).toEqual(whole)
        } catch (error) {
          if (!(error instanceof ArchiveError)) throw error
          expect(whole.slice(0, error.entries.length)).toEqual(error.entries)
        }
      }),
    )
  })
})
