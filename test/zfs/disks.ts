/** The virtual machine's disks: a system disk over the image, and an empty one for each pool. */
import { execFile } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const SECTOR = 512
/** Where partitions begin by custom. */
const FIRST_SECTOR = 2048
/** Type "Solaris", as for ZFS; no program here minds. */
const PARTITION_TYPE = 0xbf

/** What is written to it goes to a file of its own, beside the image. */
export async function systemDisk(directory: string, image: string): Promise<string> {
  const disk = join(directory, 'system.qcow2')
  const base = join(image, 'root.img')
  await promisify(execFile)('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', base, '-F', 'raw', disk])
  return disk
}

/**
 * One partition takes all of it: given a whole disk, zpool(8) partitions it itself and waits for udev, which this machine
 * has not.
 */
export function poolDisk(directory: string, pool: string, bytes: number): string {
  const disk = join(directory, `${pool}.img`)
  const table = Buffer.alloc(SECTOR)
  table.writeUInt8(PARTITION_TYPE, 446 + 4)
  table.writeUInt32LE(FIRST_SECTOR, 446 + 8)
  table.writeUInt32LE(bytes / SECTOR - FIRST_SECTOR, 446 + 12)
  table.writeUInt16LE(0xaa55, 510)
  const file = openSync(disk, 'wx')
  ftruncateSync(file, bytes)
  writeSync(file, table, 0, SECTOR, 0)
  closeSync(file)
  return disk
}
