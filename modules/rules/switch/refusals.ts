/** What forbids a switch of one instance, found before anything of it is touched. */
import { parseFstab } from '../../freebsd/fstab.ts'
import { isWithin } from '../../freebsd/mount.ts'
import { unvis } from '../../freebsd/vis.ts'
import { describeConflicts } from '../merge/plan.ts'
import { firstAddress, needsAddress } from './health.ts'
import { describeVersion } from './journal.ts'
import type { Trip, View } from './look.ts'
import { writtenBy } from './merging.ts'
import { youngerThan } from './stretches.ts'

/** Beside what is written: a snapshot's own, databases that are made anew, and what a file system needs to work at all. */
const RESERVE_BYTES = 16 << 20
const BYTES_PER_FILE = 64 << 10

/** In sentences. */
export function refusalsOf(trip: Trip, view: View, reason: 'forward' | 'back'): string[] {
  const { standing, problem, work } = trip
  const { id, places, health, conflicts } = standing.request
  const { jail, isInPlace, remains, prepared } = view
  const refuse: string[] = problem === undefined ? [] : [problem]
  const say = (words: string) => refuse.push(`${id}: ${words}`)

  if (remains?.isRunning === true && !isInPlace)
    say(`it runs, and ${places.jailConf} is not there, without which it cannot be stopped. instance_jail writes it.`)
  const differing = unmounted(view)
  if (differing !== undefined)
    say(
      `${places.fstab} does not say what is mounted (${differing}): it was changed by hand while the instance runs. Put it right with instance_mounts, or restart the instance.`,
    )
  for (const { dataset, isLocked } of standing.parts)
    if (isLocked) say(`the key of ${dataset} is not loaded: 'zfs load-key ${dataset}'.`)
  if (remains?.isRunning === true && needsAddress(health) && firstAddress(jail.conf) === undefined)
    say(
      'it has no address of its own in its configuration, so `health` needs to say at which `address` or `url` to ask.',
    )
  if (reason === 'back') {
    refuse.push(...backRefusals(trip, view))
    return refuse
  }

  for (const { dataset, isFilled } of standing.parts)
    if (!isFilled) say(`${dataset} is not filled yet: run instance_mounts.`)
  for (const { dataset, available } of work?.openings ?? []) {
    const needed = RESERVE_BYTES + BYTES_PER_FILE * (prepared === undefined ? 0 : writtenBy(prepared).length)
    if (available < needed)
      say(
        `${dataset} has ${mebibytes(available)} left, and a switch needs ${mebibytes(needed)} to be safe. Free some space in the pool, or raise its quota.`,
      )
  }
  for (const words of lackingIn(trip)) say(`${words}. Build one that has it (\`directories\`), under another name.`)
  const found = prepared?.plan.conflicts ?? []
  if (conflicts === 'fail' && found.length > 0)
    say(
      `${found.length === 1 ? 'a file was' : `${found.length} files were`} changed both by the customer and by the blueprint (${describeConflicts(found)}). Say \`conflicts: keep\` or \`replace\`, or make them alike.`,
    )
  return refuse
}

/** What its mounts need of the new blueprint and is not in that: jail(8) would find out when the instance is down. */
function lackingIn({ standing, layoutNext, target, listings }: Trip): string[] {
  const { mounts } = layoutNext ?? standing.layout ?? { mounts: [] }
  const listing = target && listings.get(describeVersion(target))?.listing
  if (listing === undefined) return []
  const isThere = (path: string) =>
    listing.has(`./${path}`) || [...listing.keys()].some(name => unvis(name) === `./${path}`)
  const isOnAnother = (path: string) =>
    mounts.some(other => other.path !== '' && other.path !== path && isWithin(path, other.path))
  return mounts.flatMap(({ path, part, special }) => {
    const isNeeded = path !== '' && (part === 'overlay' || !isOnAnother(path))
    if (!isNeeded || isThere(path)) return []
    const why = part === 'overlay' ? 'which is mounted from it' : `where ${special} is mounted`
    return [`the blueprint ${target?.blueprint} has no ${path}, ${why}`]
  })
}

/** What its fstab lists and the mount table has not. */
function unmounted({ remains, fstab }: View): string | undefined {
  if (remains?.isRunning !== true) return undefined
  const missing = parseFstab(fstab ?? '').find(
    ({ node, special }) => !remains.mounts.some(mount => mount.node === node && mount.special === special),
  )
  return missing === undefined ? undefined : `${missing.special} is not mounted at ${missing.node}`
}

function backRefusals(trip: Trip, { snapshots }: View): string[] {
  const { standing } = trip
  const { id, places, rollsBackData, site } = standing.request
  const { last } = standing
  if (last === undefined) return []
  const isThere = (snapshots ?? []).some(({ name }) => name === last.snapshot)
  const younger = youngerThan(last.snapshot, trip, snapshots ?? [])
  return [
    ...(isThere
      ? []
      : [
          `${id}: its way back is gone: there is no snapshot ${places.dataset}@${last.snapshot} any more. Switch it to ${last.from.blueprint} with \`state: switched\`, which merges its files.`,
        ]),
    ...(trip.hasBlueprintBack
      ? []
      : [
          `${id}: the blueprint ${last.from.blueprint} is not there any more (${site.path}/blueprints/${last.from.blueprint}). Build it again.`,
        ]),
    ...(rollsBackData && younger.length > 0
      ? [
          `${id}: its data cannot be rolled back, since there are younger snapshots, which would go: ${younger.slice(0, 3).join(', ')}${younger.length > 3 ? ` and ${younger.length - 3} more` : ''}. Destroy those that nobody needs, or go back without \`rollback_data\`: the data of then is in the snapshot ${last.snapshot}.`,
        ]
      : []),
  ]
}

const mebibytes = (bytes: number) => `${Math.floor(bytes / (1 << 20))} MiB`
