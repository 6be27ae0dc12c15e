/** What replication calls its own things on hosts. */
import { InvalidOptions } from '../../core/errors.ts'
import { PROGRAM_SETTINGS } from '../layout.ts'
import { isOwnName } from '../restore/names.ts'
import { stamp } from '../stamp.ts'
import type { Point } from './side.ts'

export const PROGRAM = 'replicate'
export const SETTINGS_FILE = `${PROGRAM_SETTINGS}/${PROGRAM}.json`

/** There while a run has done something and not yet written down what came of it. It outlives a reboot (hier(7)). */
export const unsettledFile = (replica: string) => `${STATE_FOLDER}/bluejail-${PROGRAM}-${replica}.unsettled`
export const STATE_FOLDER = '/var/db'

/** A part of bookmarks' names. */
const REPLICA_NAME = /^[a-z0-9][a-z0-9-]{0,30}$/

export function checkReplicaName(name: string): string {
  if (REPLICA_NAME.test(name)) return name
  throw new InvalidOptions(
    `'${name}' cannot be a replica's name: up to 31 characters of a to z, 0 to 9 and '-', like to-hamburg2`,
  )
}

/**
 * On the source, of each snapshot that a replica got or is about to get: an increment can be sent from it when the snapshot
 * itself is gone. It takes no space, so nothing has to be held for a target that does not answer.
 */
export const bookmarkOf = (replica: string, { guid }: Pick<Point, 'guid'>) => `replica_${replica}_${guid}`

/** The replica whose bookmark this is, or undefined where it is somebody else's. */
export function replicaOfBookmark({ kind, name, guid }: Omit<Point, 'createtxg'>): string | undefined {
  const [, replica, marked] = /^replica_([a-z0-9-]+)_(\d+)$/.exec(name) ?? []
  return kind === 'bookmark' && marked === guid ? replica : undefined
}

/** On the target, on the newest snapshot received: without it the next increment would have nothing to stand on. */
export const HOLD = 'bluejail-replica'

/** Snapshots that are taken for a replica alone, where it is to have what is there right now. */
export const ownSnapshot = (now: Date) => `replica-${stamp(now)}`
export const isOwnSnapshot = ({ kind, name }: Pick<Point, 'kind' | 'name'>) =>
  kind === 'snapshot' && /^replica-\d{8}T\d{6}Z$/.test(name)

/** Where a copy goes that the source cannot continue. */
export const setAside = (dataset: string, now: Date) => `${dataset}-diverged-${stamp(now)}`
/** Where a placeholder goes once what it stood for is there. */
export const placeholderAside = (dataset: string, now: Date) => `${dataset}-placeholder-${stamp(now)}`

const FILLING = '-bluejail-filling'
/** Beside a placeholder: what is received to take its place. */
export const fillingOf = (dataset: string) => `${dataset}${FILLING}`

/** What has such a name, or is below it, was put aside by this program or by a restore, and is nobody's source. */
export const isSetAside = (path: string) =>
  path.split('/').some(name => /(-placeholder-\d{8}T\d{6}Z|-bluejail-filling)$/.test(name) || isOwnName(name))

/** Whether replication gives this other name to a dataset: aside, or in the exchange of a placeholder. */
export function isRenaming(from: string, to: string): boolean {
  if (to.startsWith(from) && /^-(diverged|placeholder)-\d{8}T\d{6}Z$/.test(to.slice(from.length))) return true
  const [above, leaf] = [from.slice(0, from.lastIndexOf('/')), from.slice(from.lastIndexOf('/'))]
  return from === fillingOf(to) || to === `${fillingOf(above)}${leaf}`
}
