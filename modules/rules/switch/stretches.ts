/** The stretches of a switch's way, as steps. Each is planned whole; what they do together is in forward.ts and back.ts. */
import type { Step } from '../../core/step.ts'
import { mountLegacy, unmount } from '../../freebsd/mount.ts'
import { replaceNames } from '../../freebsd/seed.ts'
import {
  destroySnapshots,
  type Generation,
  holdTree,
  releaseTree,
  rollBack,
  snapshotTree,
} from '../../freebsd/zfs-generations.ts'
import { inheritProperties, type Setting, setProperties } from '../../freebsd/zfs-steps.ts'
import { HOLD, isOverwritten, isWayBack, PROPERTY } from '../layout.ts'
import { cast } from './course.ts'
import { type Journal, sameVersion, type Version, writeJournal } from './journal.ts'
import type { Trip, View } from './look.ts'
import { baseOf, type Part } from './standing.ts'
import { type OwnFiles, partOf, placeOf } from './tree.ts'

/** A snapshot of all that the instance has, which tells what it is of, held so that nobody else destroys it. */
export function snapshotSteps({ standing }: Trip, snapshot: string, of: Version): Step[] {
  const { dataset } = standing.request.places
  const settings: Setting[] = [
    [PROPERTY.blueprint, of.blueprint],
    [PROPERTY.revision, String(of.revision)],
  ]
  return [snapshotTree(dataset, snapshot, settings), holdTree(HOLD, dataset, snapshot)].map(step =>
    cast('snapshot', step),
  )
}

/** rc.d does not find its configuration, until that is put back. */
export function asideSteps({ standing }: Trip, { isInPlace }: Pick<View, 'isInPlace'>): Step[] {
  const { jailConf, jailConfAside } = standing.request.places
  return isInPlace ? [{ kind: 'move', from: jailConf, to: jailConfAside }] : []
}

export function inPlaceSteps({ standing }: Trip, { isAside }: Pick<View, 'isAside'>): Step[] {
  const { jailConf, jailConfAside } = standing.request.places
  return isAside ? [{ kind: 'move', from: jailConfAside, to: jailConf }] : []
}

/** What a run before this one left there is closed first. */
export function openSteps({ standing }: Trip, parts: readonly Part[], { seeds, seedFolders }: View): Step[] {
  const { seed } = standing.request.places
  const folders = [seed, ...parts.map(part => part.seed)].filter(path => !seedFolders.has(path))
  return [
    ...closeLeft({ seeds }),
    ...folders.map((path): Step => ({ kind: 'directory', path, mode: 0o700 })),
    ...parts.map(part => cast('open', mountLegacy(part.dataset, part.seed))),
  ]
}

export const closeSteps = (parts: readonly Part[]): Step[] =>
  [...parts].reverse().map(({ seed: node }) => unmount({ node }))

/** What a run before this one left open. */
export const closeLeft = ({ seeds }: Pick<View, 'seeds'>): Step[] => [...seeds].reverse().map(unmount)

/** What the switch wrote is put back as the snapshot has it; what came with it goes, unless something is in it by now. */
export function restoreSteps(journal: Journal, parts: readonly Part[], own: OwnFiles): Step[] {
  const all = journal.written.flatMap(({ path, was }) => {
    const part = partOf(path, parts)
    return part === undefined || own.links.has(path) ? [] : [{ path, was, part, now: own.side.get(path) }]
  })
  const going = new Set(all.filter(({ was }) => was === undefined).map(({ path }) => path))
  const isFree = (path: string, names: readonly string[] | undefined) =>
    names?.every(name => going.has(`${path}/${name}`)) ?? false
  const gone = [...all]
    .reverse()
    .filter(
      ({ path, was, now }) =>
        now !== undefined && now.kind !== was && (now.kind !== 'directory' || isFree(path, now.names)),
    )
  return [
    ...gone.map(
      ({ path, part }): Step => ({ kind: 'remove', path: placeOf(path, part), beneath: part.seed, mayBeLink: true }),
    ),
    ...parts.flatMap(part =>
      replaceNames(
        `${part.seed}/.zfs/snapshot/${journal.snapshot}`,
        all
          .filter(one => one.part === part && one.was !== undefined)
          .map(({ path }) => path.slice(part.path.length + 1)),
        part.seed,
      ),
    ),
  ]
}

