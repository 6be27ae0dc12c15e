/** Three trees by chance: what two blueprints have, and what a customer made of the first. */

import { dirname } from 'node:path/posix'
import fc from 'fast-check'
import { derive, directory, file, link, type Node, type Three, type Tree, treeOf } from './merge-trees.ts'

const PATHS = [
  'etc/a',
  'etc/a/b',
  'etc/a/c',
  'etc/a/c/d',
  'etc/login.conf',
  'etc/services',
  'etc/x.conf',
  'etc/x.conf.sample',
  'usr/local/etc/cron.d/job',
  'usr/local/etc/n',
  'usr/local/etc/n/m.conf',
  'usr/local/etc/n/m.conf.sample',
]

/** What only a customer has. */
const BESIDE = [
  'etc/x.conf.blueprint-new',
  'etc/x.conf.customer-old',
  'etc/a.customer-old',
  'etc/login.conf.db',
  'etc/pwd.db.tmp',
]

const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd', '# e', 'f:\\', '\t:g:'), { maxLength: 7 })
const text = fc
  .tuple(lines, fc.constantFrom('\n', '\n', '\n', '\r\n'), fc.boolean())
  .map(([words, end, isEnded]) => words.join(end) + (isEnded && words.length > 0 ? end : ''))
const attributes = fc.record({
  mode: fc.constantFrom(0o644, 0o600, 0o755),
  uid: fc.constantFrom(0, 80),
  gid: fc.constantFrom(0, 80),
})

const node: fc.Arbitrary<Node> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(text, attributes).map(([content, { mode, ...owner }]) => file(content, mode, owner)),
  },
  { weight: 1, arbitrary: fc.constantFrom('\0a', '\u00ff').map(content => file(content)) },
  { weight: 2, arbitrary: attributes.map(({ mode, ...owner }) => directory(mode, owner)) },
  { weight: 1, arbitrary: fc.constantFrom('a', '/etc/passwd').map(link) },
)

const NAMES = ['root', 'daemon', '_web', 'www', 'bob', 'eve']

const account = (whose: string) =>
  fc
    .record({
      name: fc.constantFrom(...NAMES),
      id: fc.integer({ min: 1, max: 4 }),
      gid: fc.integer({ min: 1, max: 3 }),
      home: fc.constantFrom('/', '/home'),
    })
    .map(
      ({ name, id, gid, home }) =>
        `${name}:$6$${whose}${name}:${name === 'root' ? 0 : id}:${gid}::0:0:X:${home}:/bin/sh\n`,
    )

const group = fc
  .record({ name: fc.constantFrom(...NAMES), id: fc.integer({ min: 1, max: 4 }), members: fc.subarray(NAMES) })
  .map(({ name, id, members }) => `${name}:*:${id}:${members.join(',')}\n`)

const records = (record: fc.Arbitrary<string>, comment: string) =>
  fc
    .uniqueArray(record, { selector: line => line.split(':')[0], maxLength: 5 })
    .chain(all => fc.tuple(fc.constant(all), fc.nat(all.length), fc.boolean()))
    .map(([all, at, isCommented]) => (isCommented ? all.toSpliced(at, 0, `# ${comment}\n`) : all).join(''))

const accounts = (whose: string) =>
  fc.record({
    'etc/master.passwd': records(account(whose), `users of ${whose}`).map(content => file(content, 0o600)),
    'etc/group': records(group, `groups of ${whose}`).map(content => file(content)),
  })

/** A thing is put where its directory is one; what would need another there is left out. */
function grow(nodes: readonly (readonly [string, Node | undefined])[]): Tree {
  const tree = new Map(treeOf({}))
  for (const [path, each] of nodes) {
    if (each === undefined) continue
    const above = dirname(path)
    if (!tree.has(above) && tree.get(dirname(above))?.kind === 'directory') tree.set(above, directory())
    if (tree.get(above)?.kind === 'directory') tree.set(path, each)
  }
  return derive(tree)
}

const maybe = fc.option(node, { nil: undefined, freq: 4 })
const blueprint = (whose: string) =>
  fc
    .tuple(fc.tuple(...PATHS.map(() => maybe)), accounts(whose))
    .map(
      ([nodes, given]) => new Map([...PATHS.map((path, at) => [path, nodes[at]] as const), ...Object.entries(given)]),
    )

/** Of each path the customer has what either blueprint has, or something of his own, or nothing. */
const choice = fc.constantFrom('old', 'old', 'old', 'new', 'own', 'own', 'none')

export const threeTrees: fc.Arbitrary<Three> = fc
  .record({
    old: blueprint('old'),
    new: blueprint('new'),
    own: blueprint('own'),
    isNew: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: PATHS.length + 2, maxLength: PATHS.length + 2 }),
    choices: fc.array(choice, { minLength: PATHS.length + 2, maxLength: PATHS.length + 2 }),
    beside: fc.tuple(...BESIDE.map(() => fc.option(node, { nil: undefined, freq: 1 }))),
  })
  .map(({ old, new: fresh, own, isNew, choices, beside }) => {
    const paths = [...old.keys()]
    const newer = new Map(paths.map((path, at) => [path, isNew[at] === 0 ? old.get(path) : fresh.get(path)]))
    const from = { old, new: newer, own, none: new Map<string, Node>() }
    const mine = paths.map((path, at) => [path, from[choices[at] ?? 'old'].get(path)] as const)
    return {
      old: grow([...old]),
      new: grow([...newer]),
      own: grow([...mine, ...BESIDE.map((path, at) => [path, beside[at]] as const)]),
    }
  })
