/** What is there of an instance on its host: its jail, mounts below its root, interfaces, and what is open at its seeds. */
import type { Probe } from '../../core/host.ts'
import { listInterfaces, unitsIn } from '../../freebsd/ifconfig.ts'
import { listJails } from '../../freebsd/jls.ts'
import { isWithin, listMounts } from '../../freebsd/mount.ts'
import { leftInterfaces } from '../jail/interfaces.ts'
import type { Trip, View } from './look.ts'

export async function remainsOf({ standing }: Trip, { jail }: Pick<View, 'jail'>, machine: Probe) {
  const { id, places } = standing.request
  const [jails, mounts, interfaces] = await Promise.all([
    listJails(machine),
    listMounts(machine),
    listInterfaces(machine),
  ])
  const seedFolders = new Set<string>()
  for (const path of [places.seed, ...standing.parts.map(({ seed }) => seed)])
    if ((await machine.status(path)) !== undefined) seedFolders.add(path)
  return {
    remains: {
      isRunning: jails.some(({ name, isDying }) => name === id && !isDying),
      isDying: jails.some(({ name, isDying }) => name === id && isDying),
      mounts: mounts.filter(({ node }) => isWithin(node, places.root)),
      interfaces: jails.some(({ name, isDying }) => name === id && !isDying)
        ? []
        : leftInterfaces(id, unitsIn(jail.conf), interfaces),
    },
    seeds: mounts.filter(({ node }) => isWithin(node, places.seed)),
    seedFolders,
  }
}
