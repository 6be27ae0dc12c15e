import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RC_CONF } from '../../modules/freebsd/rc-conf.ts'

const settings = (text: string) =>
  RC_CONF.parse(text).flatMap(one => (one.kind === 'setting' ? [[one.name, one.value, one.tail]] : []))
const kinds = (text: string) => RC_CONF.parse(text).map(({ kind }) => kind)

describe('reading', () => {
  test.each([
    ['a="YES"\n', 'YES', ''],
    ["a='YES'", 'YES', ''],
    ['a=YES # why', 'YES', ' # why'],
    ['  a=YES;  # why', 'YES', ';  # why'],
    ['a=', '', ''],
    ['a=b#c', 'b#c', ''],
    ['a="x"\'y\'z', 'xyz', ''],
    ['a="it is \\"quoted\\" \\$HOME"', 'it is "quoted" $HOME', ''],
    ['a="one \\\ntwo"\n', 'one two', ''],
    ['a="one\nb=two"\n', 'one\nb=two', ''],
  ])('%j is a setting', (text, value, tail) => expect(settings(text)).toEqual([['a', value, tail]]))

  test.each([
    'a="$b"',
    'a=`id`',
    'a="$(id)"',
    'a=~root',
    'a=1 b=2',
    'a=1; b=2',
    'a=1 && true',
    'a+=1',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: sh's own
    ': ${a:=1}',
    'export a=1',
    'a=1\r',
  ])('host-1 %j would have to be run: it is not', text => {
    expect(settings(text).map(([name]) => name)).not.toContain('a')
    expect(RC_CONF.parse(text)).toMatchObject(text === 'a=1\r' ? [{}] : [{ kind: 'strange' }])
  })

  test('what is inside a condition may not count', () => {
    const text = 'a=1\nif [ -f /x ]; then\n  a=2\nfi\nb=3\nfor x in 1 2; do c=4; done\nf() {\n  d=5\n}\ne=6\n'
    expect(settings(text).map(([name]) => name)).toEqual(['a', 'b', 'e'])
  })

  test('an apostrophe in a comment begins nothing', () => expect(kinds("# don't\na=1\n")).toEqual(['other', 'setting']))

  test('a quote that does not end is told apart', () =>
    expect(kinds('a=1\nb="x\nc=2\n')).toEqual(['setting', 'broken']))

  test('any text is what its statements are put together', () => {
    const piece = fc.constantFrom('a=', '"', "'", '\\', '#', '\n', ' ', 'if x', 'fi', '$', ';', 'b="c"\n', '{')
    fc.assert(
      fc.property(fc.array(piece), pieces => {
        const text = pieces.join('')
        expect(
          RC_CONF.parse(text)
            .map(one => one.text)
            .join(''),
        ).toBe(text)
      }),
    )
  })

  test('what is read is what sh(1) makes of it', () => {
    const piece = fc.constantFrom('x', ' ', '#', '"', "'", '\\', '\\"', "'y z'", '"a\\$b"', '"\\q"', '=', '*', '!', '-')
    const words = fc.sample(fc.array(piece, { maxLength: 8 }), { numRuns: 2000, seed: 14 })
    const read = words.flatMap(pieces =>
      settings(`v=${pieces.join('')}\n`).map(([, value]) => [pieces.join(''), value]),
    )
    expect(read.length).toBeGreaterThan(200)
    const script = read.map(([word]) => `v=${word}\nprintf '%s\\n' "$v"\n`).join('')
    const said = execFileSync('sh', { input: script, encoding: 'utf8' })
    expect(said).toBe(read.map(([, value]) => `${value}\n`).join(''))
  })
})

describe('host-3 writing', () => {
  const name = fc.stringMatching(/^[A-Za-z_]\w{0,12}$/)

  test('what can be written reads back, by us and by sh(1)', () => {
    const value = fc.string().filter(text => RC_CONF.objection('a', text) === undefined)
    fc.assert(
      fc.property(name, value, (name, value) => {
        expect(settings(`${RC_CONF.render(name, value)}\n`)).toEqual([[name, value, '']])
      }),
    )
    const values = fc.sample(value, { numRuns: 300, seed: 14 })
    const script = values.map(each => `${RC_CONF.render('v', each)}\nprintf '%s\\n' "$v"\n`).join('')
    expect(execFileSync('sh', { input: script, encoding: 'utf8' })).toBe(values.map(each => `${each}\n`).join(''))
  })

  test.each(['$HOME', '`id`', 'back\\slash', 'two\nlines', `it's "both"`, 'bell\u0007'])('%j is refused', value =>
    expect(RC_CONF.objection('a', value)).toBeDefined(),
  )

  test.each(['kern.racct.enable', '1a', 'a b', 'a-b', ''])('the name %j is refused', name =>
    expect(RC_CONF.objection(name, 'YES')).toBeDefined(),
  )
})
