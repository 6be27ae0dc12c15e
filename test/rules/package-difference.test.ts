/** What another blueprint brings: packages, and start scripts that go. */
import { describe, expect, test } from 'vitest'
import { comparePackages, vanishedScripts, vanishingScripts } from '../../modules/rules/blueprint/difference.ts'

const packages = (words: string) =>
  words
    .split(' ')
    .filter(word => word !== '')
    .map(word => {
      const at = word.lastIndexOf('-')
      return { name: word.slice(0, at), version: word.slice(at + 1) }
    })

describe('packages', () => {
  test('each is added, removed, upgraded or downgraded, by what pkg holds for later', () => {
    const older = packages('nginx-1.28.0_4,3 php83-8.3.15 mariadb-10.6.20 pcre2-10.45 curl-8.10.1 zip-3.0_4')
    const newer = packages('nginx-1.28.1,3 php84-8.4.2 mariadb-10.11.9 pcre2-10.44 curl-9.0 zip-3.0_4')
    expect(comparePackages(older, newer)).toEqual({
      added: ['php84-8.4.2'],
      removed: ['php83-8.3.15'],
      upgraded: ['curl: 8.10.1 -> 9.0', 'mariadb: 10.6.20 -> 10.11.9', 'nginx: 1.28.0_4,3 -> 1.28.1,3'],
      downgraded: ['pcre2: 10.45 -> 10.44'],
      major: ['curl: 8.10.1 -> 9.0'],
    })
  })

  test('a higher epoch is an upgrade though the number falls, and the fall is flagged', () => {
    expect(comparePackages(packages('a-20250101'), packages('a-1.0,1'))).toMatchObject({
      upgraded: ['a: 20250101 -> 1.0,1'],
      downgraded: [],
      major: ['a: 20250101 -> 1.0,1'],
    })
  })

  test('the same set differs in nothing', () => {
    const some = packages('a-1 b-2_1')
    expect(comparePackages(some, some)).toEqual({ added: [], removed: [], upgraded: [], downgraded: [], major: [] })
  })
})

const listing = (...paths: string[]) => new Map(paths.map(path => [path, 'type=file']))

describe('start scripts that vanish while rc.conf enables them', () => {
  const older = listing(
    './usr/local/etc/rc.d/php-fpm',
    './usr/local/etc/rc.d/mysql-server',
    './usr/local/etc/rc.d/nginx',
    './etc/rc.d/bsnmpd',
    './usr/local/etc/nginx/nginx.conf',
  )
  const newer = listing('./usr/local/etc/rc.d/nginx')
  const scripts = new Map([
    ['usr/local/etc/rc.d/mysql-server', `#!/bin/sh\n. /etc/rc.subr\nname="mysql"\nrcvar="\${name}_enable"\n`],
  ])

  test('by the name of the script, or by the variable that it names itself', () => {
    expect(vanishedScripts(older, newer)).toEqual([
      'etc/rc.d/bsnmpd',
      'usr/local/etc/rc.d/mysql-server',
      'usr/local/etc/rc.d/php-fpm',
    ])
    const rcConf = 'php_fpm_enable="YES"\nmysql_enable=yes\nnginx_enable="YES"\nbsnmpd_enable="NO"\n'
    expect(vanishingScripts(older, newer, scripts, { all: [rcConf], own: new Map() })).toEqual([
      { name: 'mysql-server', path: 'usr/local/etc/rc.d/mysql-server', variable: 'mysql_enable' },
      { name: 'php-fpm', path: 'usr/local/etc/rc.d/php-fpm', variable: 'php_fpm_enable' },
    ])
  })

  test.each([
    ['the last assignment counts', 'php_fpm_enable="YES"\nphp_fpm_enable="NO"\n', 0],
    ['what stands in a comment does not', '# php_fpm_enable="YES"\n', 0],
    ['what a condition decides may be so', 'if [ -e /x ]; then\nphp_fpm_enable="YES"\nfi\n', 1],
    ['what would have to be evaluated may be so', 'php_fpm_enable="$(cat /x)"\n', 1],
    ['any of the words of checkyesno', "php_fpm_enable='On'\n", 1],
  ])('%s', (_, rcConf, count) => {
    expect(vanishingScripts(older, newer, scripts, { all: [rcConf], own: new Map() })).toHaveLength(count)
  })

  test('a later file counts more, and one of its own most', () => {
    const names = (all: string[], own: [string, string[]][] = []) =>
      vanishingScripts(older, newer, scripts, { all, own: new Map(own) }).map(({ name }) => name)
    const [yes, no] = ['mysql_enable="YES"\n', 'mysql_enable="NO"\n']
    expect(names([yes, no])).toEqual([])
    expect(names([no, yes])).toEqual(['mysql-server'])
    expect(names([no], [['mysql', [yes]]])).toEqual(['mysql-server'])
    expect(names([yes], [['mysql', [no]]])).toEqual([])
    expect(names([no], [['mysql-server', [yes]]])).toEqual([])
    // A quote that nobody closes takes in nothing of the next file.
    expect(names(['motd="\n', yes])).toEqual(['mysql-server'])
  })
})
