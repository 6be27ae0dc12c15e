/**
 * Which of an instance's datasets decide of which moment it is. What no policy takes snapshots of, as `tmp`, has only those that
 * were taken of all at once, by a switch, a move or by hand: weeks old, and they would be the newest that all have.
 */
import { isOverwritten, isWayBack } from '../layout.ts'
import { isOfMove } from '../move/streams.ts'
import { labelOf, timeOfOwn } from '../snapshot/names.ts'
import type { Taken } from './moment.ts'

export interface Found {
  readonly name: string
  readonly all: readonly Taken[]
  /** Whether it was there already when that was taken. */
  readonly wasThere: (snapshot: Taken) => boolean
}

/** All that are given, where no policy is known to take snapshots of any. */
export function decisive(found: readonly Found[]): Found[] {
  const kept = found.filter(({ all }) => all.some(isOfPolicy))
  return found.filter(
    one => kept.length === 0 || kept.includes(one) || hasOwn(one, found) || !kept.every(other => wentBy(other, one)),
  )
}

const isOfPolicy = ({ name }: Taken) =>
  timeOfOwn(name) !== undefined ||
  labelOf(name, { scheme: 'sanoid', prefix: '' }) !== undefined ||
  labelOf(name, { scheme: 'zfstools', prefix: 'zfs-auto-snap' }) !== undefined

const isInPassing = ({ name }: Taken) => isWayBack(name) || isOverwritten(name) || isOfMove(name)

/** Somebody takes snapshots of it by rules of his own. */
const hasOwn = ({ all }: Found, found: readonly Found[]) =>
  all.some(one => !isInPassing(one) && !found.every(other => other.all.some(({ name }) => name === one.name)))

/** A dataset that is new has none yet, and is not meant: a policy took one of the other while this was there, and none of it. */
const wentBy = ({ all }: Found, { wasThere }: Found) => all.some(one => isOfPolicy(one) && wasThere(one))
