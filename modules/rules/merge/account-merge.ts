/** Users and groups of three sides: record by record, and field by field where both sides changed one. */
import { type Format, fieldsOf, GROUPS, mergeMembers, PASSWD, PASSWORD, parseAccounts } from './accounts.ts'
import type { Conflict, Policy } from './plan-shape.ts'
import { mergeRecords, type Records, type Sides } from './records.ts'
import type { Texts } from './text.ts'

export type AccountsMerged =
  | { readonly problem: string }
  | {
      readonly text: string
      readonly conflicts: readonly Conflict[]
      /** Ids that the customer gave: no user of the new blueprint's gets into such a group by its number. */
      readonly given: ReadonlySet<string>
    }

type Fields = readonly string[]

/** A user's group, among the fields of a user. */
const GID = 3

export const mergeGroups = (texts: Texts, policy: Policy) => new Merge(GROUPS, policy, new Set()).of(texts)

export const mergeUsers = (texts: Texts, policy: Policy, givenGroups: ReadonlySet<string>) =>
  new Merge(PASSWD, policy, givenGroups).of(texts)

class Merge {
  private readonly format: Format
  private readonly policy: Policy
  private readonly givenGroups: ReadonlySet<string>
  private readonly conflicts: Conflict[] = []

  constructor(format: Format, policy: Policy, givenGroups: ReadonlySet<string>) {
    this.format = format
    this.policy = policy
    this.givenGroups = givenGroups
  }

  of(texts: Texts): AccountsMerged {
    const sides = {} as { -readonly [side in keyof Texts]: Records }
    for (const [side, whose] of [
      ['own', "the customer's"],
      ['new', "the new blueprint's"],
      ['old', "the old blueprint's"],
    ] as const) {
      const records = parseAccounts(texts[side], this.format)
      if ('problem' in records) return { problem: `in ${whose}, ${records.problem}` }
      sides[side] = records
    }
    const merged = this.settle(sides)
    const text = mergeRecords(sides, name => {
      const fields = merged.get(name)
      if (fields === undefined) return undefined
      const line = fields.join(':')
      // A record that stays as one side has it also keeps a last line without its line feed.
      const body = [sides.new, sides.own].map(side => side.items.get(name)?.body).find(each => each === line)
      return body ?? `${line}\n`
    })
    return { text, conflicts: this.conflicts, given: this.givenIn(merged, sides) }
  }

  private settle(records: Sides<Records>): ReadonlyMap<string, Fields> {
    const merged = new Map<string, Fields>()
    const names = new Set([...records.new.items.keys(), ...records.own.items.keys(), ...records.old.items.keys()])
    const at = (side: keyof Sides<Records>, name: string) => {
      const body = records[side].items.get(name)?.body
      return body === undefined ? undefined : fieldsOf(body)
    }
    for (const name of names) {
      const fields = this.record(name, { old: at('old', name), new: at('new', name), own: at('own', name) })
      if (fields !== undefined) merged.set(name, fields)
    }
    // Who keeps his old id may have it in common with somebody who was settled before.
    while ([...merged.keys()].filter(name => this.settleId(name, merged, at)).length > 0);
    if (this.format === PASSWD) for (const name of [...merged.keys()]) this.settleGroup(name, merged, at('own', name))
    return merged
  }

  private givenIn(merged: ReadonlyMap<string, Fields>, { new: newer, own }: Sides<Records>): ReadonlySet<string> {
    const idIn = ({ items }: Records, name: string) => this.idOf(fieldsOf(items.get(name)?.body ?? ''))
    const isNew = ([name, fields]: [string, Fields]) => idIn(newer, name) === this.idOf(fields)
    const ids = (records: [string, Fields][]) => new Set(records.map(([, fields]) => this.idOf(fields)))
    const shared = ids([...merged].filter(isNew))
    const his = ids([...merged].filter(record => own.items.has(record[0]) && !isNew(record)))
    return new Set([...his].filter(id => !shared.has(id)))
  }

