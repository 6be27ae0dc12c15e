/** find(1): names at one depth below a directory (usr.bin/find/find.c, function.c). */
import { posix } from 'node:path'
import { Disk } from './disk.ts'
import { imitation, Unknown } from './screen.ts'

export const find = imitation('find', (machine, call, screen) => {
  const [start = '', ...words] = call.args
  const [min, minimum, max, maximum, by, wanted, ...more] = words
  const depth = Number(minimum)
  if (
    min !== '-mindepth' ||
    max !== '-maxdepth' ||
    by !== '-name' ||
    more.length > 0 ||
    minimum !== maximum ||
    !(depth > 0)
  )
    throw new Unknown(`form: ${call.args.join(' ')}`)
  if (wanted === undefined || /[*?[\\]/.test(wanted)) throw new Unknown(`pattern ${wanted}`)
  const disk = new Disk(machine, call)
  if (disk.stat(start) === undefined) {
    screen.err(`find: ${start}: No such file or directory\n`)
    return 1
  }
  const visit = (path: string, left: number) => {
    if (disk.status(path)?.type !== 'directory') return
    for (const name of disk.list(path) ?? [])
      if (left > 1) visit(posix.join(path, name), left - 1)
      else if (name === wanted) screen.out(`${posix.join(path, name)}\n`)
  }
  visit(start, depth)
  return 0
})
