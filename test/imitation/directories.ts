/** mkdir(1), chmod(1) and touch(1) for the host in memory; the sandbox has Linux's, which do the same. */
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

function readMode(text: string): number {
  if (!/^[0-7]{3,4}$/.test(text)) throw new Unknown(`mode ${text}`)
  return Number.parseInt(text, 8)
}
