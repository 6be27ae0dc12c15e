/** What becomes of conflicts; samples of packages; databases. */
import { describe, expect, test } from 'vitest'
import { describeConflicts } from '../../modules/rules/merge/plan.ts'
import type { Policy } from '../../modules/rules/merge/plan-shape.ts'
import { contentOf, file, link, merged, type Nodes, plan, type Tree, three, treeOf } from '../support/merge-trees.ts'

const P = 'etc/x.conf'

describe('policies', () => {
  const given = three({ [P]: file('a\n', 0o755) }, { [P]: file('new\n', 0o755) }, { [P]: file('mine\n', 0o700) })
  const keys = (tree: Tree) => [...tree.keys()].filter(path => path.startsWith(P))

  test('keep: the new one beside the customer’s, where nothing can run it', () => {
    const after = merged(given)
    expect([contentOf(after, P), contentOf(after, `${P}.blueprint-new`)]).toEqual(['mine\n', 'new\n'])
    expect(after.get(`${P}.blueprint-new`)?.mode).toBe(0o644)
  })

  test('replace: the customer’s beside the new one', () => {
    const after = merged(given, 'replace')
    expect([contentOf(after, P), contentOf(after, `${P}.customer-old`)]).toEqual(['new\n', 'mine\n'])
    expect(after.get(`${P}.customer-old`)?.mode).toBe(0o600)
  })

  test('replace: of what the blueprint dropped the customer’s is beside', () => {
    const dropped = three({ [P]: 'a' }, {}, { [P]: 'mine' })
    expect(keys(merged(dropped, 'replace'))).toEqual([`${P}.customer-old`])
    expect(plan(dropped, 'replace')).toMatchObject({ removes: [], takes: [], setAside: [{ path: P }] })
  })

  test('replace: what the customer removed is there again', () => {
    expect(contentOf(merged(three({ [P]: 'a' }, { [P]: 'b' }, {}), 'replace'), P)).toBe('b')
  })

  test('fail: every conflict in a sentence', () => {
    const both = three({ [P]: 'a\n', 'etc/y': 'a' }, { [P]: 'b\n' }, { [P]: 'mine\n', 'etc/y': 'mine' })
    expect(describeConflicts(plan(both, 'fail').conflicts)).toBe(
      `etc/y: the customer changed it, and the new blueprint has it no more; ${P}: the customer and the new blueprint changed the same lines, in 1 place`,
    )
  })

  test('cron loads whatever is in cron.d, but for names with a dot', () => {
    const cron = 'usr/local/etc/cron.d/job'
    const both = three({ [cron]: 'a\n' }, { [cron]: 'b\n' }, { [cron]: 'mine\n' })
    expect(merged(both).has('usr/local/etc/cron.d/.job.blueprint-new')).toBe(true)
    expect(merged(both, 'replace').has('usr/local/etc/cron.d/.job.customer-old')).toBe(true)
  })

  test.each<[Policy, Nodes, string]>([
    [
      'keep',
      { [`${P}.blueprint-new`]: link('/etc/passwd') },
      `the new one is not put beside it, since ${P}.blueprint-new is a symbolic link`,
    ],
    [
      'replace',
      { [`${P}.customer-old`]: link('/etc/passwd') },
      `it stays, since it cannot be renamed to ${P}.customer-old: something is there`,
    ],
  ])('%s: what stands where the other one would be put', (policy, more, words) => {
    const blocked = { ...given, own: treeOf({ [P]: file('mine\n', 0o700), ...more }) }
    expect(plan(blocked, policy).conflicts.map(({ reason }) => reason.split('; ')[1])).toEqual([words])
    expect(merged(blocked, policy)).toEqual(blocked.own)
  })
})

describe('samples', () => {
  const sample = (content: string) => ({ [`${P}.sample`]: content })
  test('who uses the sample as it is gets the new one, with the mode it has', () => {
    const given = three(sample('a'), sample('b'), { ...sample('a'), [P]: file('a', 0o600) })
    expect(plan(given).copies).toEqual([
      { path: P, source: `${P}.sample`, attributes: { mode: 0o600, uid: 0, gid: 0 } },
    ])
    expect(merged(given).get(P)).toEqual(file('b', 0o600))
  })

  test('who changed it keeps it, and who has none gets none', () => {
    expect(contentOf(merged(three(sample('a'), sample('b'), { ...sample('a'), [P]: 'mine' })), P)).toBe('mine')
    expect(merged(three(sample('a'), sample('b'), sample('a'))).has(P)).toBe(false)
  })

  test('a file that the new blueprint brings along replaces a copy of the sample', () => {
    const given = three(sample('a'), { ...sample('b'), [P]: 'b' }, { ...sample('a'), [P]: file('a', 0o600) })
    expect(merged(given).get(P)).toEqual(file('b', 0o600))
    expect(plan(given).conflicts).toEqual([])
  })
})

describe('databases', () => {
  const account = (name: string, uid: number) => `${name}:*:${uid}:${uid}::0:0:X:/:/bin/sh\n`
  const nodes = (users: string, more: Nodes = {}) => ({ 'etc/master.passwd': file(users, 0o600), ...more })

  test('host-5 of what changed, made by their programs and never merged', () => {
    const given = three(
      nodes(account('root', 0), { 'etc/login.conf': 'a:\n', 'etc/login.conf.db': '1', 'etc/services': 'a' }),
      nodes(account('root', 0) + account('www', 80), {
        'etc/login.conf': 'b:\n',
        'etc/login.conf.db': '2',
        'etc/services': 'b',
      }),
      nodes(account('root', 0), {
        'etc/login.conf': 'a:\n',
        'etc/login.conf.db': link('/etc/master.passwd'),
        'etc/services': 'a',
      }),
    )
    expect(plan(given).databases).toEqual([
      { program: 'pwd_mkdb', file: 'etc/master.passwd', directory: 'etc', clear: [] },
      { program: 'cap_mkdb', file: 'etc/login.conf', directory: 'etc', clear: ['etc/login.conf.db'] },
      { program: 'services_mkdb', file: 'etc/services', directory: 'var/db', clear: [] },
    ])
    expect(plan(given).rebuilt).toEqual(['etc/login.conf.db', 'etc/passwd', 'etc/pwd.db', 'etc/spwd.db'])
  })

  test('a directory in the way is told, and nothing is run that would fail', () => {
    const given = three(nodes(account('root', 0)), nodes(account('root', 0) + account('www', 80)), {
      ...nodes(account('root', 0)),
      'etc/pwd.db.tmp/x': '',
    })
    expect(plan(given)).toMatchObject({
      databases: [],
      conflicts: [
        {
          path: 'etc/pwd.db.tmp',
          reason:
            'it is a directory, in the way of pwd_mkdb: nothing is made of etc/master.passwd, and programs go on by what was made before. Remove it and run pwd_mkdb',
        },
      ],
    })
  })
})
