/** rcorder(8), and which scripts rc(8) runs. */
import { expect, test } from 'vitest'
import { localScripts } from './service/local-scripts.ts'
import { inOrder, readOrder } from './service/rcorder.ts'
import { scriptsOf } from './startup.ts'
import { web1 } from './web1.ts'

const script = (name: string, lines: string) => ({ name, ...readOrder(`#!/bin/sh\n\n# PROVIDE: ${name}\n${lines}\n`) })
const namesOf = (scripts: readonly { name: string }[]) => scripts.map(({ name }) => name).join(' ')

test('a block of lines is read up to the first that is none of them', () => {
  expect(readOrder('#!/bin/sh\n#\n# PROVIDE: a b\n# REQUIRE: c\n# REQUIRE:\td e\n#\n# BEFORE: f\n')).toEqual({
    provides: ['a', 'b'],
    requires: ['c', 'd', 'e'],
    before: [],
    keywords: [],
  })
  expect(readOrder('# PROVIDE: a\n# BEFORE: f\n# KEYWORD: shutdown nojail\n')).toMatchObject({
    before: ['f'],
    keywords: ['shutdown', 'nojail'],
  })
})

test('each comes behind what it requires and what is before it, and a circle ends', () => {
  const scripts = [
    script('jail', '# REQUIRE: LOGIN'),
    script('late', '# REQUIRE: jail nobody'),
    script('early', '# REQUIRE: zfs\n# BEFORE: jail'),
    script('LOGIN', ''),
    script('zfs', ''),
  ]
  expect(namesOf(inOrder(scripts))).toBe('zfs early LOGIN jail late')
  expect(namesOf(inOrder([script('a', '# REQUIRE: b'), script('b', '# REQUIRE: a')]))).toBe('b a')
})

test('what can be run and says what it provides is run, before jails where it says so', () => {
  const { host } = web1()
  const folder = '/usr/local/etc/rc.d'
  host.tree.mkdir(folder)
  const put = (name: string, lines: string, mode = 0o555) =>
    host.tree.write(`${folder}/${name}`, `#!/bin/sh\n${lines}`, mode)
  put('switch', '# PROVIDE: switch\n# REQUIRE: zfs\n# BEFORE: jail\n')
  put('web', '# PROVIDE: web\n# REQUIRE: jail\n')
  put('text', '# PROVIDE: text\n', 0o444)
  put('web.sample', '# PROVIDE: other\n')
  put('old', 'exit 0\n')
  expect(localScripts(host.machine).map(({ path }) => path)).toEqual([`${folder}/switch`, `${folder}/web`])
  const order = scriptsOf(host.machine).flatMap(({ provides }) => provides)
  const at = (name: string) => order.indexOf(name)
  expect(['FILESYSTEMS', 'switch', 'jail', 'web'].map(at)).toEqual(
    ['FILESYSTEMS', 'switch', 'jail', 'web'].map(at).sort((a, b) => a - b),
  )
  expect(['netif', 'routing', 'pf', 'NETWORKING', 'LOGIN', 'jail'].map(at)).toEqual(
    ['netif', 'routing', 'pf', 'NETWORKING', 'LOGIN', 'jail'].map(at).sort((a, b) => a - b),
  )
  expect(at('rctl')).toBeLessThan(at('LOGIN'))
})
