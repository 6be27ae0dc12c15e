/** mkdir(1), rmdir(1), rm(1), install(1) of directories, chmod(1), touch(1) and symbolic links by ln(1) for the host in memory; the sandbox has Linux's, which do the same. */
import { Disk } from './disk.ts'
import { codeOf, strerror } from './errno.ts'
import { getopt, imitation, Unknown } from './screen.ts'

export const mkdir = imitation('mkdir', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'pvm:')
  const disk = new Disk(machine, call)
  const mode = readMode(values.get('m')?.at(-1) ?? '755')
  let status = 0
  for (const path of operands) {
    try {
      if (set.has('p') && disk.stat(path)?.type === 'directory') continue
      if (set.has('p')) disk.mkdirs(disk.at(`${path}/..`))
      if (disk.status(path) !== undefined) throw Object.assign(new Error(path), { code: 'EEXIST' })
      disk.mkdir(path, mode)
    } catch (error) {
      screen.err(`mkdir: ${path}: ${strerror(error)}\n`)
      status = codeOf(error) === '' ? status : 1
    }
  }
  return status
})

/** Empty ones, one after the other (bin/rmdir/rmdir.c). */
export const rmdir = imitation('rmdir', (machine, call, screen) => {
  const disk = new Disk(machine, call)
  let status = 0
  for (const path of getopt(call.args, '').operands) {
    try {
      const found = disk.status(path)
      if (found === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' })
      if (found.type !== 'directory') throw Object.assign(new Error(path), { code: 'ENOTDIR' })
      if ((disk.list(path) ?? []).length > 0) throw Object.assign(new Error(path), { code: 'ENOTEMPTY' })
      disk.remove(path)
    } catch (error) {
      screen.err(`rmdir: ${path}: ${strerror(error)}\n`)
      status = 1
    }
  }
  return status
})

/** One thing, to a name where nothing is (bin/mv/mv.c, do_move). */
export const mv = imitation('mv', (machine, call, screen) => {
  const { operands } = getopt(call.args, '')
  const [from = '', to, ...more] = operands
  if (to === undefined || more.length > 0) throw new Unknown('way to move')
  const disk = new Disk(machine, call)
  if (disk.status(to) !== undefined) throw new Unknown('place to move to: something is there')
  try {
    if (disk.status(from) === undefined) throw Object.assign(new Error(from), { code: 'ENOENT' })
    disk.rename(from, to)
    return 0
  } catch (error) {
    screen.err(`mv: ${from}: ${strerror(error)}\n`)
    return 1
  }
})

/** One after the other: `-d` also takes directories that are empty (bin/rm/rm.c, rm_file). */
export const rm = imitation('rm', (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'df')
  const disk = new Disk(machine, call)
  let status = 0
  for (const path of operands) {
    const found = disk.status(path)
    if (found === undefined && set.has('f')) continue
    try {
      if (found === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' })
      if (found.type === 'directory' && !set.has('d')) throw new Unknown('rm of a directory without -d')
      if (found.type === 'directory' && (disk.list(path) ?? []).length > 0)
        throw Object.assign(new Error(path), { code: 'ENOTEMPTY' })
      disk.remove(path)
    } catch (error) {
      if (error instanceof Unknown) throw error
      screen.err(`rm: ${path}: ${strerror(error)}\n`)
      status = 1
    }
  }
  return status
})

export const chmod = imitation('chmod', (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'h')
  const [mode = '', ...paths] = operands
  const disk = new Disk(machine, call)
  let status = 0
  for (const path of paths) {
    const place = set.has('h') ? disk.at(path) : machine.tree.realpath(disk.at(path))
    if (place === undefined || disk.status(place) === undefined) {
      screen.err(`chmod: ${path}: No such file or directory\n`)
      status = 1
    } else disk.setMode(place, readMode(mode))
  }
  return status
})

/** Makes empty files; those that exist get the time. */
export const touch = imitation('touch', (machine, call, screen) => {
  const disk = new Disk(machine, call)
  let status = 0
  for (const path of getopt(call.args, '').operands) {
    try {
      if (disk.stat(path) === undefined) disk.write(path, '', 0o644)
      else disk.setModified(path, machine.seconds)
    } catch (error) {
      screen.err(`touch: ${path}: ${strerror(error)}\n`)
      status = 1
    }
  }
  return status
})

/** usr.bin/xinstall/xinstall.c: install_dir makes what is missing, and gives the last of it owner, group and mode. */
export const install = imitation('install', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'dm:o:g:')
  if (!set.has('d')) throw new Unknown('install of files')
  const disk = new Disk(machine, call)
  const id = (flag: string) => Number(values.get(flag)?.at(-1) ?? 0)
  for (const path of operands) {
    try {
      disk.mkdirs(path)
      disk.setMode(path, readMode(values.get('m')?.at(-1) ?? '755'))
      disk.setOwner(path, id('o'), id('g'))
    } catch (error) {
      screen.err(`install: ${path}: ${strerror(error)}\n`)
      return 71
    }
  }
  return 0
})

/** `-f` removes what is there, `-n` also where that is a link to a directory (bin/ln/ln.c). */
export const ln = imitation('ln', (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'sfnh')
  const [target = '', path = ''] = operands
  if (!set.has('s') || operands.length !== 2) throw new Unknown('ln without -s')
  const disk = new Disk(machine, call)
  try {
    if (set.has('f') && disk.status(path) !== undefined) disk.remove(path)
    disk.symlink(target, path)
    return 0
  } catch (error) {
    screen.err(`ln: ${path}: ${strerror(error)}\n`)
    return 1
  }
})

function readMode(text: string): number {
  if (!/^[0-7]{3,4}$/.test(text)) throw new Unknown(`mode ${text}`)
  return Number.parseInt(text, 8)
}
