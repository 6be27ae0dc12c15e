/**
 * Every command line that a run has the other host run. Each is made here out of the words that came, by the very function
 * that makes it there: one with a word more, less or otherwise is another line, and none of these.
 */
import type { Command, RunStep } from '../../modules/core/step.ts'
import { holdsQueries } from '../../modules/freebsd/zfs.ts'
import { datasetNameProblem, snapshotNameProblem } from '../../modules/freebsd/zfs-names.ts'
import {
  creationQueries,
  destroyBookmark,
  heldQueries,
  holdSnapshots,
  makeBookmark,
  pointsQuery,
  releaseSnapshots,
} from '../../modules/freebsd/zfs-points.ts'
import { abandonReceive, receive, sendResumed, sendSnapshot, tokenQuery } from '../../modules/freebsd/zfs-send.ts'
import { destroySnapshots, takeSnapshots, tiesQueries, writtenQueries } from '../../modules/freebsd/zfs-snapshots.ts'
import { renameDataset, setProperties } from '../../modules/freebsd/zfs-steps.ts'
import { treeQuery } from '../../modules/freebsd/zfs-tree.ts'
import { DEFAULT_SITE, PROPERTY } from '../../modules/rules/layout.ts'
import { isUserProperty, OWN_AFFAIR } from '../../modules/rules/replica/affairs.ts'
import { placeholder, unmountable } from '../../modules/rules/replica/filling.ts'
import { JOURNAL_FIND } from '../../modules/rules/replica/journals.ts'
import { COLUMNS } from '../../modules/rules/replica/look.ts'
import { HOLD, isOwnSnapshot, isRenaming, replicaOfBookmark } from '../../modules/rules/replica/names.ts'

export type Role = 'source' | 'target'

/** The command, if these words are such a line about what is at or below `top`. */
export function lineFor(role: Role, words: readonly string[], top: string): Command | undefined {
  const ours = oursBelow(top)
  for (const form of formsFor(role)) {
    const command = form(words, ours)
    if (command !== undefined && isSame(command, words)) return command
  }
  return undefined
}

export const formsFor = (role: Role): readonly Form[] => [...BOTH, ...(role === 'target' ? TARGET : SOURCE)]

const isSame = (command: Command, words: readonly string[]) =>
  command.length === words.length && command.every((word, at) => word === words[at])

/** What of the names in a line it may be about. */
export interface Ours {
  dataset(word: string | undefined): word is string
  snapshot(word: string | undefined): word is string
  bookmark(word: string | undefined): word is string
}

/** What the line may be, if the words say enough for it; whether it is, is compared. */
export type Form = (words: readonly string[], ours: Ours) => Command | undefined

export function oursBelow(top: string): Ours {
  const isBelow = (name: string) => name === top || name.startsWith(`${top}/`)
  const ours: Ours = {
    dataset: (word): word is string => word !== undefined && datasetNameProblem(word) === undefined && isBelow(word),
    snapshot: (word): word is string =>
      word !== undefined && snapshotNameProblem(word) === undefined && isBelow(word.split('@')[0] ?? ''),
    bookmark: (word): word is string => {
      const [dataset, mark = '', ...more] = word?.split('#') ?? []
      return ours.dataset(dataset) && more.length === 0 && /^[\w.: -]+$/.test(mark)
    },
  }
  return ours
}

/** Names at the end of a line: as many as there are. */
function namesOf<T extends string>(words: readonly string[], isOne: (word: string | undefined) => word is T): T[] {
  const from = words.findLastIndex(word => !isOne(word))
  return words.slice(from + 1) as T[]
}

const commandOf = (step: RunStep | undefined) => step?.command
const after = (words: readonly string[], flag: string) =>
  words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined

const BOTH: readonly Form[] = [
  (words, ours) =>
    ours.dataset(words.at(-1)) ? treeQuery(words.at(-1) ?? '', 'filesystem,volume', COLUMNS) : undefined,
  (words, ours) => (ours.dataset(words.at(-1)) ? pointsQuery(words.at(-1) ?? '') : undefined),
  (words, ours) => tiesQueries(namesOf(words, ours.snapshot))[0],
  // Snapshots that runs themselves took, of one dataset. `serve` sees that one newer stays.
  (words, ours) => {
    const [dataset, names] = prunedBy(words.at(-1))
    return ours.dataset(dataset) && names.length > 0 ? commandOf(destroySnapshots(dataset, names, false)) : undefined
  },
]

/** Of `DATASET@NAME,NAME`, if runs took all of them. */
export function prunedBy(word = ''): [dataset: string | undefined, names: readonly string[]] {
  const [dataset, list = '', ...more] = word.split('@')
  const names = list.split(',')
  const areOwn = more.length === 0 && names.every(name => isOwnSnapshot({ kind: 'snapshot', name }))
  return [dataset, areOwn ? names : []]
}

