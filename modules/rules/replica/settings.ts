/** The file on the host that says what is to be replicated. */
import { InvalidOptions, Refused } from '../../core/errors.ts'
import type { Probe } from '../../core/host.ts'
import { readOptions } from '../../core/options.ts'
import { FORMAT } from '../layout.ts'
import { type Job, jobsOf, type Settings } from './jobs.ts'
import { SETTINGS } from './options.ts'

export const writeSettings = (settings: Settings) => `${JSON.stringify({ format: FORMAT, ...settings }, null, 2)}\n`

/** What the file tells the program. */
export interface Told {
  readonly jobs: readonly Job[]
  readonly prometheusFile: string | undefined
}

export async function readSettings(machine: Pick<Probe, 'read'>, path: string): Promise<Told> {
  const text = await machine.read(path)
  if (text === undefined)
    throw new Refused(`there is no ${path}: the module bluejail.hosting.zfs_replica writes it, from a task's replicas.`)
  const settings = parseSettings(text, path)
  return { jobs: jobsOf(settings), prometheusFile: settings.prometheus_file }
}

export function parseSettings(text: string, path: string): Settings {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (error) {
    throw new Refused(`${path} is no JSON: ${(error as Error).message}`)
  }
  const { format, ...rest } = Object(given) as { format?: unknown }
  if (typeof format !== 'number' || format > FORMAT)
    throw new Refused(
      `${path} has format ${String(format)}, and this program knows ${FORMAT}: it is older than the file.`,
    )
  const read = readOptions(SETTINGS, rest)
  if ('problems' in read) throw new InvalidOptions(`${path}: ${read.problems.join('; ')}`)
  return read.values
}
