/** Where two blueprints differ, where to look in an instance, and new directories elsewhere. */
import { expect, test } from 'vitest'
import {
  compareParts,
  directoriesToList,
  newDirectories,
  placesOfDirectories,
  placesToLook,
  planDirectories,
} from '../../modules/rules/merge/compare.ts'
import type { Scope } from '../../modules/rules/merge/entry.ts'
import { mergeLoginConf } from '../../modules/rules/merge/login-conf.ts'
import { mergeText } from '../../modules/rules/merge/text.ts'
import { directory, link, listingOf, look, SCOPE, treeOf } from '../support/merge-trees.ts'

const compare = (old: Parameters<typeof treeOf>[0], newer: Parameters<typeof treeOf>[0]) =>
  compareParts(listingOf(treeOf(old)), listingOf(treeOf(newer)), SCOPE)

test('paths that differ within the parts, directories before what is in them', () => {
  const { paths } = compare(
    { 'etc/a': 'a', 'etc/b-c': 'a', 'etc/b/c/d': 'a', 'etc/same': 'x', 'var/x': 'a', 'etc/rc.d/y': 'a' },
    { 'etc/a': 'b', 'etc/same': 'x', 'usr/local/etc/n': link('a'), 'var/x': 'b', 'etc/rc.d/y': 'b' },
  )
  expect(paths).toEqual(['etc/a', 'etc/b', 'etc/b/c', 'etc/b/c/d', 'etc/b-c', 'usr/local/etc/n'])
})

test('names that mtree(8) had to spell otherwise are as they are on disk', () => {
  const older = new Map([['./etc/a\\040b', 'gid=0 link=x\\040y mode=0755 type=link uid=0']])
  const { paths, old } = compareParts(older, new Map(), SCOPE)
  expect([paths, old.get('etc/a b')?.link]).toEqual([['etc/a b'], 'x y'])
})

test('flags and the attributes of links make no difference', () => {
  const listing = (flags: string, mode: string) =>
    new Map([
      ['./etc/a', `flags=${flags} gid=0 mode=0644 sha256digest=1 type=file uid=0`],
      ['./etc/l', `flags=none gid=0 link=a mode=${mode} type=link uid=0`],
    ])
  expect(compareParts(listing('none', '0755'), listing('uarch', '0777'), SCOPE).paths).toEqual([])
})

test('where to look: what differs, what is above it, what may be beside it, and what is made of it', () => {
  const comparison = compare(
    { 'etc/login.conf': 'a', 'usr/local/etc/n/x.sample': 'a', 'etc/gone/x': 'a' },
    { 'etc/login.conf': 'b', 'usr/local/etc/n/x.sample': 'b' },
  )
  expect(placesToLook(comparison)).toEqual([
    'etc/gone',
    'etc/gone/x',
    'etc/gone/x.customer-old',
    'etc/gone.customer-old',
    'etc/login.conf',
    'etc/login.conf.blueprint-new',
    'etc/login.conf.customer-old',
    'etc/login.conf.db',
    'usr/local/etc/n',
    'usr/local/etc/n/x',
    'usr/local/etc/n/x.sample',
    'usr/local/etc/n/x.sample.blueprint-new',
    'usr/local/etc/n/x.sample.customer-old',
  ])
  expect(directoriesToList(comparison)).toEqual(['etc/gone'])
})

test('users and groups are looked at together, whichever differs', () => {
  const places = placesToLook(compare({ 'etc/group': 'a:*:1:\n' }, { 'etc/group': 'b:*:1:\n' }))
  expect(places).toEqual(expect.arrayContaining(['etc/group', 'etc/master.passwd', 'etc/pwd.db.tmp']))
})

test('new directories: with mode and owner, none of a mount’s, no files, and nothing is ever taken away', () => {
  const scope: Scope = { parts: ['var', 'home'], apart: ['var/db', 'var/db/pkg'] }
  const older = listingOf(treeOf({ var: directory(), 'var/log': directory(), 'var/gone': directory() }))
  const newer = listingOf(
    treeOf({
      var: directory(),
      'var/log': directory(),
      'var/log/nginx': directory(0o750, { uid: 80, gid: 80 }),
      'var/log/nginx/old': directory(),
      'var/log/a-file': 'x',
      'var/db/mysql': directory(),
      'etc/d': directory(),
    }),
  )
  const directories = newDirectories(older, newer, scope)
  expect(directories).toEqual([
    { path: 'var/log/nginx', mode: 0o750, uid: 80, gid: 80 },
    { path: 'var/log/nginx/old', mode: 0o755, uid: 0, gid: 0 },
  ])
  const places = placesOfDirectories(directories, scope)
  expect(places).toEqual(['var/log', 'var/log/nginx', 'var/log/nginx/old'])
  const made = (nodes: Parameters<typeof treeOf>[0]) => {
    const { makes, barred } = planDirectories(directories, look(treeOf(nodes), places), scope)
    return [makes.map(({ path }) => path), barred.map(({ reason }) => reason)]
  }
  expect(made({ 'var/log': directory() })).toEqual([['var/log/nginx', 'var/log/nginx/old'], []])
  expect(made({ 'var/log/nginx': directory(0o700) })).toEqual([['var/log/nginx/old'], []])
  expect(made({ 'var/log': link('/var/log') })).toEqual([
    [],
    Array(2).fill('var/log is a symbolic link, and nothing is written through one'),
  ])
  expect(made({ 'var/log/nginx': 'a file' })).toEqual([
    [],
    ['var/log/nginx is a file', 'var/log/nginx is no directory'],
  ])
})

const login = (name: string, ...capabilities: string[]) =>
  `${name}:\\\n${capabilities.map(each => `\t:${each}:\\\n`).join('')}\t:tc=x:\n`

test('login.conf by record, where lines alone would clash', () => {
  const old = `# head\n${login('default', 'a=1', 'b=1')}`
  const newer = `# head\n${login('default', 'a=1', 'b=1')}${login('new', 'c=1')}`
  const own = `# head\n${login('default', 'a=2', 'b=1')}${login('mine', 'c=1')}`
  expect(mergeText({ old, new: newer, own })).toHaveProperty('problem')
  expect(mergeLoginConf({ old, new: newer, own })).toEqual({
    text: `# head\n${login('default', 'a=2', 'b=1')}${login('new', 'c=1')}${login('mine', 'c=1')}`,
  })
  const clash = `# head\n${login('default', 'a=3', 'b=1')}`
  expect(mergeLoginConf({ old, new: clash, own })).toEqual({
    problem: 'the customer and the new blueprint changed the same record: default',
  })
})
