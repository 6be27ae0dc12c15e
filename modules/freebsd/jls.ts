/** jls(8): the jails that there are, dying ones too. Source: freebsd-14.2/03-jails.jsonl (`jls -d --libxo json name dying`). */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import type { Command } from '../core/step.ts'

export interface Jail {
  readonly name: string
  /** Its root directory. */
  readonly path: string
  /** Removed, and held by something in the kernel for a while yet. */
  readonly isDying: boolean
}

export const JLS: Command = ['jls', '-d', '--libxo', 'json', 'name', 'path', 'dying']

/** What JLS printed. Values asked for by name are strings, all of them (fact jail-7). */
export function parseJails(stdout: string): Jail[] {
  try {
    const { jail } = JSON.parse(stdout)['jail-information'] as { jail: Record<string, unknown>[] }
    return jail.map(({ name, path, dying }) => {
      if (typeof name !== 'string' || typeof path !== 'string') throw new TypeError('a jail without its name')
      return { name, path, isDying: String(dying) === 'true' }
    })
  } catch {
    throw new UnexpectedOutput(JLS, stdout)
  }
}

export const listJails = async (machine: Probe): Promise<Jail[]> => parseJails((await machine.query(JLS)).stdout)

/** A jail with all its parameters, as the kernel has them. */
export interface JailInFull extends Jail {
  readonly jid: string
  /** Booleans as `true` and `false`, lists with commas. */
  readonly parameters: ReadonlyMap<string, string>
}

const JLS_IN_FULL: Command = ['jls', '-d', '-n', '--libxo', 'json']

/** What JLS_IN_FULL printed: every value is a string, but for booleans and lists (fact jail-7). */
export function parseJailsInFull(stdout: string): JailInFull[] {
  try {
    const { jail } = JSON.parse(stdout)['jail-information'] as { jail: Record<string, unknown>[] }
    return jail.map(fields => {
      const parameters = new Map(Object.entries(fields).map(([name, value]) => [name, String(value)]))
      const [name, path, jid] = ['name', 'path', 'jid'].map(key => parameters.get(key))
      if (name === undefined || path === undefined || jid === undefined) throw new TypeError('a jail without its name')
      return { name, path, jid, isDying: parameters.get('dying') === 'true', parameters }
    })
  } catch {
    throw new UnexpectedOutput(JLS_IN_FULL, stdout)
  }
}

export const listJailsInFull = async (machine: Probe): Promise<JailInFull[]> =>
  parseJailsInFull((await machine.query(JLS_IN_FULL)).stdout)
