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

const JLS: Command = ['jls', '-d', '--libxo', 'json', 'name', 'path', 'dying']

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
