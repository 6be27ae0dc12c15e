/** What must hold before anything is touched: the directories of an instance, and its datasets. */
import type { Step } from '../../core/step.ts'
import { isWithin } from '../../freebsd/mount.ts'
import { ownValue } from '../../freebsd/zfs-selected.ts'
import { blueprintDataset, FORMAT, onItsWay, PROPERTY } from '../layout.ts'
import { readMark } from '../move/marks.ts'
import { arriving } from '../restore/names.ts'
import { firstFileProblems } from './first.ts'
import { type Findings, kindOf, obstacleAt, pointsIn } from './points.ts'
import type { Request } from './requests.ts'
import { isOpen, type Opening, revisionOf, wayOut } from './seed.ts'
import { type Instance, type Part, property, type World } from './world.ts'

export interface DirectoryFindings extends Findings {
  readonly exists: boolean
  readonly steps: readonly Step[]
}

/** The instance's directory, `root` and `seed`: root's own, so that nobody reaches a customer's setuid files. */
export function checkDirectories({ id, site, places }: Request, { status, datasets }: World): DirectoryFindings {
  const steps: Step[] = []
  const problems: string[] = []
  const unmet: string[] = []
  const dataset = datasets.get(places.dataset)
  const above = status.get(`${site.path}/instances`)
  const own = status.get(places.directory)

  if (status.has(places.journal)) problems.push(onItsWay(id, places))
  if (above?.type === 'link')
    problems.push(
      `${above.at} is a symbolic link, and the mount table shows real paths. Give the real one as hosting_path.`,
    )
  if (dataset === undefined)
    unmet.push(`${id}: the dataset ${places.dataset} is not there. Create it with zfs_dataset, mode 0700.`)
  else if (ownValue(dataset, PROPERTY.moved) !== undefined)
    problems.push(
      `${id} was moved away from this host (${ownValue(dataset, PROPERTY.moved)}), and ${places.dataset} was left behind. Take it out of the instances of this host. If it is to run from what is here after all: 'zfs inherit ${PROPERTY.moved} ${places.dataset}'.`,
    )
  else if (readMark(ownValue(dataset, PROPERTY.arrived), places.dataset)?.isFinished === false)
    problems.push(
      `${id} is not whole: it is on its way here (${PROPERTY.arrived} of ${places.dataset} is '${ownValue(dataset, PROPERTY.arrived)}'), and may run elsewhere. Run what brings it, move.yml or failover.yml, once more.`,
    )
  else if (property(dataset, 'mountpoint') === places.directory && property(dataset, 'mounted') === 'no')
    problems.push(`${id}: ${places.dataset} is not mounted at ${places.directory}: 'zfs mount ${places.dataset}'.`)

  if (own === undefined && dataset !== undefined) {
    if (above === undefined) problems.push(`${id}: ${site.path}/instances is not there. Lay out the host first.`)
    steps.push({ kind: 'directory', path: places.directory, mode: 0o700 })
  } else if (own !== undefined && own.type !== 'directory')
    problems.push(`${id}: ${places.directory} is no directory. Move it away.`)
  else if (own !== undefined) {
    if (own.uid !== 0)
      problems.push(`${id}: ${places.directory} belongs to user ${own.uid}: 'chown root ${places.directory}'.`)
    if (own.mode !== 0o700) steps.push({ kind: 'mode', path: places.directory, mode: 0o700 })
  }

  for (const path of [places.root, places.seed]) {
    const found = status.get(path)
    if (found === undefined) steps.push({ kind: 'directory', path, mode: 0o700 })
    else if (found.type !== 'directory') problems.push(`${id}: ${path} is no directory. Move it away.`)
  }
  return { exists: own !== undefined, steps, problems, unmet }
}

/** An empty dataset refers to some tens of kilobytes, whatever its pool. */
const CERTAINLY_NOT_EMPTY_BYTES = 1 << 20

export interface PartFindings extends Findings {
  readonly warnings: readonly string[]
}

export function checkParts(instance: Instance, openings: readonly Opening[], world: World): PartFindings {
  const { request, parts, life } = instance
  const problems: string[] = []
  const unmet: string[] = []
  const warnings: string[] = []
  const say = (list: string[], text: string | undefined) => {
    if (text !== undefined) list.push(`${request.id}: ${text}`)
  }

  say(problems, otherRevision(instance, openings, world))
  for (const part of parts) {
    const opening = openings.find(one => one.part === part)
    if (part.seeded === 'no' && world.datasets.has(arriving(part.dataset))) {
      say(problems, halfRestored(part))
      continue
    }
    if (part.properties === undefined) {
      say(unmet, `the dataset ${part.dataset} is not there. Create it with zfs_dataset, mountpoint legacy.`)
      continue
    }
    say(problems, unfit(part, request))
    if (opening?.isToBeFilled) for (const problem of firstFileProblems(part, instance, world)) say(problems, problem)
    if (opening !== undefined) say(problems, whyNotOpened(part, opening, instance))
    else if (isElsewhere(part, request))
      say(
        warnings,
        `${part.dataset} is mounted at ${part.mountedAt}, and a dataset can only be in one place: unmount it there${life === 'running' ? '' : ' before the instance starts'}.`,
      )
    if (opening === undefined) for (const problem of pointProblems(part, instance, world)) say(problems, problem)
  }
  return { problems, unmet, warnings }
}

