/** Datasets in a few words, for what is decided about replicas. */
import type { Decision, Learned, Wishes } from '../../modules/rules/replica/decide.ts'
import type { DatasetSeen, Point } from '../../modules/rules/replica/side.ts'

/** `a:1` is a snapshot named a with the guid 1, `#m:1` a bookmark of it. Guids grow with time. */
export const points = (...words: string[]): Point[] =>
  words.map(word => {
    const [name = '', guid = ''] = word.replace('#', '').split(':')
    return { kind: word.startsWith('#') ? 'bookmark' : 'snapshot', name, guid, createtxg: 10 * Number(guid) }
  })

export const seen = (name: string, words: readonly string[], more: Partial<DatasetSeen> = {}): DatasetSeen => ({
  name,
  type: 'filesystem',
  isEncrypted: false,
  isReadOnly: true,
  isNeverMounted: false,
  points: points(...words),
  ...more,
})

export const from = (words: readonly string[], more?: Partial<DatasetSeen>) => seen('zroot/db', words, more)
export const copy = (words: readonly string[], more?: Partial<DatasetSeen>) => seen('backup/db', words, more)

export const REFUSING: Wishes = { diverged: 'refuse', history: true }
export const NOTHING_LEARNED: Learned = { tokens: new Map(), refused: new Map() }

/** `incremental a..c`, or the reason. */
export function brief(decision: Decision): string {
  const mark = ({ kind, name }: Point) => `${kind === 'bookmark' ? '#' : ''}${name}`
  if ('why' in decision) return `${decision.kind}: ${decision.why}`
  if (decision.kind === 'incremental')
    return `incremental ${mark(decision.from)}${decision.through ? '..' : '.'}${mark(decision.to)}`
  return 'to' in decision ? `${decision.kind} ${mark(decision.to)}` : decision.kind
}