/** Each dataset of the instance, to where it was: only where nothing is younger (fact live-11). */
export const rollbackSteps = ({ standing }: Trip, { snapshot }: Journal): Step[] =>
  standing.parts.map(({ dataset }) => rollBack(`${dataset}@${snapshot}`))

/** Snapshots in whose way of a rollback stand: taken later than ours. */
export function youngerThan(snapshot: string, { standing }: Trip, snapshots: readonly Generation[]): string[] {
  const datasets = new Set(standing.parts.map(({ dataset }) => dataset))
  const ours = snapshots.find(({ name }) => name === snapshot)
  return snapshots
    .filter(({ dataset, txg }) => ours !== undefined && datasets.has(dataset) && txg > ours.txg)
    .map(({ dataset, name }) => `${dataset}@${name}`)
}

/**
 * Each dataset tells what it has received, once that is final: the next merge goes by it. Only where it tells something else,
 * so that it can be done again.
 */
export function markSteps({ standing }: Trip, journal: Journal): Step[] {
  const received = (part: Part) =>
    journal.outcome === 'switched' ? journal.to : (journal.bases[part.dataset] ?? baseOf(part, standing))
  const parts = standing.parts.filter(part => !sameVersion(part.base, received(part)))
  return [
    // Before the mark itself, by which a run after this one knows what is still to be done.
    ...inheritProperties(
      parts.filter(({ hasAdded }) => hasAdded).map(({ dataset }) => [dataset, PROPERTY.added] as const),
    ),
    ...setProperties(
      parts.map(part => {
        const { blueprint, revision } = received(part)
        return [
          part.dataset,
          [
            [PROPERTY.blueprint, blueprint],
            [PROPERTY.revision, String(revision)],
          ],
        ] as const
      }),
    ),
  ].map(step => cast('mark', step))
}

/** The time is known only when it is over. */
export function outageStep({ standing }: Trip, milliseconds: number | undefined): Step[] {
  if (milliseconds === undefined) return []
  const { dataset } = standing.request.places
  return [
    {
      kind: 'run',
      role: 'measure',
      command: ['zfs', 'set', `${PROPERTY.outage}=${milliseconds}`, dataset],
      shown: ['zfs', 'set', `${PROPERTY.outage}=MILLISECONDS`, dataset],
    },
  ]
}

/** The last ones stay: of ways back, and of what rollbacks have overwritten. `and`: one that goes whatever its age. */
export function pruneSteps({ standing }: Trip, snapshots: readonly Generation[], keep: number, and?: string): Step[] {
  const { dataset } = standing.request.places
  const goes = (isOne: (name: string) => boolean) => {
    const byName = new Map<string, Generation[]>()
    for (const one of snapshots) if (isOne(one.name)) byName.set(one.name, [...(byName.get(one.name) ?? []), one])
    const latestFirst = [...byName].sort(([, [one]], [, [other]]) => (other?.txg ?? 0) - (one?.txg ?? 0))
    const kept = latestFirst.filter(([name]) => name !== and).slice(0, keep)
    return latestFirst.filter(one => !kept.includes(one))
  }
  return [...goes(isWayBack), ...goes(isOverwritten)]
    .flatMap(([name, of]) => [
      ...(of.some(({ holds }) => holds > 0) ? [releaseTree(HOLD, dataset, name)] : []),
      destroySnapshots(dataset, [name]),
    ])
    .map(step => cast('prune', step))
}

/** The journal becomes what is known of the instance's last switch. */
export function concludeSteps({ standing }: Trip): Step[] {
  const { journal, lastSwitch } = standing.request.places
  return [{ kind: 'move', role: 'conclude', from: journal, to: lastSwitch }]
}

export const journalStep = ({ standing }: Trip, journal: Journal): Step =>
  writeJournal(standing.request.places, journal)

/** The fstab that it ran by, and what waited beside it. */
export function oldFstabSteps({ standing }: Trip, journal: Journal, view: Pick<View, 'fstab' | 'nextFstab'>): Step[] {
  const { fstab, nextFstab } = standing.request.places
  return [
    ...(view.fstab === journal.fstab ? [] : [{ kind: 'write' as const, path: fstab, content: journal.fstab }]),
    ...(view.nextFstab === journal.waiting
      ? []
      : journal.waiting === undefined
        ? [{ kind: 'remove' as const, path: nextFstab }]
        : [{ kind: 'write' as const, path: nextFstab, content: journal.waiting }]),
  ]
}
