import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LOADER } from '../../modules/freebsd/loader-conf.ts'
import { RC_CONF } from '../../modules/freebsd/rc-conf.ts'
import { SYSCTL } from '../../modules/freebsd/sysctl-conf.ts'
import { type Shelf, settle, type Wish } from '../../modules/rules/settings/files.ts'

const HOME = '/etc/rc.conf'
const LOCAL = '/etc/rc.conf.local'
const shelf = (text: string | undefined, local?: string, more: Partial<Shelf> = {}): Shelf => ({
  syntax: RC_CONF,
  files: [
    { path: HOME, text },
    { path: LOCAL, text: local },
  ],
  home: HOME,
  ...more,
})
const settled = (where: Shelf, wishes: Record<string, Wish>) => settle(where, new Map(Object.entries(wishes)))
const written = (where: Shelf, wishes: Record<string, Wish>) =>
  Object.fromEntries(settled(where, wishes).steps.map(({ path, content }) => [path, content]))

describe('a value', () => {
  test('is changed where it stands, with its comment', () =>
    expect(written(shelf('# mine\na="1"  # why\nb=2\n'), { a: '3' })).toEqual({
      [HOME]: '# mine\na="3"  # why\nb=2\n',
    }))

  test('is added at the end, also of a file without a last line break, or of none', () => {
    expect(written(shelf('b=2'), { a: '3' })).toEqual({ [HOME]: 'b=2\na="3"\n' })
    expect(written(shelf(undefined), { a: '3' })).toEqual({ [HOME]: 'a="3"\n' })
  })

  test('says the same in every file that has it', () => {
    expect(written(shelf('a=1\n', 'a=2\n'), { a: '2' })).toEqual({ [HOME]: 'a="2"\n' })
    expect(written(shelf('b=1\n', 'a=2\n'), { a: '3' })).toEqual({ [LOCAL]: 'a="3"\n' })
  })

  test('in other words is no change', () =>
    expect(settled(shelf("a='YES'\nb=x\\ y\n"), { a: 'YES', b: 'x y' })).toMatchObject({ steps: [], problems: [] }))

  test('that is not wanted leaves no line', () => {
    expect(written(shelf('a=1\nb=2\na=3\n', 'a=4\n'), { a: null })).toEqual({ [HOME]: 'b=2\n', [LOCAL]: '' })
    expect(settled(shelf('b=2\n'), { a: null })).toMatchObject({ steps: [], before: {}, after: {} })
  })

  test('before and after', () =>
    expect(settled(shelf('a=1\nb=2\n', 'a=9\n'), { a: '3', b: null, c: '4' })).toMatchObject({
      before: { a: '9', b: '2' },
      after: { a: '3', c: '4' },
    }))
})

describe('words of a list', () => {
  const words = (add: string[], remove: string[] = []) => ({ add, remove })

  test('are added and taken away, others stay in their order', () =>
    expect(written(shelf('a="x y  z"\n'), { a: words(['new'], ['y']) })).toEqual({ [HOME]: 'a="x z new"\n' }))

  test('that are there already change nothing, not even blanks', () =>
    expect(settled(shelf('a="x  y"\n'), { a: words(['y'], ['z']) })).toMatchObject({ steps: [], after: { a: 'x  y' } }))

  test('begin with the default where nobody has set the list', () => {
    const defaults = { path: '/etc/defaults/rc.conf', text: 'a="x"\n# shell\nb="$c"\n' }
    expect(written(shelf('', undefined, { defaults }), { a: words(['y']) })).toEqual({ [HOME]: 'a="x y"\n' })
    expect(settled(shelf('', undefined, { defaults }), { a: words([], ['q']) })).toMatchObject({ steps: [], after: {} })
    expect(settled(shelf('', undefined, { defaults }), { b: words(['y']) }).problems).toEqual([
      'b cannot be added to: its default in /etc/defaults/rc.conf is not a plain value. Give it whole.',
    ])
  })
})

describe('refused', () => {
  test.each([
    ['a="$b"\n', 'sets a in a way that cannot be read without running it ("a=\\"$b\\"")'],
    ['if true; then\n  a=1\nfi\n', 'sets a in a way'],
    ['b="open\n', 'has a quote that does not end'],
    ['# caf\uFFFD\n', 'is not text in UTF-8'],
  ])('host-1 %j', (text, words) => expect(settled(shelf(text), { a: '1' }).problems.join()).toContain(words))

  test('a file that is a link, a directory where a file belongs: only where something is to be written', () => {
    const link = { path: HOME, text: 'a=1\n', type: 'link' } as const
    expect(settled(shelf('', undefined, { files: [link] }), { a: '2' }).problems).toHaveLength(1)
    expect(settled(shelf('', undefined, { files: [link] }), { a: '1' }).problems).toEqual([])
    expect(
      settled(shelf('', undefined, { files: [{ path: HOME, text: undefined, type: 'directory' }] }), { a: '1' })
        .problems,
    ).toHaveLength(1)
  })

  test('lines of that kind that set other names are left alone', () =>
    expect(written(shelf('b="$c"\n. /etc/more\n'), { a: '1' })).toEqual({ [HOME]: 'b="$c"\n. /etc/more\na="1"\n' }))
})

describe.each([RC_CONF, LOADER, SYSCTL])('any file of $page', syntax => {
  const names = ['a.b', 'c.d', 'e.f', 'a', 'b', 'c_load'].filter(one => syntax.objection(one, '1') === undefined)
  const name = fc.constantFrom(...names)
  const plain = fc.string({ maxLength: 8 }).filter(one => syntax.objection(names[0] ?? '', one) === undefined)
  const line = fc.oneof(
    fc.tuple(name, plain).map(([name, value]) => `${syntax.render(name, value)}  # why\n`),
    fc.constantFrom('# comment "with\' quotes\n', '\n', 'x_x="$y"\n', '   \n', '# a="1"\n'),
  )
  const text = fc.array(line, { maxLength: 6 }).map(lines => lines.join(''))
  const wishes = fc.dictionary(name, fc.oneof(plain, fc.constant(null)), { maxKeys: 3 })

  test('has what is wished for afterwards, nothing else is touched, and a second time there is nothing to do', () => {
    fc.assert(
      fc.property(text, text, wishes, (main, local, wishes) => {
        const files = [main, local]
        const where = (texts: readonly string[]): Shelf => ({
          syntax,
          files: texts.map((text, index) => ({ path: `/f${index}`, text })),
          home: '/f0',
        })
        const first = settled(where(files), wishes)
        expect(first.problems).toEqual([])
        const contents = files.map(
          (text, index) => first.steps.find(({ path }) => path === `/f${index}`)?.content ?? text,
        )

        expect(settled(where(contents), wishes)).toMatchObject({ steps: [], before: first.after, after: first.after })
        const foreign = (text: string) =>
          syntax
            .parse(text)
            .filter(one => one.kind !== 'setting' || !Object.hasOwn(wishes, one.name))
            .map(one => one.text)
        expect(contents.map(foreign)).toEqual(files.map(foreign))
      }),
    )
  })
})
