/**
 * The fstab of an instance. jail(8) unmounts what the file says at that moment, not what was mounted when it started (fact
 * jail-3): while an instance runs, the file must say what is mounted, and what shall be is written beside it.
 */
import type { Step, WriteStep } from '../../core/step.ts'
import { type FstabEntry, parseFstab, renderFstab } from '../../freebsd/fstab.ts'
import { isReadOnly, type Mount } from '../../freebsd/mount.ts'
import { blueprintPath, FORMAT } from '../layout.ts'
import { compareMounts, describeComparison, isOfJail, mountsBelow } from './compare.ts'
import { formatOf, renderInstanceFstab } from './mounts.ts'
import type { Instance, World } from './world.ts'

export interface FstabPlan {
  /** Mount points that are in the file as it is. */
  readonly nodes: ReadonlySet<string>
  /** Lines, without comments. */
  readonly before: string[]
  readonly after: string[]
  readonly steps: readonly Step[]
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

export function planFstab({ request, planned, life }: Instance, world: World): FstabPlan {
  const { id, site, places, blueprint } = request
  const text = world.texts.get(places.fstab)
  const next = world.texts.get(places.nextFstab)
  const wanted = renderInstanceFstab(planned)
  const entries = entriesOf(text)
  const below = mountsBelow(world.mounts, places.root)
  const agrees = describeComparison(compareMounts(below, planned, places.root)).length === 0

  const held = life === 'running' && text !== wanted && !agrees
  const restored = held && text === undefined ? renderFstab(below.filter(isOfFstab(places.root)).map(asEntry)) : text
  const current = held ? restored : wanted
  const awaited = held ? wanted : undefined
  const base = entries.find(({ node }) => node === places.root)?.special

  return {
    nodes: new Set(entries.map(({ node }) => node)),
    before: linesOf(text),
    after: linesOf(current),
    steps: [...change(places.fstab, text, current), ...change(places.nextFstab, next, awaited)],
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
    ],
    warnings:
      text !== undefined || !held
        ? []
        : [`${id}: ${places.fstab} was gone while the instance runs. It is written anew from what is mounted.`],
  }
}

function change(path: string, from: string | undefined, to: string | undefined): Step[] {
  if (from === to) return []
  return [to === undefined ? { kind: 'remove', path } : ({ kind: 'write', path, content: to } satisfies WriteStep)]
}

/** A file that nobody can read is replaced: it has no entries. */
function entriesOf(text: string | undefined): FstabEntry[] {
  try {
    return parseFstab(text ?? '')
  } catch {
    return []
  }
}

/** Without comments. */
export const linesOf = (text: string | undefined): string[] =>
  (text ?? '').split('\n').filter(line => line !== '' && !line.startsWith('#'))

const isOfFstab = (root: string) => (mount: Mount) => !isOfJail(mount, root)

const asEntry = (mount: Mount): FstabEntry => ({ ...mount, options: [isReadOnly(mount) ? 'ro' : 'rw'] })
