/** The virtual machine's disks: layers over what is made once, and empty ones for pools. */
import { execFile } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const SECTOR = 512
/** Where partitions begin by custom. */
const FIRST_SECTOR = 2048
/** Type "Solaris", as for ZFS; no program here minds. */
const PARTITION_TYPE = 0xbf

/** `disk` looks like `base`, which stays as it is: what is written goes to a file of its own. */
export async function layerOver(base: string, disk: string): Promise<string> {
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