  /** No id of the new blueprint's is given that one of the customer's records has. Tells whether something had to give way. */
  private settleId(
    name: string,
    merged: Map<string, Fields>,
    at: (side: keyof Texts, name: string) => Fields | undefined,
  ): boolean {
    const { noun, id } = this.format
    const [own, wanted] = [at('own', name), this.idOf(merged.get(name))]
    if (wanted === '' || this.idOf(own) === wanted) return false
    const isHolder = ([other, fields]: [string, Fields]) =>
      other !== name &&
      this.idOf(fields) === wanted &&
      at('own', other) !== undefined &&
      this.idOf(at('new', other)) !== wanted
    const holder = [...merged].find(isHolder)?.[0]
    if (holder === undefined) return false
    const cause = `its ${id.name} ${wanted} is that of the customer's ${noun} ${holder}`
    if (own === undefined) {
      merged.delete(name)
      this.tell(name, `${cause}, so it was left out. Give ${holder} another ${id.name}, then add ${name}`, 'customer')
    } else {
      merged.set(name, (merged.get(name) ?? own).with(id.at, this.idOf(own)))
      this.tell(name, `${cause}, so it keeps its old one`, 'customer')
    }
    return true
  }

  /** Nobody gets into a group of the customer's by its number. */
  private settleGroup(name: string, merged: Map<string, Fields>, own: Fields | undefined): void {
    const fields = merged.get(name)
    const gid = fields?.[GID] ?? ''
    if (fields === undefined || !this.givenGroups.has(gid) || own?.[GID] === gid) return
    const cause = `its gid ${gid} is that of a group of the customer's`
    if (own === undefined) merged.delete(name)
    else merged.set(name, fields.with(GID, own[GID] ?? ''))
    this.tell(name, `${cause}, so it ${own === undefined ? 'was left out' : 'keeps its old one'}`, 'customer')
  }

  private idOf = (fields: Fields | undefined) => fields?.[this.format.id.at] ?? ''

  private record(name: string, { old, new: newer, own }: Sides<Fields | undefined>): Fields | undefined {
    if (newer !== undefined && own !== undefined) return this.fields(name, old, newer, own)
    if (own !== undefined) {
      if (old === undefined) return own
      if (sameFields(own, old)) return undefined
      this.tell(name, 'the new blueprint has it no more, and the customer changed it: it stays', 'customer')
      return own
    }
    if (newer === undefined || old === undefined) return newer
    if (sameFields(newer, old)) return undefined
    const isReplaced = this.policy === 'replace'
    const outcome = isReplaced ? 'it is there again' : 'it stays away'
    this.tell(
      name,
      `the customer removed it, and the new blueprint changed it: ${outcome}`,
      isReplaced ? 'blueprint' : 'customer',
    )
    return isReplaced ? newer : undefined
  }

  private fields(name: string, old: Fields | undefined, newer: Fields, own: Fields): Fields {
    return this.format.fields.map((field, at) => {
      const sides = { old: old?.[at] ?? '', new: newer[at] ?? '', own: own[at] ?? '' }
      if (field === 'members') return mergeMembers(sides)
      if (at === PASSWORD || sides.own === sides.new) return sides.own
      if (old !== undefined && sides.own === sides.old) return sides.new
      if (old !== undefined && sides.new === sides.old) return sides.own
      // Files belong to numbers: those of the customer stay.
      const isReplaced = this.policy === 'replace' && field !== 'uid' && field !== 'gid'
      const whose = isReplaced ? "the new blueprint's" : "the customer's"
      const reason = `the customer and the new blueprint have different values in the field "${field}": ${whose} holds`
      this.tell(name, reason, isReplaced ? 'blueprint' : 'customer')
      return isReplaced ? sides.new : sides.own
    })
  }

  private tell(name: string, what: string, winner: Conflict['winner']): void {
    this.conflicts.push({ path: this.format.file, reason: `${this.format.noun} ${name}: ${what}`, winner })
  }
}

const sameFields = (one: Fields, other: Fields) => one.join(':') === other.join(':')
