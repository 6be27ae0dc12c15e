/** Instances whose blueprint is being switched: while their journal is there, nothing of them is sent. */
import type { Answer, Probe } from '../../core/host.ts'
import type { Command } from '../../core/step.ts'
import { instancePlaces, type Site } from '../layout.ts'

/** Their ids, on this host. */
export async function journalsIn(machine: Pick<Probe, 'list' | 'status'>, site: Site): Promise<string[]> {
  const ids = (await machine.list(`${site.path}/instances`)) ?? []
  const found = await Promise.all(
    ids.map(async id => ((await machine.status(instancePlaces(site, id).journal)) === undefined ? [] : [id])),
  )
  return found.flat()
}

/** The same on another host. */
export const JOURNAL_FIND = (site: Site): Command => [
  'find',
  `${site.path}/instances`,
  '-mindepth',
  '2',
  '-maxdepth',
  '2',
  '-name',
  'journal.json',
]

/**
 * Whether that login may look there at all: the directory is root's. What is there already can be sent all the same, since
 * neither autosnap nor a switch takes a snapshot of what is half changed; but none is to be taken by who cannot see it.
 */
export const sawJournals = ({ stderr }: Answer) => !/: Permission denied$/m.test(stderr)

/** What it said. */
export const switchingOf = ({ stdout }: Answer): string[] =>
  stdout.split('\n').flatMap(line => /\/instances\/([^/]+)\/journal\.json$/.exec(line)?.[1] ?? [])
