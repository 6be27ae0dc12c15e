/** What to take and what to destroy, from what was seen. */
import { poolOf } from '../../freebsd/zfs-names.ts'
import type { Site } from '../layout.ts'
import { surplusOf, withoutCount } from './adopt.ts'
import type { Attached } from './attach.ts'
import { type BucketOf, bucketsOf } from './buckets.ts'
import { CLOCK_MARGIN_SECONDS, isStale, tiersDue } from './due.ts'
import { keptOf, type Timed } from './keep.ts'
import { instanceOf, type Look, type Snapshot } from './look.ts'
import { type Policy, tiersOf } from './policy.ts'
import type { Attachment, Settings } from './settings.ts'

/** Datasets of one pool that get their snapshots at one moment, between the same hooks. */
export interface Group {
  /** An instance's id, a dataset, or a policy's name. */
  readonly name: string
  readonly instance: string | undefined
  readonly policy: Policy
  readonly datasets: readonly string[]
}

export interface Doomed {
  readonly name: string
  /** Of sanoid's: how many seconds old it must be by its own `creation`. 0: that does not matter. */
  readonly minimumAge: number
}

/** Looking a time zone up is slow, so policies keep what they learnt. */
const known = new WeakMap<Policy, BucketOf>()
export function bucketsOfPolicy(policy: Policy): BucketOf {
  const bucketOf = known.get(policy) ?? bucketsOf(policy)
  known.set(policy, bucketOf)
  return bucketOf
}

/** A dataset's snapshots that are ours, from the oldest to the newest by the time in their names. */
export const ownOf = (snapshots: readonly Snapshot[] = []): Timed[] =>
  snapshots.filter((each): each is Timed => each.time !== undefined).sort((a, b) => a.time - b.time)

/** What is due now. */
export function planTaking(look: Look, site: Site, now: number): { groups: Group[]; empty: string[] } {
  const empty: string[] = []
  const groups = new Map<string, Group & { datasets: string[] }>()
  const isEmpty = emptiness(look, site)
  for (const attached of look.attached) {
    const { name, policy } = attached
    if (look.skipped.has(name)) continue
    const snapshots = look.snapshots.get(name) ?? []
    if (tiersDue(ownOf(snapshots), policy, bucketsOfPolicy(policy), now).length === 0) continue
    if (policy.skipEmpty && isEmpty(attached)) {
      empty.push(name)
      continue
    }
    const group = groupOf(attached, site)
    const key = [group.name, policy.name, poolOf(name)].join('\0')
    const one = groups.get(key) ?? { ...group, datasets: [] }
    one.datasets.push(name)
    groups.set(key, one)
  }
  return { groups: [...groups.values()], empty }
}

/**
 * Whether nothing was written since the newest snapshot, and that is ours. All datasets of an instance with the same policy
 * count as one: they are restored together, to a name that all of them have.
 */
function emptiness(look: Look, site: Site): (attached: Attached) => boolean {
  const keyOf = ({ name, policy }: Attached) =>
    policy.group === 'dataset' ? name : `${instanceOf(site, name) ?? name}\0${policy.name}`
  const written = new Set(
    look.attached
      .filter(({ name }) => !look.skipped.has(name))
      .filter(({ name }) => !look.untouched.has(name) || look.snapshots.get(name)?.at(-1)?.time === undefined)
      .map(keyOf),
  )
  return attached => !written.has(keyOf(attached))
}

function groupOf({ name, policy }: Attached, site: Site): Omit<Group, 'datasets'> {
  const instance = instanceOf(site, name)
  if (policy.group === 'policy') return { name: policy.name, instance: undefined, policy }
  return { name: policy.group === 'instance' && instance !== undefined ? instance : name, instance, policy }
}

/** What is to go, by dataset. `taken` are snapshots that are there by now. */
export function planPruning(
  look: Look,
  now: number,
  taken: ReadonlyMap<string, Timed> = new Map(),
): Map<string, Doomed[]> {
  const doomed = new Map<string, Doomed[]>()
  for (const { name, policy } of look.attached) {
    if (look.skipped.has(name)) continue
    const snapshots = look.snapshots.get(name) ?? []
    const added = taken.get(name)
    const all = [...expired(snapshots, policy, added, now), ...adopted(snapshots, policy)]
    if (all.length > 0) doomed.set(name, all)
  }
  return doomed
}

