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

/** What it said. A login that may not look there says nothing, and snapshots are not taken during a switch anyway. */
export const switchingOf = ({ stdout }: Answer): string[] =>
  stdout.split('\n').flatMap(line => /\/instances\/([^/]+)\/journal\.json$/.exec(line)?.[1] ?? [])
