/**
 * How an instance gets what an amendment added: a stopped one at the seed, a running one through its own jail, where no link
 * that its customer has planted leads out. Nothing that is there already is touched.
 */
import type { Done } from '../../core/perform.ts'
import type { Step } from '../../core/step.ts'
import { copyNames, copyNamesInside, goesInto } from '../../freebsd/seed.ts'
import { setProperties } from '../../freebsd/zfs-steps.ts'
import { PROPERTY, revisionPath } from '../layout.ts'
import { type Amendment, amendmentsOf, directoriesTo, placeInside, unmergedIn } from './amend.ts'
import { some } from './points.ts'
import type { Instance, Part, World } from './world.ts'

export interface Amending {
  /** To be opened at their seeds. */
  readonly parts: ReadonlySet<Part>
  readonly stepsAtSeed: (part: Part) => readonly Step[]
  /** What is done through the jail, and then written down in each dataset. */
  readonly inside: readonly Step[]
  readonly marks: readonly Step[]
  readonly warnings: readonly string[]
  readonly pending: readonly string[]
}

/** `done`: what this run has tried. What its customer keeps from succeeding waits for the next one. */
export function planAmending(instance: Instance, world: World, done: readonly Done[]): Amending {
  const { id, site, blueprint } = instance.request
  const failure = failureOf(instance, done)
  if (failure !== undefined) {
    const sentence = `what the amendment of ${blueprint} adds is not all in it, and is tried again by the next run: ${failure}`
    return {
      parts: new Set(),
      stepsAtSeed: () => [],
      inside: [],
      marks: [],
      warnings: [`${id}: ${sentence}`],
      pending: [sentence, ...unmergedIn(instance, world)],
    }
  }
  const amendments = amendmentsOf(instance, world).filter(({ way }) => way !== undefined)
  const sorted = amendments.map(amendment => ({ amendment, ...sortOut(amendment, instance, world) }))
  const atSeed = new Map(
    sorted
      .filter(({ amendment: { way }, names }) => way === 'seed' && names.length > 0)
      .map(one => [one.amendment.part, one]),
  )
  const through = sorted.filter(({ amendment: { way } }) => way === 'inside')
  const current = amendments[0]?.current ?? 0
  const sealed = revisionPath(site, blueprint, current)
  return {
    parts: new Set(
      sorted
        .filter(({ amendment: { way, added } }) => way === 'seed' && added.length > 0)
        .map(one => one.amendment.part),
    ),
    stepsAtSeed: part => {
      const source = `${sealed}/${part.path}`
      const names = atSeed.get(part)?.names ?? []
      return copyNames(
        source,
        names.map(path => path.slice(part.path.length + 1)),
        part.seed,
      )
    },
    inside: copyNamesInside(
      sealed,
      through.flatMap(({ names }) => names),
      id,
    ),
    marks: setProperties(
      amendments
        .filter(({ received, changed }) => changed.length === 0 || received < current)
        .map(({ part, changed }) => [
          part.dataset,
          [[changed.length === 0 ? PROPERTY.revision : PROPERTY.added, String(current)]],
        ]),
    ),
    warnings: sorted.flatMap(({ kept, barred }) => [
      ...(kept.length === 0
        ? []
        : [`${id}: the blueprint's amendment adds ${some(kept)}, where something is already: that stays as it is.`]),
      ...barred.map(at => `${id}: ${at} is no directory, so what the blueprint's amendment adds below it is left out.`),
    ]),
    pending: unmergedIn(instance, world),
  }
}

function failureOf({ request: { id, places } }: Instance, done: readonly Done[]): string | undefined {
  const own = ({ step, failure }: Done) =>
    failure !== undefined && step.kind === 'pipe' && goesInto(step, id, places.seed)
  return done.find(own)?.failure
}

interface Sorted {
  /** To be copied, relative to the instance's root. What cannot be seen yet is among them: tar keeps what is there. */
  readonly names: readonly string[]
  /** Where the customer has something of his own. */
  readonly kept: readonly string[]
  /** In the place of a directory. */
  readonly barred: readonly string[]
}

function sortOut(amendment: Amendment, instance: Instance, { status }: World): Sorted {
  const names: string[] = []
  const kept: string[] = []
  const barred = new Set<string>()
  if (amendment.received === amendment.current) return { names, kept, barred: [] }
  const found = (path: string) => status.get(placeInside(amendment, path, instance)?.path ?? '')
  for (const { path, isDirectory } of amendment.added) {
    const bar = directoriesTo(path, amendment.part).find(above => (found(above)?.type ?? 'directory') !== 'directory')
    const there = found(path)?.type
    if (bar !== undefined) barred.add(`/${bar}`)
    else {
      // At the seed it was foretold before it could be seen; tar would take a link away.
      if (there === undefined || (amendment.way === 'seed' && there !== 'link')) names.push(path)
      if (there !== undefined && !(there === 'directory' && isDirectory)) kept.push(`/${path}`)
    }
  }
  return { names, kept, barred: [...barred] }
}
