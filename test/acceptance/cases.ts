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
  readonly options: Readonly<Record<string, unknown>>
  /** Whether something has to be done; by default yes. A second run must never have anything to do. */
  readonly changed?: boolean
  /** The task fails with a message that contains this, and changes nothing. */
  readonly fails?: string
  /** It fails so once it is under way, of what nobody can foretell; what it has begun by then stays for the next run. */
  readonly fails_under_way?: string
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
      const cases = parse(readFileSync(join(import.meta.dirname, file), 'utf8')) as (Omit<Case, 'module'> & {
        module?: string
      })[]
      return cases.map(one => ({ module: basename(file, '.yml'), ...one }))
    })
}
