/**
 * The forced command of a key in authorized_keys(5): what the other host asks for is run if it is one of the few command lines
 * that replication has, about datasets below the one named, and nothing else. A stolen key can then add increments to copies,
 * or read what is copied; it cannot destroy a copy, roll one back, or see another dataset.
 */
import { Refused } from '../../modules/core/errors.ts'
import type { Probe } from '../../modules/core/host.ts'
import type { Command } from '../../modules/core/step.ts'
import { wordsOf } from '../../modules/freebsd/ssh.ts'
import { datasetNameProblem } from '../../modules/freebsd/zfs-names.ts'
import { listPoints } from '../../modules/freebsd/zfs-points.ts'
import { readToken } from '../../modules/freebsd/zfs-send.ts'
import { PROPERTY } from '../../modules/rules/layout.ts'
import { COLUMNS } from '../../modules/rules/replica/look.ts'
import { HOLD, isOwnSnapshot, isRenaming, replicaOfBookmark } from '../../modules/rules/replica/names.ts'

export interface Grant {
  readonly dataset: string
  /** `target` receives copies; `source` sends and has bookmarks. */
  readonly role: 'source' | 'target'
}

/** The command, if it may be run. */
export function granted(line: string, grant: Grant): Command {
  const words = wordsOf(line) ?? []
  const [program, ...rest] = words
  const isAllowed = program === 'zfs' ? allowsZfs(rest, grant) : program === 'find' && allowsFind(rest, grant)
  if (!isAllowed)
    throw new Refused(`this key is for replication of ${grant.dataset} alone, and not for: ${line.slice(0, 200)}`)
  return words as unknown as Command
}

function allowsZfs([verb = '', ...words]: readonly string[], grant: Grant): boolean {
  const known = new Map([...BOTH, ...(grant.role === 'target' ? TARGET : SOURCE)])
  return known.get(verb)?.(words, name => isBelow(name, grant.dataset)) === true
}

const rules = (given: Readonly<Record<string, Rule>>) => new Map(Object.entries(given))

type Rule = (words: readonly string[], isOurs: (name: string) => boolean) => boolean

const is = (words: readonly string[], ...expected: string[]) =>
  words.length === expected.length && words.every((word, index) => word === expected[index])
const sharedStart = (words: readonly string[], start: readonly string[]) => is(words.slice(0, start.length), ...start)

const LISTS: readonly (readonly string[])[] = [
  ['-Hp', '-r', '-t', 'filesystem,volume', '-o', ['name', ...COLUMNS].join(',')],
  ['-Hp', '-r', '-t', 'snapshot,bookmark', '-o', 'name,guid,createtxg', '-s', 'createtxg'],
]

const TIES = new Set(['name,userrefs', 'name,userrefs,clones,creation'])

const BOTH: ReadonlyMap<string, Rule> = rules({
  list(words, isOurs) {
    if (sharedStart(words, ['-Hp', '-t', 'snapshot', '-o']))
      return TIES.has(words[4] ?? '') && all(words.slice(5), isOurs)
    const start = LISTS.find(each => sharedStart(words, each))
    return start !== undefined && words.length === start.length + 1 && isOurs(words.at(-1) ?? '')
  },
})

/** Snapshots that runs themselves took, of one dataset. `checkAgainstHost` sees that one newer stays. */
const isPruning: Rule = ([names = '', ...more], isOurs) =>
  more.length === 0 && prunedBy(names).length > 0 && all(prunedBy(names), isOurs)

function prunedBy(words: string): string[] {
  const [dataset, list = '', ...more] = words.split('@')
  const names = more.length > 0 ? [''] : list.split(',')
  return names.every(name => isOwnSnapshot({ kind: 'snapshot', name })) ? names.map(name => `${dataset}@${name}`) : []
}

const TARGET: ReadonlyMap<string, Rule> = rules({
  destroy: isPruning,
  holds: (words, isOurs) => words[0] === '-Hp' && all(words.slice(1), isOurs),
  hold: (words, isOurs) => words[0] === HOLD && all(words.slice(1), isOurs),
  release: (words, isOurs) => words[0] === HOLD && all(words.slice(1), isOurs),
  create: (words, isOurs) =>
    sharedStart(words, ['-o', 'canmount=off', '-o', 'mountpoint=none', '-o', 'readonly=on']) &&
    all(words.slice(6), isOurs) &&
    words.length === 7,
  rename(words, isOurs) {
    const [from = '', to = '', ...more] = words[0] === '-u' ? words.slice(1) : words
    return more.length === 0 && isOurs(from) && isOurs(to) && isRenaming(from, to)
  },
  receive(words, isOurs) {
    if (words[0] === '-A') return words.length === 2 && isOurs(words[1] ?? '')
    if (!sharedStart(words, ['-s', '-u'])) return false
    const pairs = words.slice(2, -1)
    return (
      pairs.length % 2 === 0 &&
      pairs.every((_, at) => at % 2 === 1 || isHarmless(pairs[at], pairs[at + 1])) &&
      isOurs(words.at(-1) ?? '')
    )
  },
})

