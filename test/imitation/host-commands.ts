/** sleep(1) and tail(1) on the host. In memory no time passes. */
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
