/** What becomes of a file that the customer and the blueprint changed: by records where it has some, else by lines. */
import { type AccountsMerged, mergeGroups, mergeUsers } from './account-merge.ts'
import { GROUP, LOGIN_CONF, MASTER_PASSWD } from './databases.ts'
import { mergeLoginConf } from './login-conf.ts'
import type { Conflict, MergeInput } from './plan-shape.ts'
import { decode, mergeText, type Texts } from './text.ts'

export type FileMerged =
  | { readonly text: string; readonly conflicts: readonly Conflict[]; readonly isSecret: boolean }
  | {
      readonly problem: string
      /** The customer's stays whatever the policy: nobody's account is lost. */
      readonly isFirm: boolean
    }

export type Input = Pick<MergeInput, 'contents' | 'policy' | 'old' | 'new' | 'own'>

/** Merges of files, and whether both sides' users and groups belong together, which no file tells alone. */
export function fileMerger(input: Input): (path: string) => FileMerged | undefined {
  const accounts = mergeAccounts(input)
  return path => {
    const merged = accounts.get(path)
    if (merged !== undefined) return 'problem' in merged ? { ...merged, isFirm: true } : { ...merged, isSecret: true }
    const texts = textsOf(path, input)
    if ('problem' in texts) return { ...texts, isFirm: false }
    const text = path === LOGIN_CONF ? mergeLoginConf(texts) : mergeText(texts)
    return 'problem' in text ? { ...text, isFirm: false } : { ...text, conflicts: [], isSecret: false }
  }
}

/** Where the customer changed either file, both are merged by record: a new user may need a group that cannot be given. */
function mergeAccounts(input: Input): ReadonlyMap<string, AccountsMerged> {
  const merged = new Map<string, AccountsMerged>()
  const wasRead = (path: string) => input.contents.own.has(path) && input.contents.new.has(path)
  let given: ReadonlySet<string> = new Set()
  if (wasRead(GROUP)) {
    const texts = textsOf(GROUP, input)
    const groups = 'problem' in texts ? texts : mergeGroups(texts, input.policy)
    if ('given' in groups) given = groups.given
    merged.set(GROUP, groups)
  }
  if (wasRead(MASTER_PASSWD)) {
    const texts = textsOf(MASTER_PASSWD, input)
    merged.set(MASTER_PASSWD, 'problem' in texts ? texts : mergeUsers(texts, input.policy, given))
  }
  return merged
}

function textsOf(path: string, { contents, ...sides }: Input): Texts | { readonly problem: string } {
  const texts = { old: '', new: '', own: '' }
  for (const side of ['old', 'new', 'own'] as const) {
    if (sides[side].get(path)?.kind !== 'file') continue
    const bytes = contents[side].get(path)
    if (bytes === undefined)
      return { problem: 'it is too large to be merged, and both the customer and the new blueprint changed it' }
    const text = decode(bytes)
    if (text === undefined)
      return { problem: 'it is no text (UTF-8), and both the customer and the new blueprint changed it' }
    texts[side] = text
  }
  return texts
}
