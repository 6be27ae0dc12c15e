/** What is to be done for an instance that shall have its mounts. jail(8) makes them: we see that it can, and that it did. */
import type { Done } from '../../core/perform.ts'
import { isWithin, type Mount, unmount } from '../../freebsd/mount.ts'
import { planAmending } from './amend-steps.ts'
import { checkDirectories, checkParts } from './checks.ts'
import { compareMounts, describeComparison, mountsAround, mountsBelow, strayMounts, unmountOrder } from './compare.ts'
import { planFstab } from './fstab.ts'
import { checkSources } from './points.ts'
import { checkFilling, fillSteps, isOpen, type Opening, obstaclesIn, openingsOf, openSteps } from './seed.ts'
import { type Work, withProblems, work } from './work.ts'
import type { Instance, World } from './world.ts'

export function planPresent(instance: Instance, world: World, done: readonly Done[]): Work {
  const { request, planned, parts, life } = instance
  const { id, places, blueprint } = request
  const comparison = compareMounts(world.mounts, planned, places.root)
  const fstab = planFstab(instance, world)
  const amending = planAmending(instance, world, done)
  const openings = openingsOf(instance, fstab.nodes, amending.parts)
  const leaks = life === 'running' ? [] : mountsBelow(world.mounts, places.root)
  const idle = idleSeeds(instance, openings, world)

  const directories = checkDirectories(request, world)
  const sources = checkSources(instance, world)
  const datasets = checkParts(instance, openings, { ...world, mounts: mountsAround(world.mounts, places.directory) })
  const obstacles = obstaclesIn(openings, world)
  const strays = strayMounts(world.mounts, planned, `${request.site.path}/instances`)
  const awaitsRestart = life === 'running' ? [...describeComparison(comparison), ...fstab.pending] : []
  const pending = [...awaitsRestart, ...amending.pending]
  const look = { running: life === 'running', blueprint, pending, problems: [] }

  const common = {
    problems: [
      ...directories.problems,
      ...sources.problems,
      ...checkFilling(instance, world),
      ...datasets.problems,
      ...fstab.problems,
    ],
    unmet: [...directories.unmet, ...datasets.unmet, ...sources.unmet],
    warnings: [...datasets.warnings, ...fstab.warnings, ...strays.map(describeStray), ...amending.warnings],
    awaitsRestart: awaitsRestart.length > 0,
    before: directories.exists
      ? {
          ...look,
          seeded: parts.filter(({ seeded }) => seeded === 'yes').map(({ path }) => path),
          fstab: fstab.before,
          leaks: leaks.map(({ node }) => node),
        }
      : undefined,
  }
  if (obstacles.length > 0)
    return work(id, {
      ...common,
      after: withProblems(common.before, obstacles),
      steps: openings.filter(isOpen).map(({ part }) => unmount({ node: part.seed })),
      failures: obstacles,
    })

  const opens = openSteps(openings, world)
  const keepsLeaks = life === 'dying' && leaks.length > 0
  return work(id, {
    ...common,
    warnings: [
      ...common.warnings,
      ...(keepsLeaks
        ? [`${id}: its jail is still dying and ${leaks.length} mounts are left below ${places.root}. Run this again.`]
        : []),
    ],
    after: {
      ...look,
      seeded: parts.map(({ path }) => path),
      fstab: fstab.after,
      leaks: keepsLeaks ? leaks.map(({ node }) => node) : [],
    },
    steps: [
      ...(keepsLeaks ? [] : unmountOrder(leaks).map(unmount)),
      ...unmountOrder(idle).map(unmount),
      ...directories.steps,
      ...opens,
    ],
    rest: [...fillSteps(instance, openings, amending, world), ...fstab.steps],
    isOpening: opens.length > 0,
  })
}

/** Datasets that an earlier run has left open, and that are done. */
const idleSeeds = ({ request }: Instance, openings: readonly Opening[], { mounts }: World): Mount[] =>
  mounts.filter(
    ({ node, special }) =>
      isWithin(node, request.places.seed) &&
      !openings.some(({ part }) => part.seed === node && part.dataset === special),
  )

const describeStray = ({ node, special }: Mount) =>
  `${special} is mounted at ${node}, outside every instance: a link in one of them may have led a mount there. If nobody means it: 'umount ${node}'.`
