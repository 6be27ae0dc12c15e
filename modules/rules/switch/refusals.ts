/** What forbids a switch of one instance, found before anything of it is touched. */
import { parseFstab } from '../../freebsd/fstab.ts'
import { isWithin, type Mount } from '../../freebsd/mount.ts'
import { unvis } from '../../freebsd/vis.ts'
import { describeConflicts } from '../merge/plan.ts'
import { firstAddress, needsAddress } from './health.ts'
import { describeVersion, type Journal } from './journal.ts'
import type { Trip, View } from './look.ts'
import { lackingRoom } from './space.ts'
import { youngerThan } from './stretches.ts'

/** In sentences. `back`: the journal of the way back, where it is that. */
export function refusalsOf(trip: Trip, view: View, back?: Journal): string[] {
  const { standing, problem } = trip
  const { id, places, health, conflicts } = standing.request
  const { jail, isInPlace, remains, prepared } = view
  const refuse: string[] = problem === undefined ? [] : [problem]
  const say = (words: string) => refuse.push(`${id}: ${words}`)

  if (remains?.isRunning === true && !isInPlace)
    say(`it runs, and ${places.jailConf} is not there, without which it cannot be stopped. instance_jail writes it.`)
  const differing = differenceFrom(trip, view)
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
  refuse.push(...lackingRoom(trip, view, back))
  if (back !== undefined) return [...refuse, ...backRefusals(trip, view, back)]

  for (const { dataset, isFilled } of standing.parts)
    if (!isFilled) say(`${dataset} is not filled yet: run instance_mounts.`)
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

/** What its fstab lists and the mount table has not, or the other way round: a restart would change its mounts. */
function differenceFrom({ standing }: Trip, { remains, fstab }: View): string | undefined {
  if (remains?.isRunning !== true) return undefined
  const listed = parseFstab(fstab ?? '')
  const missing = listed.find(
    ({ node, special }) => !remains.mounts.some(mount => mount.node === node && mount.special === special),
  )
  if (missing !== undefined) return `${missing.special} is not mounted at ${missing.node}`
  const { places } = standing.request
  // What else is mounted there is jail(8)'s own, by parameters, or the customer's.
  const isOurs = ({ fstype, special }: Mount) =>
    (fstype === 'zfs' && isWithin(special, places.dataset)) || (fstype === 'nullfs' && !isWithin(special, places.root))
  const unlisted = remains.mounts.find(
    mount => isOurs(mount) && !listed.some(({ node, special }) => node === mount.node && special === mount.special),
  )
  return unlisted && `${unlisted.special} is mounted at ${unlisted.node}, and is not in it`
}

/** `journal`: of the way back. */
function backRefusals(trip: Trip, { snapshots }: View, { snapshot, from, rollsBackData }: Journal): string[] {
  const { standing } = trip
  const { id, places, site } = standing.request
  const isThere = (snapshots ?? []).some(({ name }) => name === snapshot)
  const younger = youngerThan(snapshot, trip, snapshots ?? [])
  return [
    ...(isThere
      ? []
      : [
          `${id}: its way back is gone: there is no snapshot ${places.dataset}@${snapshot} any more. Switch it to ${from.blueprint} with \`state: switched\`, which merges its files.`,
        ]),
    ...(trip.hasBlueprintBack
      ? []
      : [
          `${id}: the blueprint ${from.blueprint} is not there any more (${site.path}/blueprints/${from.blueprint}). Build it again.`,
        ]),
    ...(rollsBackData && younger.length > 0
      ? [
          `${id}: its data cannot be rolled back, since there are younger snapshots, which would go: ${younger.slice(0, 3).join(', ')}${younger.length > 3 ? ` and ${younger.length - 3} more` : ''}. Destroy those that nobody needs, or go back without \`rollback_data\`: the data of then is in the snapshot ${snapshot}.`,
        ]
      : []),
  ]
}
