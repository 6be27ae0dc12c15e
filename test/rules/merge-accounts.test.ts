/** Users and groups merged by record: what becomes of each field, of ids, of order and comments; and that no hash is told. */
import { describe, expect, test } from 'vitest'
import { mergeGroups, mergeUsers } from '../../modules/rules/merge/account-merge.ts'
import type { Policy } from '../../modules/rules/merge/plan-shape.ts'
import { contentOf, file, merged, plan, three } from '../support/merge-trees.ts'

const HASH = '$6$rounds=5000$salt$hashhashhash'
const user = (name: string, id: number, { hash = '*', gid = id, home = '/', shell = '/usr/sbin/nologin' } = {}) =>
  `${name}:${hash}:${id}:${gid}::0:0:${name}:${home}:${shell}\n`
const BASE = user('root', 0, { hash: '' }) + user('daemon', 1) + user('www', 80)

function users(old: string, newer: string, own: string, policy: Policy = 'keep', given: readonly string[] = []) {
  const result = mergeUsers({ old, new: newer, own }, policy, new Set(given))
  if ('problem' in result) return { problem: result.problem }
  return { text: result.text, reasons: result.conflicts.map(({ reason }) => reason) }
}

describe('records', () => {
  test('the new blueprint’s order, then the customer’s own users', () => {
    const newer = user('root', 0, { hash: '' }) + user('ntpd', 123) + user('daemon', 1) + user('www', 80)
    const own =
      user('root', 0, { hash: HASH }) + user('bob', 1001, { hash: HASH }) + user('daemon', 1) + user('www', 80)
    expect(users(BASE, newer, own)).toEqual({
      text:
        user('root', 0, { hash: HASH }) +
        user('ntpd', 123) +
        user('daemon', 1) +
        user('www', 80) +
        user('bob', 1001, { hash: HASH }),
      reasons: [],
    })
  })

  test('each side’s field, and the customer’s hash even where the blueprint has another', () => {
    const newer = BASE.replace(user('www', 80), user('www', 80, { hash: 'x', home: '/usr/local/www' }))
    const own = BASE.replace(user('www', 80), user('www', 80, { hash: HASH, shell: '/bin/sh' }))
    expect(users(BASE, newer, own)).toEqual({
      text: BASE.replace(user('www', 80), user('www', 80, { hash: HASH, home: '/usr/local/www', shell: '/bin/sh' })),
      reasons: [],
    })
  })

  test.each<[Policy, string, string]>([
    ['keep', '/home/www', "the customer's holds"],
    ['replace', '/usr/local/www', "the new blueprint's holds"],
  ])('different values in a field: %s', (policy, home, words) => {
    const newer = BASE.replace(user('www', 80), user('www', 80, { home: '/usr/local/www' }))
    const own = BASE.replace(user('www', 80), user('www', 80, { home: '/home/www', hash: HASH }))
    expect(users(BASE, newer, own, policy)).toEqual({
      text: BASE.replace(user('www', 80), user('www', 80, { home, hash: HASH })),
      reasons: [`user www: the customer and the new blueprint have different values in the field "home": ${words}`],
    })
  })

  test('ids are the customer’s whatever the policy, for files belong to numbers', () => {
    const own = BASE + user('mysql', 2000, { gid: 2000 })
    expect(users(BASE, BASE + user('mysql', 88), own, 'replace')).toMatchObject({
      text: own,
      reasons: [expect.stringContaining('field "uid"'), expect.stringContaining('field "gid"')],
    })
  })

  test('dropped by the blueprint: gone where nobody touched it, else kept and told', () => {
    const newer = BASE.replace(user('www', 80), '')
    expect(users(BASE, newer, BASE)).toEqual({ text: newer, reasons: [] })
    const own = BASE.replace(user('www', 80), user('www', 80, { hash: HASH }))
    expect(users(BASE, newer, own, 'replace')).toEqual({
      text: own,
      reasons: ['user www: the new blueprint has it no more, and the customer changed it: it stays'],
    })
  })

  test('removed by the customer: it stays away; where the blueprint changed it, that is told', () => {
    const own = BASE.replace(user('www', 80), '')
    expect(users(BASE, BASE + user('ntpd', 123), own)).toEqual({ text: own + user('ntpd', 123), reasons: [] })
    const newer = BASE.replace(user('www', 80), user('www', 80, { home: '/new' }))
    expect(users(BASE, newer, own)).toEqual({
      text: own,
      reasons: ['user www: the customer removed it, and the new blueprint changed it: it stays away'],
    })
    expect(users(BASE, newer, own, 'replace')).toMatchObject({ text: newer })
  })
})

