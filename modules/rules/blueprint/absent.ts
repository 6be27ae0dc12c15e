/**
 * Whether a blueprint may go: never while anything is mounted from it, or an instance's fstab would mount it; and only where
 * it is said if an instance could go back to it.
 */

import { parseFstab } from '../../freebsd/fstab.ts'
import { isWithin, type Mount } from '../../freebsd/mount.ts'
import { planAbsent } from '../dataset/absent.ts'
import { World } from '../dataset/world.ts'
import { instancePlaces, onItsWay } from '../layout.ts'
import { neededUnderWay, waysBack } from '../switch/ways-back.ts'
import type { Seen } from './look.ts'
import type { Request } from './requests.ts'
import { looksOf, unmountSteps, type Work, work } from './work.ts'

export function planRemoval(request: Request, seen: Seen): Work {
  const { name } = request
  const plan = work(name)
  const { complete, build } = seen.blueprints.get(name) ?? {}
  const world = new World(seen.datasets.values(), new Map())
  if (complete?.manifest !== undefined) plan.before = looksOf(seen.site, complete.manifest)

  for (const tree of [build, complete]) {
    if (tree === undefined) continue
    const dataset = tree.dataset.name
    if (tree.stage === undefined)
      plan.problems.push(`${dataset} is no blueprint of ours. If it may go: 'zfs destroy -r ${dataset}'.`)
    const ownMounts = tree.stage === 'complete' ? [] : unmountSteps(tree.root, dataset, seen)
    const others = ownMounts.length > 0 ? seen.mounts.filter(mount => !isDevicesOf(mount, tree.root)) : seen.mounts
    const removal = planAbsent({ name: dataset, state: 'absent', properties: {}, recursive: true }, world, {
      below: seen.below,
      mounts: others,
      holds: seen.holds,
      leaving: new Set(),
    })
    plan.problems.push(...removal.problems, ...usersOf(tree.root, dataset, seen))
    plan.steps.push(...ownMounts, ...removal.steps.map(([, step]) => step))
    plan.outcome = 'removed'
    if (tree === complete) forgetWaysBack(request, dataset, seen, plan)
  }
  return plan
}

const isDevicesOf = (mount: Mount, root: string) => mount.fstype === 'devfs' && isWithin(mount.node, root)

function usersOf(root: string, dataset: string, { fstabs }: Seen): string[] {
  const users = [...fstabs].filter(([, text]) => parseFstab(text).some(({ special }) => isWithin(special, root)))
  if (users.length === 0) return []
  return [
    `${dataset} cannot be destroyed: ${users.map(([path]) => path).join(', ')} would mount it. Switch those instances to another blueprint, or remove them, first.`,
  ]
}

function forgetWaysBack({ name, keepsWaysBack }: Request, dataset: string, seen: Seen, plan: Work): void {
  const { site, switches, generations } = seen
  const onTheirWay = neededUnderWay(switches).get(name) ?? []
  const couldReturn = waysBack(site, switches, generations).get(name) ?? []
  plan.problems.push(
    ...switches.problems,
    ...onTheirWay.map(id => `${dataset} cannot be destroyed: ${onItsWay(id, instancePlaces(site, id))}`),
  )
  if (couldReturn.length === 0) return
  const ids = couldReturn.join(', ')
  if (keepsWaysBack)
    plan.problems.push(
      `${dataset} cannot be destroyed: ${ids} could not go back to it any more. Their last switch, or a snapshot kept of an earlier one, leads there: wait until newer ones have taken its place, or give that up with \`keep_ways_back: false\`.`,
    )
  else plan.warnings.push(`${ids} cannot go back to ${name} any more. What they had then is in their snapshots.`)
}
