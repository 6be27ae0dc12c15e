/** The acceptance cases of every module: one file of YAML each, named after the module. They are run in order. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse } from 'yaml'

export interface Case {
  /** By default the one that the file is named after. */
  readonly module: string
  readonly title: string
  /** What this case shows on a real host alone, since a sandbox host's is not FreeBSD's: for README.md (page.ts). */
  readonly only_on_freebsd?: string
  /** Command lines that prepare the case, run by the host's sh. */
  readonly before?: readonly string[]
  readonly options?: Readonly<Record<string, unknown>>
  /** In place of a module: roles of the collection, one after the other, with their variables. */
  readonly roles?: readonly { readonly name: string; readonly vars: Readonly<Record<string, unknown>> }[]
  /** Whether something has to be done; by default yes. A second run must never have anything to do. */
  readonly changed?: boolean
  /** The task fails with a message that contains this, and changes nothing. */
  readonly fails?: string
  /** What a step came to decided what followed, which check mode cannot know; and a task that fails may have done something. */
  readonly unforeseen?: true
  /** Command lines afterwards, and what each must print, lines separated by a space. */
  readonly prints?: Readonly<Record<string, string>>
  /** The same, of which a sandbox host can tell nothing: they are not run there. */
  readonly prints_on_freebsd?: Readonly<Record<string, string>>
}

export function acceptanceCases(): Case[] {
  return readdirSync(import.meta.dirname)
    .filter(file => file.endsWith('.yml'))
    .sort()
    .flatMap(file => {
      // Our own files: what YAML takes for an attack is many cases with much in common.
      const cases = parse(readFileSync(join(import.meta.dirname, file), 'utf8'), { maxAliasCount: -1 }) as (Omit<
        Case,
        'module'
      > & {
        module?: string
      })[]
      return cases.map(one => ({ module: basename(file, '.yml'), ...one }))
    })
}
