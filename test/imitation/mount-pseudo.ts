/** File systems without a disk behind them: devfs, fdescfs, procfs, tmpfs. What they show is an empty directory of ours. */
import type { Machine } from './machine.ts'
import { addMount, ERRORS } from './mounts.ts'
import { type Screen, Unknown } from './screen.ts'

const OPTIONS: Readonly<Record<string, RegExp>> = {
  devfs: /^(ro|ruleset=\d+)$/,
  fdescfs: /^(linrdlnk|nodup)$/,
  procfs: /^(ro|linrdlnk)$/,
  tmpfs: /^(ro|nosuid|noexec|noatime|(size|mode|uid|gid|inodes|maxfilesize)=\w+)$/,
}

/** What is a file system's own affair, and not among the options a mount is shown with. */
const SILENT = /^(ruleset|size|mode|uid|gid|inodes|maxfilesize)=|^(linrdlnk|nodup)$/

export const isPseudo = (fstype: string): boolean => fstype in OPTIONS

export function mountPseudo(
  machine: Machine,
  screen: Screen,
  fstype: string,
  node: string,
  options: readonly string[],
): number {
  for (const option of options)
    if (!OPTIONS[fstype]?.test(option)) throw new Unknown(`option -o ${option} of ${fstype}`)
  if (machine.tree.lstat(node)?.type !== 'directory') {
    screen.err(`mount: ${node}: Not a directory\n`)
    return 1
  }
  // sys/fs/fdescfs/fdesc_vfsops.c, fdesc_mount: once at a place.
  if (fstype === 'fdescfs' && machine.state.mounts.some(each => each.node === node && each.fstype === fstype)) {
    screen.err(`mount: ${fstype}: ${ERRORS.EBUSY}\n`)
    return 1
  }
  const storage = machine.id(fstype)
  machine.tree.createStorage(storage)
  const shown = options.filter(option => !SILENT.test(option))
  addMount(machine, { special: fstype, node, fstype, options: shown, storage }, { storage }, false)
  if (fstype === 'devfs') machine.tree.mkdir(`${node}/fd`)
  const mode = options.find(option => option.startsWith('mode='))?.slice('mode='.length)
  if (mode !== undefined) machine.tree.files.setMode(node, Number.parseInt(mode, 8))
  return 0
}
