/** chflags(1): bin/chflags/chflags.c; names by strtofflags(3). */
import { posix } from 'node:path'
import { Disk } from './disk.ts'
import { getopt, imitation, Unknown } from './screen.ts'

/** chflags(2): the first of each is what ls(1) and mtree(8) print. */
const NAMES: readonly (readonly string[])[] = [
  ['sappnd', 'sappend'],
  ['arch', 'archived'],
  ['schg', 'schange', 'simmutable'],
  ['sunlnk', 'sunlink'],
  ['uarch', 'uarchive'],
  ['uappnd', 'uappend'],
  ['uchg', 'uchange', 'uimmutable'],
  ['hidden', 'uhidden'],
  ['nodump'],
  ['uunlnk', 'uunlink'],
]

export const chflags = imitation('chflags', (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'fhvRHLPx')
  const [wanted, ...paths] = operands
  if (wanted === undefined || paths.length === 0) throw new Unknown('number of operands')
  const disk = new Disk(machine, call)
  let status = 0
  const visit = (path: string) => {
    const found = set.has('h') || set.has('R') ? disk.status(path) : disk.stat(path)
    if (found === undefined) {
      screen.err(`chflags: ${path}: No such file or directory\n`)
      status = 1
      return
    }
    if (set.has('R') && found.type === 'directory')
      for (const name of disk.list(path) ?? []) visit(posix.join(path, name))
    const place = set.has('h') || set.has('R') ? path : (machine.tree.realpath(disk.at(path)) ?? path)
    disk.setFlags(place, changed(found.flags, wanted))
  }
  for (const path of paths) visit(path)
  return status
})

/** Octal numbers set all, names one after the other; `noX` takes one away. */
function changed(before: readonly string[], wanted: string): string[] {
  if (wanted === '0') return []
  if (/^\d+$/.test(wanted)) throw new Unknown(`flags ${wanted}`)
  const flags = new Set(before)
  for (const word of wanted.split(',')) {
    const positive = NAMES.find(names => names.includes(word))?.[0]
    const negative = NAMES.find(names => names.includes(word.replace(/^no/, '')))?.[0]
    if (positive !== undefined) flags.add(positive)
    else if (word === 'dump') flags.delete('nodump')
    else if (negative !== undefined) flags.delete(negative)
    else throw new Unknown(`flag name ${word}`)
  }
  return [...flags].sort()
}
