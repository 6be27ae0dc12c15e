/** sha256(1): sbin/md5/md5.c. */
import { createHash } from 'node:crypto'
import { Disk } from './disk.ts'
import { getopt, imitation, Unknown } from './screen.ts'

export const sha256 = imitation('sha256', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'qrc:')
  if (operands.length === 0) throw new Unknown('way to read standard input')
  const disk = new Disk(machine, call)
  const wanted = values.get('c')?.at(-1)
  let status = 0
  for (const path of operands) {
    const bytes = disk.bytes(path)
    if (bytes === undefined) {
      const reason = disk.stat(path)?.type === 'directory' ? 'Is a directory' : 'No such file or directory'
      screen.err(`sha256: ${path}: ${reason}\n`)
      status = 1
      continue
    }
    const digest = createHash('sha256').update(bytes).digest('hex')
    const failed = wanted !== undefined && wanted.toLowerCase() !== digest
    const line = set.has('q') ? digest : set.has('r') ? `${digest} ${path}` : `SHA256 (${path}) = ${digest}`
    screen.out(`${line}${failed ? ' [ Failed ]' : ''}\n`)
    if (failed) status = 2
  }
  return status
})
