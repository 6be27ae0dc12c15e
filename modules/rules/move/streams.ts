/**
 * What is sent of an instance to another host: most while it runs, the rest once it is stopped. In full with all its snapshots,
 * or upon what the target has of it still. zfs-send(8): `-R` makes whole datasets of clones, so then one by one.
 */
import type { Command } from '../../core/step.ts'
import { isAtOrBelow } from '../../freebsd/zfs-names.ts'
import { isOwnName } from '../restore/names.ts'
import type { Dataset, Place, Request } from './requests.ts'

export interface Stream {
  readonly first: Command
  readonly last: Command
  readonly receive: Command
  /** In its place it will be a clone of what the target had kept. */
  readonly becomes?: string
}

/** Snapshots that a move takes, on all datasets of the instance at once: while it runs, and when it is stopped. */
export const firstSnapshot = (time: string) => `move-${time}`
export const lastSnapshot = (time: string) => `moved-${time}`
export const isOfMove = (snapshot: string) => /^moved?-\d{8}T\d{6}Z$/.test(snapshot)

/** A mount point, and whether it is to be mounted, are the layout's at the target (fact live-11). */
const receiving = (place: string): Command => [
  ...(['zfs', 'receive', '-u', '-x', 'mountpoint', '-o', 'readonly=on', '-o', 'canmount=noauto'] as const),
  place,
]

export function streamsOf({ source, target, kept, arrived, time }: Request): Stream[] {
  const isKept = ({ origin, restored }: Dataset) => origin !== undefined && restored !== undefined && kept.has(restored)
  const send = (
    flags: string,
    { name, origin }: Omit<Dataset, 'isEncrypted'>,
    known: boolean,
  ): Omit<Stream, 'receive'> => ({
    first: [
      'zfs',
      'send',
      flags,
      ...(known && origin !== undefined ? ['-I', origin] : []),
      `${name}@${firstSnapshot(time)}`,
    ],
    last: ['zfs', 'send', flags, '-I', `@${firstSnapshot(time)}`, `${name}@${lastSnapshot(time)}`],
  })
  if (!source.datasets.some(isKept))
    return [{ ...send('-Rw', { name: source.dataset }, false), receive: receiving(arrived) }]
  return source.datasets.map(dataset => {
    const below = dataset.name.slice(source.dataset.length)
    const known = isKept(dataset)
    return {
      ...send('-wp', dataset, known),
      receive: receiving(`${arrived}${below}`),
      ...(known && isPart(below) && { becomes: `${target.dataset}${below}` }),
    }
  })
}

/** Parts in their place that still are clones of what was kept beside: that can be destroyed once they are not. */
export const leaning = ({ datasets, dataset }: Place): string[] =>
  datasets
    .filter(
      ({ name, origin }) => origin !== undefined && !isAtOrBelow(origin.split('@')[0] ?? '', dataset) && isPart(name),
    )
    .map(({ name }) => name)

const isPart = (name: string) => !isOwnName(name)
