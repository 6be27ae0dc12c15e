/** A merge plan while it grows: what is done to a path, what will then be there, and what a policy makes of a conflict. */
import { areEqual, attributesOf } from './attributes.ts'
import { besideName, modeBeside, NEW_BESIDE, OLD_BESIDE } from './beside.ts'
import { barAbove, KIND_WORDS } from './compare.ts'
import { planDatabases } from './databases.ts'
import { type Attributes, type Entry, sameContent } from './entry.ts'
import type { Conflict, MergeInput, MergePlan } from './plan-shape.ts'
import { sampleCopies } from './samples.ts'

type Lists = { -readonly [list in keyof MergePlan]: MergePlan[list][number][] }

export interface Clash {
  readonly path: string
  readonly own: Entry
  /** Undefined: the new blueprint has nothing there. */
  readonly newer: Entry | undefined
  readonly reason: string
  /** The customer's stays whatever the policy. */
  readonly isFirm?: boolean
}

export class Draft {
  readonly input: MergeInput
  readonly lists: Lists = {
    removes: [],
    setAside: [],
    takes: [],
    writes: [],
    metadata: [],
    copies: [],
    databases: [],
    kept: [],
    same: [],
    rebuilt: [],
    barred: [],
    conflicts: [],
  }
  /** Other than what the instance has now. */
  private readonly coming = new Map<string, Entry['kind'] | undefined>()
  private readonly removed = new Set<string>()

  constructor(input: MergeInput) {
    this.input = input
  }

  /** `merged`: files that were merged before and are as they shall be. */
  finish(merged: readonly string[]): MergePlan {
    const { lists, input } = this
    const isAsNew = ({ path }: { path: string }) => sameContent(input.own.get(path), input.new.get(path))
    const settled = [...lists.takes, ...lists.writes, ...lists.metadata.filter(isAsNew)].map(({ path }) => path)
    const files = [...settled, ...lists.same, ...merged].filter(path => input.new.get(path)?.kind === 'file')
    const { databases, conflicts } = planDatabases(files, input.own)
    return {
      ...lists,
      copies: [...lists.copies, ...sampleCopies(input.paths, input.old, input.new, input.own)],
      databases,
      conflicts: [...lists.conflicts, ...conflicts],
    }
  }

  take(path: string, { kind }: Entry, replaces?: Entry['kind'], adjust?: Attributes): void {
    if (kind === 'other') {
      this.bar(path, `it is ${KIND_WORDS.other} in the new blueprint`)
      return
    }
    this.lists.takes.push({
      path,
      kind,
      ...(replaces === undefined ? {} : { replaces }),
      ...(adjust === undefined ? {} : { adjust }),
    })
    this.coming.set(path, kind)
  }

  remove(path: string, { kind }: Entry): void {
    this.lists.removes.push({ path, kind })
    this.removed.add(path)
    this.coming.set(path, undefined)
  }

  keep(path: string): void {
    this.lists.kept.push(path)
  }

  conflict(path: string, reason: string, winner: Conflict['winner'], beside?: string): void {
    this.lists.conflicts.push({ path, reason, winner, ...(beside === undefined ? {} : { beside }) })
  }

  clash(clash: Clash): void {
    if (this.input.policy === 'replace' && clash.isFirm !== true) this.replace(clash)
    else this.keepOwn(clash)
  }

  private replace({ path, own, newer, reason }: Clash): void {
    const to = besideName(path, OLD_BESIDE)
    const there = this.input.own.get(to)
    if (there !== undefined && (there.kind !== 'file' || own.kind === 'directory')) {
      this.keep(path)
      this.conflict(path, `${reason}; it stays, since it cannot be renamed to ${to}: something is there`, 'customer')
      return
    }
    this.lists.setAside.push({ path, to, ...(own.kind === 'file' ? { mode: modeBeside(own) } : {}) })
    this.coming.set(path, undefined)
    if (newer !== undefined) this.take(path, newer)
    this.conflict(path, reason, 'blueprint', to)
  }

  private keepOwn({ path, newer, reason }: Clash): void {
    this.keep(path)
    if (newer?.kind !== 'file') {
      this.conflict(path, reason, 'customer')
      return
    }
    const beside = besideName(path, NEW_BESIDE)
    const there = this.input.own.get(beside)
    if (there !== undefined && there.kind !== 'file') {
      const obstacle = `${beside} is ${KIND_WORDS[there.kind]}`
      this.conflict(path, `${reason}; the new one is not put beside it, since ${obstacle}`, 'customer')
      return
    }
    const attributes = { ...attributesOf(newer), mode: modeBeside(newer) }
    if (there === undefined || !sameContent(there, newer) || !areEqual(there, attributes))
      this.lists.copies.push({ path: beside, source: path, attributes })
    this.conflict(path, reason, 'customer', beside)
  }

  isBarred(path: string): boolean {
    const { scope, own } = this.input
    const kindAt = (above: string) => (this.coming.has(above) ? this.coming.get(above) : own.get(above)?.kind)
    const reason = barAbove(path, scope, kindAt)
    if (reason !== undefined) this.bar(path, reason)
    return reason !== undefined
  }

  private bar(path: string, reason: string): void {
    this.lists.barred.push({ path, reason })
  }

  /** All that is in this directory will be gone. */
  willBeEmpty(path: string, { names }: Entry): boolean {
    return names?.every(name => this.removed.has(`${path}/${name}`)) ?? false
  }
}
