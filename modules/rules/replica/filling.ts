/**
 * A placeholder on the target stands for a source without snapshots, so that what is below has somewhere to be. Once the
 * source has some it is filled. zfs-receive(8) takes no full stream into a dataset that is there (without -F, which we never
 * say), so it is received beside, what is below goes over to it, and the two change names. What stood there is kept, renamed.
 * A copy that is to be begun anew goes the same way: what is below it need not be sent again.
 */
import type { RunStep } from '../../core/step.ts'
import { createFilesystem, renameDataset, setProperties } from '../../freebsd/zfs-steps.ts'
import { fillingOf, placeholderAside, setAside } from './names.ts'
import { type DatasetSeen, type Side, snapshotsOf } from './side.ts'

/**
 * Mounted nowhere as long as it is `canmount=off`, so it needs no mount point of its own, which a login must not set.
 * What is below inherits one from above, and has `noauto`.
 */
export const placeholder = (name: string): RunStep =>
  createFilesystem(name, [
    ['canmount', 'off'],
    ['readonly', 'on'],
  ])

/** What is `noauto` is mounted by nobody at boot, wherever its mount point is. */
export const unmountable = (name: string): RunStep[] => setProperties([[name, [['canmount', 'noauto']]]])

/** As the program makes them. A copy is never `canmount=off`, and nobody can have written into what is read-only. */
export const isPlaceholder = ({ type, isReadOnly, isNeverMounted, token, points }: DatasetSeen) =>
  type === 'filesystem' && isReadOnly && isNeverMounted && token === undefined && points.length === 0

/** Whether a root may have something beside it, where reading the root alone does not show it. */
export const mayBeFilling = (source: DatasetSeen | undefined, target: DatasetSeen | undefined) =>
  // A bookmark is made before anything is sent, so there is one even if all snapshots went meanwhile.
  source !== undefined && source.points.length > 0 && (target === undefined || isPlaceholder(target))

export interface Exchange {
  readonly kind: 'exchange'
  /** What has been received beside. */
  readonly filled: DatasetSeen
  /** Copies right below what it replaces. */
  readonly below: readonly DatasetSeen[]
}

/** Where all was received beside, the rest is renaming; cut off at any point, this finds what is left of it. */
export function exchangeOf(path: string, target: Side): Exchange | undefined {
  const [copy, filled] = [target.get(path), target.get(fillingOf(path))]
  if (filled === undefined || snapshotsOf(filled).length === 0) return undefined
  // Somebody may have taken it into use meanwhile.
  if (copy !== undefined && !copy.isReadOnly) return undefined
  const isBelow = (other: string) => other.startsWith(`${path}/`) && !other.slice(path.length + 1).includes('/')
  return { kind: 'exchange', filled, below: [...target].filter(([other]) => isBelow(other)).map(([, one]) => one) }
}

export function exchanging(
  { filled, below }: Exchange,
  replaced: DatasetSeen | undefined,
  name: string,
  now: Date,
): RunStep[] {
  return [
    ...below.map(one => renamed(one, `${filled.name}${one.name.slice(name.length)}`)),
    ...(replaced === undefined ? [] : [renamed(replaced, asideOf(replaced, name, now))]),
    renamed(filled, name),
  ]
}

const asideOf = (replaced: DatasetSeen, name: string, now: Date) =>
  isPlaceholder(replaced) ? placeholderAside(name, now) : setAside(name, now)

/**
 * What is below can go over to it only if it is of the same kind. Beside a root nothing is read as a rule, and what is in use
 * is not replaced without a word.
 */
export const canGoBeside = (path: string, source: DatasetSeen, copy: DatasetSeen) =>
  path !== '' && copy.isReadOnly && source.type === copy.type && source.isEncrypted === copy.isEncrypted

const renamed = ({ name, type }: DatasetSeen, to: string) =>
  renameDataset(name, to, { unmounted: type === 'filesystem' })
