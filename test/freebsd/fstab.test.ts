import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type FstabEntry, parseFstab, renderFstab } from '../../modules/freebsd/fstab.ts'
import { readFstab } from '../imitation/fstab.ts'
import { linesOf } from './transcript.ts'

const word = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(' ', '\t', '\\', '#', '0', '4', 's', '/', 'ä', '\u{1f4be}'),
      fc.string({ minLength: 1, maxLength: 1 }),
    ),
    minLength: 1,
    maxLength: 12,
  })
  .filter(text => text.isWellFormed() && !text.includes('\0'))
const entry = fc.record<FstabEntry>({
  special: word,
  node: word,
  fstype: fc.constantFrom('nullfs', 'zfs', 'tmpfs'),
  options: fc.constantFrom(['ro'], ['rw'], ['rw', 'nosuid', 'size=64m']),
})

test('what is written is read back, whatever is in a name', () => {
  fc.assert(
    fc.property(fc.array(entry), entries => {
      expect(parseFstab(renderFstab(entries))).toEqual(entries)
    }),
  )
})

test('mount(8) reads of it what jail(8) does', () => {
  const ascii = fc.string({ minLength: 1, maxLength: 12 }).filter(text => !/[\0\n]/.test(text))
  fc.assert(
    fc.property(
      fc.array(
        fc.record<FstabEntry>({
          special: ascii,
          node: ascii,
          fstype: fc.constant('zfs'),
          options: fc.constant(['rw']),
        }),
      ),
      entries => {
        expect(readFstab(renderFstab(entries))).toEqual(entries)
      },
    ),
  )
})

test('mount-1: a space is \\040', () => {
  expect(renderFstab([{ special: '/a b', node: '/tmp/with space', fstype: 'nullfs', options: ['ro'] }])).toBe(
    '/a\\040b /tmp/with\\040space nullfs ro 0 0\n',
  )
})

test('a # anywhere ends a line for jail(8), so one in a name is written in octal', () => {
  const entries = [{ special: '/a#b', node: '/c', fstype: 'nullfs', options: ['ro'] }]
  expect(renderFstab(entries)).toBe('/a\\043b /c nullfs ro 0 0\n')
  expect(parseFstab('/a /c nullfs ro # the first\n   # all of it\n\n')).toEqual([{ ...entries[0], special: '/a' }])
})

test('a backslash before digits is a backslash', () => {
  const entries = [{ special: '/a\\040b', node: '/c\\', fstype: 'nullfs', options: ['ro'] }]
  expect(renderFstab(entries)).toBe('/a\\134040b /c\\134 nullfs ro 0 0\n')
  expect(parseFstab(renderFstab(entries))).toEqual(entries)
})

test('the file of the transcript, tabs or blanks between its words', () => {
  const text = linesOf('02-mounts').find(({ cmd }) => cmd?.includes('> /jails/web1/fstab; cat'))?.stdout ?? ''
  expect(parseFstab(text)).toHaveLength(9)
  expect(renderFstab(parseFstab(text))).toBe(text)
  expect(parseFstab(text.replaceAll(' ', ' \t'))).toEqual(parseFstab(text))
})

test('a line with too little on it is not passed over', () => {
  expect(() => parseFstab('/a /b\n')).toThrow(/cannot read/)
})
