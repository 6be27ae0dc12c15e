/** Mode and owner of three sides, each by itself and apart from what is in the file. */
import { describeMode } from '../../core/step.ts'
import type { Attributes, Entry } from './entry.ts'
import type { Policy } from './plan-shape.ts'

export interface AttributesMerged {
  readonly attributes: Attributes
  /** In words, for a person. */
  readonly clashes: readonly string[]
}

const WORDS: Readonly<Record<keyof Attributes, (value: number) => string>> = {
  mode: value => `mode ${describeMode(value)}`,
  uid: value => `uid ${value}`,
  gid: value => `gid ${value}`,
}

export function mergeAttributes(old: Entry | undefined, newer: Entry, own: Entry, policy: Policy): AttributesMerged {
  // What the customer made before the blueprint had it is his.
  if (old?.kind !== own.kind) return { attributes: attributesOf(own), clashes: [] }
  const clashes: string[] = []
  const pick = (key: keyof Attributes): number => {
    if (own[key] === newer[key] || newer[key] === old[key]) return own[key]
    if (own[key] === old[key]) return newer[key]
    clashes.push(`it has ${WORDS[key](own[key])} from the customer and ${WORDS[key](newer[key])} in the new blueprint`)
    return policy === 'replace' ? newer[key] : own[key]
  }
  return { attributes: { mode: pick('mode'), uid: pick('uid'), gid: pick('gid') }, clashes }
}

export const attributesOf = ({ mode, uid, gid }: Attributes): Attributes => ({ mode, uid, gid })

export const areEqual = (one: Attributes, other: Attributes) =>
  one.mode === other.mode && one.uid === other.uid && one.gid === other.gid
