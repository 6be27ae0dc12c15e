/**
 * Three-way merge of an instance's files: what the old blueprint had, what the new one has, and what the instance has.
 * Whatever only one side changed is as that side has it; the rest is merged, or is a conflict.
 */
import { areEqual, mergeAttributes } from './attributes.ts'
import { KIND_WORDS } from './compare.ts'
import { baseOf, bothChanged } from './contents.ts'
import { isAccounts, isMadeByProgram } from './databases.ts'
import { Draft } from './draft.ts'
import { type Entry, isSame, sameContent } from './entry.ts'
import { fileMerger } from './file-merge.ts'
import type { Conflict, MergeInput, MergePlan } from './plan-shape.ts'

export function planMerge(input: MergeInput): MergePlan {
  const draft = new Draft(input)
  const mergeFile = fileMerger(input)
  const merged: string[] = []
  for (const path of [...input.paths].reverse()) if (!input.new.has(path)) drop(path, draft)
  for (const path of input.paths) {
    const newer = input.new.get(path)
    if (newer !== undefined) bring(path, newer, draft)
  }
  return draft.finish(merged)

  /** The new blueprint has another thing there than the old one, or one where the old one had nothing. */
  function bring(path: string, newer: Entry, draft: Draft): void {
    const [old, own] = [input.old.get(path), input.own.get(path)]
    if (isMadeByProgram(path)) draft.lists.rebuilt.push(path)
    else if (draft.isBarred(path)) return
    else if (isSame(own, newer)) draft.lists.same.push(path)
    else if (own === undefined) bringMissing(path, old, newer, draft)
    else if (own.kind !== newer.kind) bringOtherKind(path, { old, newer, own }, draft)
    else if (own.kind === 'link') bringLink(path, { old, newer, own }, draft)
    else bringAlike(path, { old, newer, own })
  }

  function bringAlike(path: string, { old, newer, own }: Sides): void {
    const base = baseOf(path, input.old, input.own)
    const isRead = isAccounts(path) && input.contents.own.has(path)
    const file = isRead || bothChanged(base, newer, own) ? mergeFile(path) : undefined
    if (file !== undefined && 'problem' in file) {
      draft.clash({ path, own, newer, reason: file.problem, isFirm: file.isFirm })
      return
    }
    const { attributes, clashes } = mergeAttributes(old, newer, own, input.policy)
    for (const clash of clashes) draft.conflict(path, clash, input.policy === 'replace' ? 'blueprint' : 'customer')
    const adjust = areEqual(attributes, own) ? undefined : attributes
    if (file !== undefined) {
      const { text: content, isSecret, conflicts } = file
      draft.lists.conflicts.push(...conflicts)
      if (!Buffer.from(content).equals(input.contents.own.get(path) ?? Buffer.alloc(0))) {
        draft.lists.writes.push({
          path,
          content,
          isSecret: isSecret || !isForAll(own) || !isForAll(newer),
          ...(adjust === undefined ? {} : { adjust }),
        })
        return
      }
      merged.push(path)
    } else if (sameContent(own, base) && !sameContent(own, newer) && !sameContent(old, newer)) {
      draft.take(path, newer, undefined, areEqual(attributes, newer) ? undefined : attributes)
      return
    }
    if (adjust === undefined) draft.keep(path)
    else draft.lists.metadata.push({ path, kind: own.kind, adjust })
  }
}

/** Everyone may read it. */
const isForAll = ({ mode }: Entry) => (mode & 0o004) !== 0

interface Sides {
  readonly old: Entry | undefined
  readonly newer: Entry
  readonly own: Entry
}

/** The new blueprint has nothing there. */
function drop(path: string, draft: Draft): void {
  const [old, own] = [draft.input.old.get(path), draft.input.own.get(path)]
  if (own === undefined) draft.lists.same.push(path)
  else if (isMadeByProgram(path)) draft.lists.rebuilt.push(path)
  else if (draft.isBarred(path)) return
  else if (isSame(own, old) && (own.kind !== 'directory' || draft.willBeEmpty(path, own))) draft.remove(path, own)
  else if (own.kind === 'directory') draft.keep(path)
  else
    draft.clash({
      path,
      own,
      newer: undefined,
      reason: 'the customer changed it, and the new blueprint has it no more',
    })
}

function bringMissing(path: string, old: Entry | undefined, newer: Entry, draft: Draft): void {
  if (old === undefined) draft.take(path, newer)
  else if (sameContent(old, newer)) draft.keep(path)
  else {
    const reason = 'the customer removed it, and the new blueprint changed it'
    const isReplaced = draft.input.policy === 'replace'
    if (isReplaced) draft.take(path, newer)
    else draft.keep(path)
    draft.conflict(path, isReplaced ? reason : `${reason}: it stays away`, isReplaced ? 'blueprint' : 'customer')
  }
}

function bringOtherKind(path: string, { old, newer, own }: Sides, draft: Draft): void {
  const [kind, wanted] = [KIND_WORDS[own.kind], KIND_WORDS[newer.kind]]
  if (sameContent(old, newer)) draft.keep(path)
  else if (!sameContent(own, old))
    draft.clash({ path, own, newer, reason: `it is ${kind} of the customer's, and ${wanted} in the new blueprint` })
  else if (own.kind === 'directory' && !draft.willBeEmpty(path, own))
    draft.clash({
      path,
      own,
      newer,
      reason: `it is ${wanted} in the new blueprint, and the customer has files of his own in the directory`,
    })
  else draft.take(path, newer, own.kind)
}

function bringLink(path: string, { old, newer, own }: Sides, draft: Draft): void {
  if (sameContent(own, old)) draft.take(path, newer, 'link')
  else
    draft.clash({
      path,
      own,
      newer,
      reason: `it points to ${own.link} by the customer, and to ${newer.link} in the new blueprint`,
    })
}

/** What to say of conflicts where they are refused. */
export const describeConflicts = (conflicts: readonly Conflict[]): string =>
  conflicts.map(({ path, reason }) => `${path}: ${reason}`).join('; ')
