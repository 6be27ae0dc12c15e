/** sleep(1), tail(1) and wc(1) on the host. In memory no time passes. */
import { Disk } from './disk.ts'
import { getopt, imitation, Unknown } from './screen.ts'

export const sleep = imitation('sleep', () => 0)

export const tail = imitation('tail', (machine, { args }, screen) => {
  const { values, operands } = getopt(args, 'c:')
  const [path = '', ...more] = operands
  const bytes = Number(values.get('c')?.at(-1))
  if (more.length > 0 || !(bytes > 0)) throw new Unknown(`form: ${args.join(' ')}`)
  const text = machine.tree.read(path)
  if (text === undefined) {
    screen.err(`tail: ${path}: No such file or directory\n`)
    return 1
  }
  screen.out(Buffer.from(text).subarray(-bytes).toString())
  return 0
})

/** usr.bin/wc/wc.c, show_cnt. */
export const wc = imitation('wc', (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'c')
  const [path = '', ...more] = operands
  if (!set.has('c') || more.length > 0) throw new Unknown(`form: ${call.args.join(' ')}`)
  const bytes = new Disk(machine, call).bytes(path)
  if (bytes === undefined) {
    screen.err(`wc: ${path}: open: No such file or directory\n`)
    return 1
  }
  screen.out(` ${String(bytes.length).padStart(7)} ${path}\n`)
  return 0
})
