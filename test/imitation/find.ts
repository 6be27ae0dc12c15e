/**
 * find(1): names at one depth below a directory, old files to be deleted, and files of a size to be emptied by truncate(1)
 * (usr.bin/find/find.c, function.c).
 */
import { posix } from 'node:path'
import { Disk } from './disk.ts'
import type { Machine } from './machine.ts'
import { imitation, type Screen, Unknown } from './screen.ts'

export const find = imitation('find', (machine, call, screen) => {
  const [start = '', ...words] = call.args
  if (words.includes('-delete')) return deleteOld(start, words, new Disk(machine, call), machine.seconds, screen)
  const emptied = /^-maxdepth 1 -name ([\w.]+) -size \+(\d+)M -exec truncate -s 0 \{\} \+$/.exec(words.join(' '))
  if (emptied !== null) return empty(machine, `${start}/${emptied[1]}`, Number(emptied[2]))
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

const DAY_SECONDS = 86_400

/** `-mtime +n`: more than n days ago, a day that has begun counted whole (f_Xtime). */
function deleteOld(start: string, words: readonly string[], disk: Disk, now: number, screen: Screen): number {
  const days = /^! -type d -mtime \+(\d+) -delete$/.exec(words.join(' '))?.[1]
  if (days === undefined) throw new Unknown(`form: ${words.join(' ')}`)
  if (disk.stat(start) === undefined) {
    screen.err(`find: ${start}: No such file or directory\n`)
    return 1
  }
  const visit = (path: string) => {
    const status = disk.status(path)
    if (status?.type === 'directory') for (const name of disk.list(path) ?? []) visit(posix.join(path, name))
    else if (status !== undefined && Math.ceil((now - status.modified) / DAY_SECONDS) > Number(days)) disk.remove(path)
  }
  visit(start)
  return 0
}

/** `+` before a size: more than that (f_size), here in MiB. */
function empty({ tree }: Machine, path: string, mebibytes: number): number {
  const status = tree.files.status(path)
  if (status?.type === 'file' && status.size > mebibytes * 1024 ** 2) tree.files.write(path, Buffer.alloc(0))
  return 0
}