function expired(snapshots: readonly Snapshot[], policy: Policy, added: Timed | undefined, now: number): Doomed[] {
  // A policy that says nothing of ours is there for other programs' snapshots.
  if (tiersOf(policy).length === 0 && policy.keepLast === 0 && policy.maxAgeDays === undefined) return []
  const own = ownOf(added === undefined ? snapshots : [...snapshots, added])
  if (own.length < 2) return []
  const kept = keptOf(own, policy, bucketsOfPolicy(policy), now)
  return own.filter(each => !kept.has(each)).map(({ name }) => ({ name, minimumAge: 0 }))
}

function adopted(snapshots: readonly Snapshot[], policy: Policy): Doomed[] {
  if (policy.adopt.length === 0) return []
  const names = snapshots.map(({ name }) => name)
  return policy.adopt.flatMap(adoption => surplusOf(names, adoption))
}

/** What the list names, and is not there. */
export const absentOf = (look: Look, { attachments }: Settings): Attachment[] =>
  attachments.filter(({ name }) => !name.includes('*') && !look.datasets.has(name) && !look.unreadable.includes(name))

/** Of a pool that was not imported zfs says not a word. */
export const absences = (look: Look, settings: Settings): string[] =>
  absentOf(look, settings).flatMap(({ name, policy }) =>
    policy === undefined
      ? []
      : [
          `${name} is not there, though 'datasets' gives it the policy '${policy.name}', so nothing is taken of it. Import the pool ${poolOf(name)} or create the dataset, or take it out of 'datasets' and run zfs_autosnap again.`,
        ],
  )

/** What is odd and should be looked at, in sentences. */
export function oddities(look: Look, now: number): string[] {
  const ahead = look.attached.filter(
    ({ name }) => (ownOf(look.snapshots.get(name)).at(-1)?.time ?? 0) > now + CLOCK_MARGIN_SECONDS,
  )
  const strangers = look.attached.flatMap(({ name, policy }) =>
    policy.adopt.length === 0
      ? []
      : withoutCount(
          (look.snapshots.get(name) ?? []).map(each => each.name),
          policy,
        ).map(each => `${name}@${each}`),
  )
  return [
    ...look.problems,
    ...forgotten(look, now),
    ...(ahead.length === 0
      ? []
      : [
          `${several(ahead.map(({ name }) => name))} newer snapshots than the clock says it is: it was put back, or is wrong. None are taken until it is later than they are.`,
        ]),
    ...(strangers.length === 0
      ? []
      : [
          `${strangers[0]}${strangers.length > 1 ? ` and ${strangers.length - 1} more` : ''} stay: 'adopt' says of that label not how many to keep.`,
        ]),
  ]
}

/** Left alone, with nothing as new as the policy wants: it may be for ever. What has no snapshot at all may be arriving still. */
export function isForgotten(look: Look, { name, policy }: Attached, now: number): boolean {
  const snapshots = look.snapshots.get(name) ?? []
  return look.skipped.has(name) && snapshots.length > 0 && isStale(ownOf(snapshots), policy, now)
}

function forgotten(look: Look, now: number): string[] {
  const reasons = new Map<string, string[]>()
  for (const attached of look.attached) {
    const why = look.skipped.get(attached.name)
    if (why === undefined || !isForgotten(look, attached, now)) continue
    reasons.set(why, [...(reasons.get(why) ?? []), attached.name])
  }
  return [...reasons].map(
    ([why, names]) =>
      `${several(names)} no snapshot as new as the policy wants, since ${why}. If nothing is at work there any more, bring it to its end: a switch with the module blueprint_switch (state: resumed), a replica with 'replicate run' or, to give up what has arrived, 'zfs receive -A DATASET'.`,
  )
}

const several = (names: readonly string[]) =>
  names.length === 1 ? `${names[0]} has` : `${names[0]} and ${names.length - 1} more have`
