/**
 * Whole datasets as they were. In place, what is there is renamed and stays; what takes its place is made beside it first, so
 * that a run that is cut off at any point has lost nothing, and the next one goes on: cloned, promoted, renamed.
 */
import { pipe, type Step } from '../../core/step.ts'
import { poolOf } from '../../freebsd/zfs-names.ts'
import { ownValue } from '../../freebsd/zfs-selected.ts'
import { abandonReceive, receive, sendSnapshot } from '../../freebsd/zfs-send.ts'
import { cloneSnapshot, promoteClone, renameDataset, type Setting, setProperties } from '../../freebsd/zfs-steps.ts'
import { PROPERTY } from '../layout.ts'
import { OWN_AFFAIR } from '../replica/affairs.ts'
import type { World } from './look.ts'
import type { Taken } from './moment.ts'
import { arriving, beside, setAside } from './names.ts'
import type { Part } from './parts.ts'
import type { Request } from './requests.ts'

export interface Restoring {
  /** It is as it was then, already. */
  readonly isDone: boolean
  /** Brings it beside its place. */
  readonly bring: readonly Step[]
  /** Takes what is there out of its place. */
  readonly clear: readonly Step[]
  /** Puts it in its place. */
  readonly place: readonly Step[]
  /** Where what is there now goes. */
  readonly aside?: string
}

/** A transfer between pools of one host. */
const SEND_SECONDS = 86_400

export function restoringOf(part: Part, snapshot: Taken, request: Request, world: World, now: Date): Restoring {
  return request.inPlace ? inPlace(part, snapshot, request, world, now) : besideIt(part, snapshot, request, world)
}

function inPlace(part: Part, snapshot: Taken, request: Request, world: World, now: Date): Restoring {
  const { dataset } = part
  const next = arriving(dataset)
  const isThere = world.own.has(dataset)
  const arrived = stateOf(next, snapshot, world)
  if (arrived === 'missing' && isThere && isRestored(part, snapshot, world))
    return { isDone: true, bring: [], clear: [], place: [] }
  const isPromoted = !request.isCopy || isAdopted(part, request)
  const settings = settingsFor(part, snapshot, world)
  const aside = freeName(dataset, world, now)
  return {
    isDone: false,
    bring: [
      ...bringing(next, part, snapshot, settings, arrived, world),
      // Then what was there depends on it, and can be destroyed one day; and the snapshots up to that moment stay.
      ...(isPromoted && arrived !== 'independent' ? [promoteClone(next)] : []),
    ],
    clear: isThere ? [renamed(dataset, aside)] : [],
    place: [renameDataset(next, dataset)],
    ...(isThere && { aside }),
  }
}

/** In another pool it is no clone, and depends on nothing. */
const isAdopted = ({ dataset, source }: Part, { isCopy, adopts }: Request) =>
  isCopy && adopts && poolOf(dataset) === poolOf(source)

/** Check mode knows no time of what is yet to be done. */
const renamed = (dataset: string, aside: string): Step => ({
  ...renameDataset(dataset, aside),
  shown: ['zfs', 'rename', dataset, `${dataset}-before-TIME`],
})

/** Two in one second are one after the other. */
function freeName(dataset: string, world: Pick<World, 'own'>, now: Date): string {
  const name = setAside(dataset, now)
  return world.own.has(name) ? freeName(dataset, world, new Date(now.getTime() + 1000)) : name
}

/** Mounted below the instance's directory, which is root's alone. */
function besideIt(part: Part, snapshot: Taken, request: Request, world: World): Restoring {
  const name = beside(part.dataset, snapshot)
  const arrived = stateOf(name, snapshot, world)
  const settings: Setting[] = [
    ['readonly', 'on'],
    ['setuid', 'off'],
    ['exec', 'off'],
    [PROPERTY.autosnap, 'off'],
    [PROPERTY.restored, snapshot.guid],
  ]
  const leans = isAdopted(part, request) && arrived !== 'independent'
  const isDone =
    arrived !== 'missing' &&
    arrived !== 'half' &&
    world.own.get(name)?.get(PROPERTY.restored) === snapshot.guid &&
    !leans
  const bring = [...bringing(name, part, snapshot, settings, arrived, world), ...(leans ? [promoteClone(name)] : [])]
  return { isDone, bring: isDone ? [] : bring, clear: [], place: [] }
}

