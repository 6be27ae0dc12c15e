/** Which blueprints instances still need, beside what they run on: to go back to, and to bring a switch to its end. */
import { isExplained } from '../../core/errors.ts'
import type { Probe } from '../../core/host.ts'
import type { Row } from '../../freebsd/zfs-tree.ts'
import { instancePlaces, isWayBack, PROPERTY, type Site } from '../layout.ts'
import { type Journal, parseJournal } from './journal.ts'

/** By instance. */
export interface Switches {
  /** On the way, or cut off. */
  readonly underWay: ReadonlyMap<string, Journal>
  /** The last that came to its end. */
  readonly last: ReadonlyMap<string, Journal>
  /** What cannot be read, in sentences. */
  readonly problems: readonly string[]
}

export async function readSwitches(machine: Probe, site: Site, ids: readonly string[]): Promise<Switches> {
  const read = async (path: string): Promise<Journal | string | undefined> => {
    try {
      return parseJournal(await machine.read(path, site.path), path)
    } catch (error) {
      if (!isExplained(error)) throw error
      return (error as Error).message
    }
  }
  const readAll = (which: 'journal' | 'lastSwitch') =>
    Promise.all(ids.map(async id => [id, await read(instancePlaces(site, id)[which])] as const))
  const [underWay, last] = await Promise.all([readAll('journal'), readAll('lastSwitch')])
  return {
    underWay: new Map(underWay.filter(isRead)),
    last: new Map(last.filter(isRead)),
    problems: [...underWay, ...last].flatMap(([, journal]) => (typeof journal === 'string' ? [journal] : [])),
  }
}

const isRead = (one: readonly [string, Journal | string | undefined]): one is readonly [string, Journal] =>
  typeof one[1] === 'object'

/** Ids by blueprint: whose switch, which is not at its end, is from it or to it. */
export function neededUnderWay({ underWay }: Switches): Map<string, string[]> {
  return idsByName(
    [...underWay].flatMap(([id, { from, to, bases }]) =>
      [from, to, ...Object.values(bases)].map(({ blueprint }) => [blueprint, id] as const),
    ),
  )
}

/**
 * Ids by blueprint: who could go back to it. Each generation that is kept is a snapshot of the instance's datasets, in which
 * the switch has written what it was of; of one that came from another host, the instance's own dataset may have none.
 * `snapshots` have at least their PROPERTY.blueprint; one that was sent without its properties is known by the last switch.
 */
export function waysBack(site: Site, { last }: Switches, snapshots: ReadonlyMap<string, Row>): Map<string, string[]> {
  return idsByName(
    [...snapshots].flatMap(([full, row]) => {
      const [dataset = '', name = ''] = full.split('@')
      const above = `${site.dataset}/instances/`
      const [id = ''] = dataset.slice(above.length).split('/')
      if (!dataset.startsWith(above) || !isWayBack(name)) return []
      const switched = last.get(id)
      const from = switched?.outcome === 'switched' && switched.snapshot === name ? switched.from.blueprint : undefined
      const blueprint = from ?? row.get(PROPERTY.blueprint)
      return blueprint === undefined ? [] : [[blueprint, id] as const]
    }),
  )
}

function idsByName(pairs: readonly (readonly [name: string, id: string])[]): Map<string, string[]> {
  const ids = new Map<string, Set<string>>()
  for (const [name, id] of pairs) ids.set(name, (ids.get(name) ?? new Set()).add(id))
  return new Map([...ids].map(([name, of]) => [name, [...of].sort()]))
}