const TARGET: readonly Form[] = [
  (words, ours) => heldQueries(namesOf(words, ours.dataset))[0],
  (words, ours) => holdsQueries(namesOf(words, ours.snapshot))[0],
  (words, ours) => writtenQueries(namesOf(words, ours.snapshot))[0],
  (words, ours) => commandOf(holdSnapshots(HOLD, namesOf(words, ours.snapshot))[0]),
  (words, ours) => commandOf(releaseSnapshots(HOLD, namesOf(words, ours.snapshot))[0]),
  (words, ours) => (ours.dataset(words.at(-1)) ? commandOf(placeholder(words.at(-1) ?? '')) : undefined),
  (words, ours) => {
    const [from, to] = words.slice(-2)
    if (!ours.dataset(from) || !ours.dataset(to) || !isRenaming(from, to)) return undefined
    return commandOf(renameDataset(from, to, { unmounted: words.includes('-u') }))
  },
  (words, ours) => (ours.dataset(words.at(-1)) ? commandOf(unmountable(words.at(-1) ?? '')[0]) : undefined),
  (words, ours) => receiving('filesystem', words, ours),
  (words, ours) => receiving('volume', words, ours),
  (words, ours) => (ours.dataset(words.at(-1)) ? commandOf(abandonReceive(words.at(-1) ?? '')) : undefined),
]

function receiving(type: 'filesystem' | 'volume', words: readonly string[], ours: Ours): Command | undefined {
  const dataset = words.at(-1)
  // The sender's own property may have another name than this host's.
  const own = words.filter((word, at) => words[at - 1] === '-x' && isUserProperty(word) && !OWN_AFFAIR.includes(word))
  const without = [...OWN_AFFAIR, ...own.slice(0, 1)]
  return ours.dataset(dataset) ? receive(dataset, { type, without, nowhere: true }) : undefined
}

const SOURCE: readonly Form[] = [
  (words, ours) =>
    creationQueries(namesOf(words, (word): word is string => ours.snapshot(word) || ours.bookmark(word)))[0],
  (words, ours) => {
    const names = namesOf(words, ours.dataset)
    const value = words[2]?.startsWith(`${PROPERTY.replica}=`) ? words[2].slice(PROPERTY.replica.length + 1) : ''
    return /^\d+ \P{Cc}+$/u.test(value)
      ? commandOf(setProperties(names.map(name => [name, [[PROPERTY.replica, value]]]))[0])
      : undefined
  },
  (words, ours) => {
    const names = namesOf(words, ours.snapshot)
    return names.length > 0 && names.every(name => prunedBy(name)[1].length === 1)
      ? commandOf(takeSnapshots(names))
      : undefined
  },
  (words, ours) => {
    const [from, to] = words.slice(-2)
    const isOurs = ours.snapshot(from) || (ours.bookmark(from) && isMark(from))
    return isOurs && ours.bookmark(to) && isMark(to) ? commandOf(makeBookmark(from, to)) : undefined
  },
  (words, ours) => {
    const bookmark = words.at(-1)
    return ours.bookmark(bookmark) && isMark(bookmark) ? commandOf(destroyBookmark(bookmark)) : undefined
  },
  (words, ours) => {
    const through = words.includes('-I')
    const [from, to] = [after(words, through ? '-I' : '-i'), words.at(-1)]
    const isBase = from === undefined || ours.snapshot(from) || (!through && ours.bookmark(from))
    if (!ours.snapshot(to) || !isBase) return undefined
    return sendSnapshot(to, { raw: words.includes('-w'), ...(from !== undefined && { from, through }) })
  },
  // What a token names is asked of zfs(8) before it is used.
  words => (isToken(words.at(-1)) ? sendResumed(words.at(-1) ?? '', words.includes('-w')) : undefined),
  words => (isToken(words.at(-1)) ? tokenQuery(words.at(-1) ?? '') : undefined),
  // Whose journals are there: names alone.
  words => {
    const [, path] = /^(\/[\w./-]*)\/instances$/.exec(words[1] ?? '') ?? []
    return path === undefined || path.includes('..') ? undefined : JOURNAL_FIND({ ...DEFAULT_SITE, path })
  },
]

const isToken = (word = '') => /^1-[0-9a-f-]+$/.test(word)

const isMark = (bookmark: string) => {
  const [, name = ''] = bookmark.split('#')
  const guid = /\d+$/.exec(name)?.[0] ?? ''
  return replicaOfBookmark({ kind: 'bookmark', name, guid }) !== undefined
}