describe('ids', () => {
  test.each<Policy>(['keep', 'replace'])('a new user with the uid of a customer’s is left out and told: %s', policy => {
    const own = BASE + user('bob', 123, { hash: HASH })
    expect(users(BASE, BASE + user('ntpd', 123) + user('unbound', 59), own, policy)).toEqual({
      text: BASE + user('unbound', 59) + user('bob', 123, { hash: HASH }),
      reasons: [
        "user ntpd: its uid 123 is that of the customer's user bob, so it was left out. Give bob another uid, then add ntpd",
      ],
    })
  })

  test('a uid that the blueprint changes to a customer’s stays as it was, and so on', () => {
    const newer = BASE.replace(user('www', 80), user('www', 81, { gid: 80 })) + user('late', 80)
    const own = BASE + user('bob', 81)
    expect(users(BASE, newer, own)).toMatchObject({
      text: own,
      reasons: [
        "user www: its uid 81 is that of the customer's user bob, so it keeps its old one",
        "user late: its uid 80 is that of the customer's user www, so it was left out. Give www another uid, then add late",
      ],
    })
  })

  test('what the blueprint itself gives twice, like root and toor, is none', () => {
    expect(users(BASE, BASE + user('toor', 0), BASE + user('bob', 1001))).toMatchObject({ reasons: [] })
  })

  test('a new user whose group cannot be given is left out too', () => {
    const groups = 'wheel:*:0:root\n'
    const given = three(
      { 'etc/master.passwd': file(BASE, 0o600), 'etc/group': groups },
      { 'etc/master.passwd': file(BASE + user('ntpd', 123), 0o600), 'etc/group': `${groups}ntpd:*:123:\n` },
      { 'etc/master.passwd': file(BASE, 0o600), 'etc/group': `${groups}friends:*:123:bob\n` },
    )
    expect(plan(given).conflicts.map(({ path, reason }) => `${path}: ${reason}`)).toEqual([
      "etc/group: group ntpd: its gid 123 is that of the customer's group friends, so it was left out. Give friends another gid, then add ntpd",
      "etc/master.passwd: user ntpd: its gid 123 is that of a group of the customer's, so it was left out",
    ])
    expect(contentOf(merged(given), 'etc/master.passwd')).toBe(BASE)
  })
})

describe('groups', () => {
  const groups = (old: string, newer: string, own: string) => {
    const result = mergeGroups({ old, new: newer, own }, 'keep')
    return 'problem' in result ? result.problem : result.text
  }

  test('members: who was added by either is in, who was removed by either is out', () => {
    expect(groups('wheel:*:0:root,old,gone\n', 'wheel:*:0:root,gone,new\n', 'wheel:*:0:root,old,bob\n')).toBe(
      'wheel:*:0:root,new,bob\n',
    )
  })

  test('a line that is no record stays where it was', () => {
    expect(groups('wheel:*:0:\n', 'wheel:*:0:\nntpd:*:123:\n', '# mine\nno record\nwheel:*:0:bob\n')).toBe(
      '# mine\nno record\nwheel:*:0:bob\nntpd:*:123:\n',
    )
  })
})

describe('lines that are no records', () => {
  test('comments and empty lines stay with the record they are before, those of the customer too', () => {
    const old = `# $FreeBSD$\n#\n${BASE}`
    const newer = `# new head\n#\n${BASE}# tail\n`
    const own = `# $FreeBSD$\n#\n\n# mine\n${BASE}${user('bob', 1001)}# end\n`
    expect(users(old, newer, own)).toMatchObject({
      text: `# new head\n#\n\n# mine\n${BASE}${user('bob', 1001)}# tail\n# end\n`,
    })
  })

  test('comments before a user that goes stay, before the next', () => {
    const own = BASE.replace(user('daemon', 1), `# mine\n${user('daemon', 1)}`)
    const newer = BASE.replace(user('daemon', 1), '')
    expect(users(BASE, newer, own)).toMatchObject({ text: expect.stringContaining('# mine\n') })
  })

  test.each([
    ['fields that are missing', 'bob:*:1001:1001\n', 'line 4 is no record, and pwd_mkdb(8) would refuse the file'],
    [
      'a uid that is none',
      'bob:*:x:1001::0:0:B:/:/bin/sh\n',
      'line 4 is no record, and pwd_mkdb(8) would refuse the file',
    ],
    [
      'a hash where a name belongs',
      `${HASH}:*:5:5::0:0:B:/:/bin/sh\n`,
      'line 4 is no record, and pwd_mkdb(8) would refuse the file',
    ],
    ['a user who is there twice', user('www', 81), 'the user www is there twice'],
  ])('host-5 the file stays whole, whatever the policy: %s', (_, line, problem) => {
    expect(users(BASE, BASE + user('ntpd', 123), BASE + line)).toEqual({ problem: `in the customer's, ${problem}` })
    const given = three(
      { 'etc/master.passwd': file(BASE, 0o600) },
      { 'etc/master.passwd': file(BASE + user('ntpd', 123), 0o600) },
      { 'etc/master.passwd': file(BASE + line, 0o600) },
    )
    for (const policy of ['keep', 'replace'] as const) {
      expect(contentOf(merged(given, policy), 'etc/master.passwd')).toBe(BASE + line)
      expect(plan(given, policy)).toMatchObject({
        databases: [],
        conflicts: [{ reason: `in the customer's, ${problem}` }],
      })
    }
  })

  test('accounts of NIS stay at the end', () => {
    expect(users(BASE, BASE + user('ntpd', 123), `${BASE}+:::::::::\n`)).toMatchObject({
      text: `${BASE}${user('ntpd', 123)}+:::::::::\n`,
    })
  })
})

test('the file is secret where it holds hashes, and nothing that is told has one', () => {
  const given = three(
    { 'etc/master.passwd': file(BASE, 0o600) },
    { 'etc/master.passwd': file(BASE.replace(user('www', 80), user('www', 80, { home: '/a' })), 0o600) },
    {
      'etc/master.passwd': file(
        BASE.replace(user('www', 80), user('www', 80, { home: '/b', hash: HASH })) + user('bob', 5),
        0o600,
      ),
    },
  )
  const { writes, ...told } = plan(given, 'replace')
  expect(writes.map(({ path, isSecret }) => [path, isSecret])).toEqual([['etc/master.passwd', true]])
  expect(JSON.stringify(told)).not.toContain('hash')
})