/** Of then and now it is not run, and what is to come is not to find its place taken. */
const halfRestored = ({ dataset }: Part) =>
  `it was half restored when that was cut off: ${arriving(dataset)} is yet to take the place of ${dataset}. Run the same restore.yml, or instance_restore, once more.`

function otherRevision(instance: Instance, openings: readonly Opening[], world: World): string | undefined {
  const { revision: wanted, site, blueprint } = instance.request
  if (wanted === undefined || !openings.some(({ isToBeFilled }) => isToBeFilled)) return undefined
  const revision = revisionOf(instance, world)
  if (revision === wanted || !world.datasets.has(blueprintDataset(site, blueprint))) return undefined
  return `the blueprint ${blueprint} is at revision ${revision}, and ${wanted} was asked for: datasets would be filled from another one. Give that revision, or none.`
}

function unfit({ dataset, properties, seeded }: Part, { blueprint }: Request): string | undefined {
  const value = (name: string) => property(properties, name) ?? '-'
  const mountpoint = value('mountpoint')
  const format = Number(value(PROPERTY.format))
  if (value('type') !== 'filesystem') return `${dataset} is a volume, and a filesystem is needed.`
  if (mountpoint !== 'legacy')
    return `${dataset} has the mountpoint ${mountpoint}, and jail(8) mounts it: 'zfs set mountpoint=legacy ${dataset}'.`
  if (format > FORMAT) return `${dataset} was filled by a newer version (format ${format}). Update this collection.`
  if (seeded === 'begun' && value(PROPERTY.blueprint) !== blueprint)
    return `${dataset} is half filled from the blueprint ${value(PROPERTY.blueprint)}: an earlier run was interrupted. Run this with that blueprint once more; or destroy the dataset, in which nothing else is, and create it anew.`
  return undefined
}

function whyNotOpened(part: Part, opening: Opening, { request, life }: Instance): string | undefined {
  const { dataset, mountedAt, properties } = part
  if (property(properties, 'keystatus') === 'unavailable')
    return `the key of ${dataset} is not loaded: 'zfs load-key ${property(properties, 'encryptionroot') ?? dataset}'.`
  if (
    part.seeded === 'no' &&
    !isOpen(opening) &&
    Number(property(properties, 'logicalreferenced')) > CERTAINLY_NOT_EMPTY_BYTES
  )
    return `${dataset} holds files and is not marked as filled, so it is left alone. ${wayOut(part)}`
  if (mountedAt === undefined || isOpen(opening)) return undefined
  if (!isWithin(mountedAt, request.places.root))
    return `${dataset} is mounted at ${mountedAt}, and a dataset can only be in one place: 'umount ${mountedAt}'.`
  if (life === 'running')
    return `${dataset} is used by the running instance and is not marked as filled. ${wayOut(part)}`
  if (life === 'dying')
    return `its jail is still dying, and ${dataset} is mounted at ${mountedAt}. Run this again in a while.`
  return undefined
}

const isElsewhere = ({ mountedAt, seed }: Part, { places }: Request) =>
  mountedAt !== undefined && mountedAt !== seed && !isWithin(mountedAt, places.root)

/** Mount points in a dataset that a running instance uses, for what a restart shall mount there. */
function pointProblems(part: Part, { request, planned, life }: Instance, world: World): string[] {
  if (life !== 'running' || part.mountedAt !== `${request.places.root}/${part.path}`) return []
  return pointsIn(part, planned)
    .filter(({ node }) => !world.mounts.some(mount => mount.node === node))
    .flatMap(mount => {
      const obstacle = obstacleAt(mount.node, mount, world)
      if (obstacle !== undefined) return [`${obstacle} Put it right inside the instance, and run this again.`]
      if (world.status.has(mount.node)) return []
      const make = kindOf(mount, world) === 'file' ? 'touch' : 'mkdir'
      return [
        `the mount point ${mount.node} is not there (for ${mount.special}): 'jexec ${request.id} ${make} /${mount.path}', or stop the instance and run this again.`,
      ]
    })
}
