/**
 * A pool with 1,000 datasets of 30 snapshots each, half of them with names of ours and half with names of sanoid's, hourly
 * ones. It takes half an hour and longer to make, so it is made once and kept beside the machine's image:
 *
 *   node --import ./build/register.mjs test/zfs/many.ts
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { poolDisk } from './disks.ts'
import { startMachine } from './machine.ts'
import { nameAt } from './snapshots.ts'

export const DATASETS = 1000
/** Of each of the two kinds. */
export const HOURS = 15
/** The hour of the first. */
export const FIRST = Date.UTC(2026, 2, 1) / 1000
const HOUR = 3600
const BYTES = 8 * 2 ** 30

/** The dataset above them. */
export const ROOT = 'many/d'

/** In local time, which is UTC there. */
const sanoidName = (seconds: number) =>
  `autosnap_${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', '_')}_hourly`

/** The pool's disk, not to be written to. */
export async function manyDisk(): Promise<string> {
  const directory = join(dirname(process.env.BLUEJAIL_ZFS_KERNEL ?? ''), `zfs-many-${DATASETS}-${2 * HOURS}`)
  const disk = join(directory, 'many.img')
  if (existsSync(disk)) return disk
  const unfinished = `${directory}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished)
  const machine = await startMachine({ disk: poolDisk(unfinished, 'many', BYTES) })
  try {
    // Mounted, as datasets of instances are: of one that is not, listing a snapshot takes 30 times as long.
    await machine.shell(`zpool create -O mountpoint=/many many /dev/vdd1; zfs create ${ROOT}`)
    for (let first = 0; first < DATASETS; first += 50) {
      await machine.shell(`for i in $(seq ${first} ${first + 49}); do zfs create ${ROOT}/i$i; done`)
      console.log(`${first + 50} datasets`)
    }
    for (let hour = 0; hour < HOURS; hour++) {
      const [ours, theirs] = [FIRST + hour * HOUR, FIRST + hour * HOUR + 60]
      // Snapshots are as old as they say.
      for (const [seconds, name] of [
        [ours, nameAt(ours)],
        [theirs, sanoidName(theirs)],
      ])
        await machine.shell(`date -s @${seconds} >/dev/null; zfs snapshot -r ${ROOT}@${name}`, { timeoutSeconds: 1800 })
      console.log(`${2 * hour + 2} snapshots each`)
    }
    await machine.shell('zpool export many')
  } finally {
    await machine.stop()
  }
  renameSync(unfinished, directory)
  return disk
}

if (process.argv[1] === import.meta.filename) console.log(await manyDisk())
