/** Replicas that are no more leave bookmarks, for which autosnap spares snapshots. Here they go, of all pools of this host. */
import { Refused } from '../../modules/core/errors.ts'
import { type ExitStatus, type Surroundings, WrongUsage } from '../../modules/core/host-program.ts'
import { destroyBookmark, listAllBookmarks } from '../../modules/freebsd/zfs-points.ts'
import { checkReplicaName, replicaOfBookmark } from '../../modules/rules/replica/names.ts'
import { readSettings } from '../../modules/rules/replica/settings.ts'
import type { Words } from './words.ts'

export async function forget(words: Words, { host, holder, say }: Surroundings): Promise<ExitStatus> {
  const names = words.names.map(checkReplicaName)
  if (names.length === 0) throw new WrongUsage('say which replica is to be forgotten')
  // Another host may make it, and this one may make none.
  const jobs = (await host.status(words.config)) === undefined ? [] : (await readSettings(host, words.config)).jobs
  const made = names.filter(name => jobs.some(job => job.name === name))
  if (made.length > 0)
    throw new Refused(
      `${made.join(', ')}: this host makes that replica, and goes on from its bookmarks. Take it out of the replicas of the module zfs_replica first.`,
    )
  const bookmarks = await listAllBookmarks(host)
  for (const name of names) {
    const unlock = await host.lock(holder, name)
    try {
      const own = [...bookmarks].flatMap(([dataset, points]) =>
        points.filter(point => replicaOfBookmark(point) === name).map(point => `${dataset}#${point.name}`),
      )
      for (const bookmark of own) await host.perform(destroyBookmark(bookmark))
      say(`${name}: ${own.length} bookmark(s) are gone.`)
    } finally {
      await unlock()
    }
  }
  return 0
}
