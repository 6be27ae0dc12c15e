import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { renderJail, type Setting } from '../../modules/freebsd/jail-conf.ts'
import { readJails } from '../imitation/jail/settings.ts'
import { linesOf } from './transcript.ts'

const read = (text: string) => {
  const [jail, ...others] = readJails(text, 'a file')
  expect(others).toEqual([])
  expect(jail?.problems).toEqual([])
  return jail?.settings.all.slice(1).map(({ name, values }): Setting => {
    const [only, ...more] = values
    return [name, only === undefined ? true : more.length === 0 ? only : values]
  })
}

test('the file of the transcripts comes out as the person wrote it, less quotes that are not needed', () => {
  const text = linesOf('03-jails').find(({ cmd }) => cmd?.endsWith('cat /etc/jail.conf.d/web1.conf'))?.stdout ?? ''
  const settings = read(text) ?? []
  expect(settings).toHaveLength(13)
  expect(renderJail('web1', settings).replaceAll('= web1.example.test', '= "web1.example.test"')).toBe(text)
})

describe('rendering and reading are inverse', () => {
  const name = fc.stringMatching(/^[a-z][a-z_]{0,8}(\.[a-z][a-z_]{0,8})?$/).filter(one => !/(^|\.)no|^name$/.test(one))
  // Control characters are refused in options.
  const value = fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => !/\p{Cc}/u.test(text))

  test('whatever the values are', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, value), { selector: ([one]) => one }), settings => {
        expect(read(renderJail('web1', settings))).toEqual(settings)
      }),
    )
  })

  test.each([
    '$name',
    '\u0024{path}',
    'a\\',
    '"',
    "it's",
    'a # b',
    '// c',
    '/* d */',
    'x;y',
    '{}',
    'a, b',
    '\\$x',
    'ä',
  ])('the value %j', text => expect(read(renderJail('web1', [['exec.start', text]]))).toEqual([['exec.start', text]]))

  test('several values are several lines', () => {
    expect(renderJail('web1', [['exec.prepare', ['true', 'echo a b']]])).toBe(
      'web1 {\n  exec.prepare = true;\n  exec.prepare += "echo a b";\n}\n',
    )
  })
})
