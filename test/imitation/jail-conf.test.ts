/** jail.conf(5) as jail(8) reads it (usr.sbin/jail/jaillex.l, jailparse.y, config.c). */
import { describe, expect, test } from 'vitest'
import { BadConf, parseConf } from './jail/conf.ts'
import { readJails } from './jail/settings.ts'

const settingsOf = (text: string, name = 'web1') => {
  const found = readJails(text, 'jail.conf').find(each => each.name === name)
  return Object.fromEntries(found?.settings.all.map(({ name: key, values }) => [key, values]) ?? [])
}

test.each([
  ['a = b;', ['b']],
  ['a b;', ['b']],
  ['a = "b c";', ['b c']],
  ['a = \'b "c"\';', ['b "c"']],
  ['a = "b", c, \'d\';', ['b', 'c', 'd']],
  ['a = "b"; a += "c";', ['b', 'c']],
  ['a = "b"; a = "c";', ['c']],
  ['a = "one\\ttab \\x41 \\101";', ['one\ttab A A']],
  ['a = "b" # "c"\n;', ['b']],
  ['a = b // c\n;', ['b']],
  ['a = /* b\n */ c;', ['c']],
  ['a = x"y"z;', ['xyz']],
  ['a = /jails/$name/root;', ['/jails/web1/root']],
  [`a = "/jails/\${name}/root";`, ['/jails/web1/root']],
  ["a = '/jails/$name';", ['/jails/$name']],
  [`$base = "/srv"; a = "\${base}/x";`, ['/srv/x']],
  ['b = "1", "2"; a = $b;', ['1', '2']],
])('%s', (text, values) => {
  expect(settingsOf(`web1 { ${text} }`).a).toEqual(values)
})

test('what stands outside any jail is for all, and own settings have the last word', () => {
  const text = 'exec.clean; path = "/jails/$name";\nweb1 { exec.start = "a"; }\nweb2 { path = "/else"; noexec.clean; }'
  expect(settingsOf(text)).toEqual({ name: ['web1'], 'exec.clean': [], path: ['/jails/web1'], 'exec.start': ['a'] })
  expect(settingsOf(text, 'web2').path).toEqual(['/else'])
})

describe('what is wrong', () => {
  test.each([
    ['web1 { a = b }', 'jail.conf line 1: }: syntax error'],
    ['web1 {\n a = ;\n}', 'jail.conf line 2: ;: syntax error'],
    ['web1 { a = b;', 'jail.conf: unexpected EOF'],
    ['web1 {\n a = "b;\n', 'jail.conf line 2: unterminated string'],
  ])('%s', (text, message) => {
    expect(() => parseConf(text, 'jail.conf')).toThrow(new BadConf(message))
  })

  test('a variable that nobody sets, or that needs itself', () => {
    const problems = (text: string) => readJails(`web1 { ${text} }`, 'jail.conf')[0]?.problems
    expect(problems('a = $nothing;')).toEqual(['a: variable "nothing" not found'])
    expect(problems('$a = $b; $b = $a; c = $a;')).toContain('a: variable loop')
  })
})