/** What the words alone do not tell. */
export async function checkAgainstHost(command: Command, { dataset }: Grant, host: Pick<Probe, 'query'>) {
  const token = tokenIn(command)
  const contents = token === undefined ? undefined : await readToken(host, token)
  if (contents !== undefined && !isBelow(contents.name, dataset))
    throw new Refused(`this key is for replication of ${dataset} alone, and the token names ${contents.name}.`)
  const pruned = command[1] === 'destroy' ? prunedBy(command[2] ?? '') : []
  const [of = ''] = pruned[0]?.split('@') ?? []
  const newest =
    pruned.length === 0
      ? undefined
      : (await listPoints(host, of))
          .get(of)
          ?.filter(({ kind }) => kind === 'snapshot')
          .at(-1)
  if (newest !== undefined && pruned.includes(`${of}@${newest.name}`))
    throw new Refused(`${of}@${newest.name} is the newest there is of it, which this key cannot destroy.`)
}

/** The token that this command would use. It may name any dataset, and says which only to zfs(8). */
export const tokenIn = (command: Command) =>
  command[1] === 'send' && command.includes('-t') ? command.at(-1) : undefined

/** What is left out, or makes the copy less of an effect. */
const isHarmless = (flag = '', word = '') =>
  flag === '-x'
    ? /^[a-z0-9:._-]+$/.test(word)
    : flag === '-o' && /^(canmount=noauto|readonly=on|(quota|reservation|refreservation)=none)$/.test(word)

const SOURCE: ReadonlyMap<string, Rule> = rules({
  get: (words, isOurs) => sharedStart(words, ['-Hp', '-o', 'name,value', 'creation']) && all(words.slice(4), isOurs),
  set: (words, isOurs) => words[0]?.startsWith(`${PROPERTY.replica}=`) === true && all(words.slice(1), isOurs),
  snapshot: (words, isOurs) =>
    words.length > 0 && words.every(word => /@replica-\d{8}T\d{6}Z$/.test(word) && isOurs(word)),
  bookmark: ([from = '', to = '', ...more], isOurs) => more.length === 0 && isOurs(from) && isMark(to) && isOurs(to),
  destroy: (words, isOurs) =>
    isPruning(words, isOurs) || (words.length === 1 && isMark(words[0] ?? '') && all(words, isOurs)),
  send(words, isOurs) {
    // What a token names is asked of zfs(8) before it is used: `tokenIn`.
    if (is(words.slice(0, -1), '-t') || is(words.slice(0, -1), '-nvP', '-t'))
      return /^1-[0-9a-f-]+$/.test(words.at(-1) ?? '')
    if (words[0] !== '-Lecp') return false
    const rest = words[1] === '-w' ? words.slice(2) : words.slice(1)
    const [flag, from = '', to = '', ...more] = rest
    if (rest.length === 1) return isOurs(flag ?? '')
    return (flag === '-i' || flag === '-I') && more.length === 0 && isOurs(from) && isOurs(to)
  },
})

const all = (words: readonly string[], isOurs: (name: string) => boolean) => words.length > 0 && words.every(isOurs)

const isMark = (name: string) => {
  const [, mark = ''] = name.split('#')
  const guid = /\d+$/.exec(mark)?.[0] ?? ''
  return replicaOfBookmark({ kind: 'bookmark', name: mark, guid }) !== undefined
}

/** A dataset, or a snapshot or bookmark of one, at or below that of the grant. */
export function isBelow(name: string, top: string): boolean {
  const [dataset = '', ...marks] = name.split(/[@#]/)
  if (marks.length > 1 || marks.some(mark => !/^[\w.: -]+$/.test(mark)) || datasetNameProblem(dataset) !== undefined)
    return false
  return dataset === top || dataset.startsWith(`${top}/`)
}

/** Whose journals are there: names alone. */
const allowsFind = (words: readonly string[], { role }: Grant) =>
  role === 'source' &&
  is(words.slice(1), '-mindepth', '2', '-maxdepth', '2', '-name', 'journal.json') &&
  /^\/[\w./-]*\/instances$/.test(words[0] ?? '') &&
  words[0]?.includes('..') === false
