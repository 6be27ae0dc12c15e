/**
 * The fstab of an instance. jail(8) unmounts what the file says at that moment, not what was mounted when it started (fact
 * jail-3): while an instance runs, the file must say what is mounted, and what shall be is written beside it.
 */
import type { Step, WriteStep } from '../../core/step.ts'
import { type FstabEntry, parseFstab, renderFstab } from '../../freebsd/fstab.ts'
import { isReadOnly, type Mount } from '../../freebsd/mount.ts'
import { ownValue } from '../../freebsd/zfs-selected.ts'
import { blueprintPath, FORMAT, MERGED_PARTS, PROPERTY } from '../layout.ts'
import { compareMounts, describeComparison, isOfJail, mountsBelow } from './compare.ts'
import { formatOf, renderInstanceFstab } from './mounts.ts'
import type { Instance, Part, World } from './world.ts'

export interface FstabPlan {
  /** Mount points that are in the file as it is. */
  readonly nodes: ReadonlySet<string>
  /** Lines, without comments. */
  readonly before: string[]
  readonly after: string[]
  readonly steps: readonly Step[]
  /** What a restart would change that the mount table does not tell. */
  readonly pending: readonly string[]
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

export function planFstab({ request, planned, parts, life }: Instance, world: World): FstabPlan {
  const { id, site, places, blueprint } = request
  const text = world.texts.get(places.fstab)
  const next = world.texts.get(places.nextFstab)
  const wanted = renderInstanceFstab(planned)
  const entries = entriesOf(text)
  const below = mountsBelow(world.mounts, places.root)
  const runsBy = entries ?? below.filter(isOfFstab(places.root)).map(asEntry)
  const agrees = describeComparison(compareMounts(below, planned, places.root)).length === 0
  const pending = life === 'running' ? differingOptions(runsBy, planned) : []

  const held = life === 'running' && text !== wanted && !(agrees && pending.length === 0)
  const current = !held ? wanted : entries === undefined ? renderFstab(runsBy) : text
  const awaited = held ? wanted : undefined
  const base = entries?.find(({ node }) => node === places.root)?.special
  const origin = base === undefined ? originOf(parts) : undefined

  return {
    nodes: new Set(entries?.map(({ node }) => node)),
    before: linesOf(text),
    after: linesOf(current),
    steps: [...change(places.fstab, text, current), ...change(places.nextFstab, next, awaited)],
    pending,
    problems: [
      ...(formatOf(text ?? '') > FORMAT
        ? [
            `${id}: ${places.fstab} was written by a newer version (format ${formatOf(text ?? '')}). Update this collection.`,
          ]
        : []),
      ...(base !== undefined && base !== blueprintPath(site, blueprint)
        ? [
            `${id} runs on ${base}, and another blueprint needs its configuration merged: switch it with blueprint_switch, not by its mounts alone.`,
          ]
        : []),
      ...(origin !== undefined && origin.blueprint !== blueprint
        ? [
            `${id}: ${origin.dataset} is of the blueprint ${origin.blueprint}, on which it ran last, and ${blueprint} needs its configuration merged. Say ${origin.blueprint} as its blueprint, and then switch it with blueprint_switch.`,
          ]
        : []),
    ],
    warnings:
      entries !== undefined || !held
        ? []
        : [
            `${id}: ${places.fstab} was gone, or could not be read, while the instance runs. It is written anew from what is mounted.`,
          ],
  }
}

/**
 * What an instance without an fstab ran on last, as one that came from another host: its parts tell. A switch marks all that
 * are mounted, so one that was not, or that was added just before a way back, tells of another; what is merged counts first.
 */
function originOf(parts: readonly Part[]): { readonly dataset: string; readonly blueprint: string } | undefined {
  const isMerged = ({ path }: Part) => MERGED_PARTS.includes(path)
  const [first] = [...parts.filter(isMerged), ...parts.filter(part => !isMerged(part))].flatMap(
    ({ dataset, properties, seeded }) => {
      const blueprint =
        properties === undefined || seeded !== 'yes' ? undefined : ownValue(properties, PROPERTY.blueprint)
      return blueprint === undefined ? [] : [{ dataset, blueprint }]
    },
  )
  return first
}

function change(path: string, from: string | undefined, to: string | undefined): Step[] {
  if (from === to) return []
  return [to === undefined ? { kind: 'remove', path } : ({ kind: 'write', path, content: to } satisfies WriteStep)]
}

/** Undefined for a file that is not there, or that nobody can read. */
function entriesOf(text: string | undefined): FstabEntry[] | undefined {
  try {
    return text === undefined ? undefined : parseFstab(text)
  } catch {
    return undefined
  }
}

/**
 * Mounts that were made with other options than they shall have, by the file that they were made from: the table shows
 * read-only ones, and of the others neither a size nor, of a zfs mount, what mount(8) was told. In sentences.
 */
export function differingOptions(runsBy: readonly FstabEntry[], planned: readonly FstabEntry[]): string[] {
  const now = new Map(runsBy.map(entry => [entry.node, entry]))
  return planned.flatMap(({ node, special, options }) => {
    const entry = now.get(node)
    if (entry === undefined || entry.special !== special) return []
    const [is, shallBe] = [wordsOf(entry.options), wordsOf(options)]
    return is === shallBe ? [] : [`${node}: its mount options are ${is}, and shall be ${shallBe}`]
  })
}

/** The order in which they stand says nothing. */
const wordsOf = (options: readonly string[]) =>
  options
    .filter(option => option !== 'ro' && option !== 'rw')
    .sort()
    .join(', ') || 'none'

/** Without comments. */
export const linesOf = (text: string | undefined): string[] =>
  (text ?? '').split('\n').filter(line => line !== '' && !line.startsWith('#'))

const isOfFstab = (root: string) => (mount: Mount) => !isOfJail(mount, root)

const asEntry = (mount: Mount): FstabEntry => ({ ...mount, options: [isReadOnly(mount) ? 'ro' : 'rw'] })
