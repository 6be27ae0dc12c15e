/** What a merge of an instance's files is to do, as data. Paths are relative to the instance's root. */
import type { Attributes, Entry, Scope, Side } from './entry.ts'

/**
 * What becomes of a conflict. `keep`: the customer's stays, the new file is put beside it as PATH.blueprint-new.
 * `replace`: the new one takes its place, the customer's is renamed to PATH.customer-old. `fail`: nothing is done at all.
 */
export type Policy = 'keep' | 'replace' | 'fail'

/** The two blueprints, and where they differ: directories before what is in them. */
export interface Comparison {
  readonly scope: Scope
  readonly old: Side
  readonly new: Side
  readonly paths: readonly string[]
}

/** A file whose bytes a plan needs, of one side. */
export interface Wanted {
  readonly side: 'old' | 'new' | 'own'
  readonly path: string
}

/** Larger files are not merged by lines; whoever reads them need not read on. */
export const LARGEST_MERGED_BYTES = 512 * 1024

/** Bytes of files, by path. Where one that was wanted is not there, it was larger than `LARGEST_MERGED_BYTES`. */
export type Contents = Readonly<Record<Wanted['side'], ReadonlyMap<string, Uint8Array>>>

export interface MergeInput extends Comparison {
  /** What the instance has at every path of `placesToLook`. */
  readonly own: Side
  /** What `contentsNeeded` asked for. */
  readonly contents: Contents
  readonly policy: Policy
}

/** Copied from the new blueprint as it is. */
export interface Take {
  readonly path: string
  readonly kind: 'file' | 'directory' | 'link'
  /** What must be gone first: it is of another kind, or a link. A directory is empty by then. */
  readonly replaces?: Entry['kind']
  /** To be set afterwards: the customer's mode or owner stays. */
  readonly adjust?: Attributes
}

export interface Write {
  readonly path: string
  readonly content: string
  /** To be set afterwards, where it is not what the file has by now. */
  readonly adjust?: Attributes
  /** May have hashes of passwords, or is not for everyone to read: never to be shown. */
  readonly isSecret: boolean
}

export interface Removal {
  readonly path: string
  readonly kind: Entry['kind']
}

/** Only mode or owner. */
export interface Adjustment {
  readonly path: string
  readonly kind: Entry['kind']
  readonly adjust: Attributes
}

/** rename(2); a file's mode is set afterwards, so that nothing runs it under its other name. */
export interface Renaming {
  readonly path: string
  readonly to: string
  readonly mode?: number
}

/** The new blueprint's file `source` under another name. A file of that name is replaced. */
export interface Copy {
  readonly path: string
  readonly source: string
  readonly attributes: Attributes
}

/** Databases that a program makes of a file. */
export interface Database {
  readonly program: 'pwd_mkdb' | 'cap_mkdb' | 'services_mkdb'
  readonly file: string
  /** Where the program puts what it makes. */
  readonly directory: string
  /**
   * To be removed before it runs. cap_mkdb writes through a link (O_TRUNC without O_EXCL in usr.bin/cap_mkdb/cap_mkdb.c);
   * the others end where something is in the place of their temporary files (O_EXCL in usr.sbin/*_mkdb).
   */
  readonly clear: readonly string[]
}

export interface Conflict {
  readonly path: string
  /** In words, for a person. Names a record and its field, and never what is in a password's field. */
  readonly reason: string
  readonly winner: 'customer' | 'blueprint'
  /** Where the other one is. */
  readonly beside?: string
}

/** Nothing is written there, whatever the policy. */
export interface Barred {
  readonly path: string
  readonly reason: string
}

/**
 * To be performed in this order. Every path of the comparison is in exactly one of `removes`, `takes`, `writes`, `metadata`,
 * `kept`, `same`, `rebuilt` and `barred`, or in `setAside` alone; the other lists are added to these. A merge of what it has made plans nothing but databases.
 */
export interface MergePlan {
  /** What is in a directory before the directory. */
  readonly removes: readonly Removal[]
  /** What is in a directory before the directory. */
  readonly setAside: readonly Renaming[]
  /** Directories before what is in them. */
  readonly takes: readonly Take[]
  readonly writes: readonly Write[]
  readonly metadata: readonly Adjustment[]
  /** New files beside the customer's, and samples that the customer uses as they are. */
  readonly copies: readonly Copy[]
  /** Made anew whenever the blueprint has another file: a merge that was cut off may have written it, and not them. */
  readonly databases: readonly Database[]
  /** The customer's stays as it is. */
  readonly kept: readonly string[]
  /** The customer has it as the new blueprint does. */
  readonly same: readonly string[]
  /** Made by `databases`, never merged. */
  readonly rebuilt: readonly string[]
  readonly barred: readonly Barred[]
  readonly conflicts: readonly Conflict[]
}