type Arrival = 'missing' | 'half' | 'clone' | 'independent' | 'foreign'

/**
 * What there is of a dataset that is to become `part` as of `snapshot`. It says itself what it was made from: others may have
 * taken snapshots of it since. Only where a run was cut off right after it was received, what came first tells.
 */
export function stateOf(name: string, snapshot: Taken, { own, ownSnapshots }: World): Arrival {
  const row = own.get(name)
  if (row === undefined) return 'missing'
  if (row.get('receive_resume_token') !== undefined) return 'half'
  const restored = row.get(PROPERTY.restored) ?? ownSnapshots.get(name)?.[0]?.guid
  if (restored !== undefined && restored !== snapshot.guid) return 'foreign'
  if (row.get('origin') === snapshot.full) return 'clone'
  return restored === undefined ? 'foreign' : 'independent'
}

/** In the state of that snapshot, and no other taken since. */
function isRestored({ dataset }: Part, { full, guid }: Taken, { own, ownSnapshots }: World): boolean {
  const row = own.get(dataset)
  if (row?.get(PROPERTY.restored) !== guid) return false
  const newest = (ownSnapshots.get(dataset) ?? []).at(-1)
  return newest === undefined ? row.get('origin') === full : newest.guid === guid
}

function bringing(
  name: string,
  { source }: Part,
  snapshot: Taken,
  settings: readonly Setting[],
  arrived: Arrival,
  { own, source: tree }: World,
): Step[] {
  if (poolOf(name) === poolOf(source))
    return arrived === 'missing' ? [cloneSnapshot(snapshot.full, name, settings)] : []
  const raw = (tree.get(source)?.get('encryption') ?? 'off') !== 'off'
  return [
    ...(arrived === 'half' ? [abandonReceive(name)] : []),
    ...(arrived === 'missing' || arrived === 'half'
      ? [
          {
            ...pipe(sendSnapshot(snapshot.full, { raw }), receive(name, { type: 'filesystem', without: NOT_RECEIVED })),
            timeoutSeconds: SEND_SECONDS,
          },
        ]
      : []),
    // A run that set them and was cut off knew what was in its place then.
    ...(own.get(name)?.get(PROPERTY.restored) === snapshot.guid ? [] : setProperties([[name, settings]])),
  ]
}

/** What the copy itself was restored from says nothing of what is made of it. */
export const NOT_RECEIVED = [...OWN_AFFAIR, PROPERTY.restored, PROPERTY.brought]

/** They are fixed when a dataset is made, of the key, of the place, or come from the layout. */
const NOT_TAKEN = new Set(
  'type mountpoint canmount readonly encryption keyformat keylocation pbkdf2iters casesensitivity normalization utf8only version volsize sharenfs sharesmb quota reservation refreservation mounted'.split(
    ' ',
  ),
)
/** Of a copy these say what the copy is kept under, and not what the instance may take. */
const LIMITS = ['quota', 'reservation', 'refreservation']

/** What a dataset was given, it keeps; one that was made anew and never filled has nothing of the instance's. mountpoint, canmount and readonly are the layout's, never a copy's (fact live-11). */
function settingsFor({ dataset, source }: Part, { guid }: Taken, { described }: World): Setting[] {
  const present = described.get(dataset)
  const own = ownValue(present?.properties ?? new Map(), PROPERTY.seeded) === undefined ? undefined : present
  const given = own ?? described.get(source)
  const kept = [...(given?.properties ?? [])].flatMap(([name]): Setting[] => {
    const value = ownValue(given?.properties ?? new Map(), name)
    const isTaken = !NOT_TAKEN.has(name) || (own !== undefined && LIMITS.includes(name))
    const isForeign =
      name === PROPERTY.restored ||
      name === PROPERTY.brought ||
      (own === undefined && OWN_AFFAIR.some(each => each === name))
    return value === undefined || !isTaken || isForeign ? [] : [[name, value]]
  })
  return [['mountpoint', 'legacy'], ['canmount', 'on'], ['readonly', 'off'], ...kept, [PROPERTY.restored, guid]]
}
