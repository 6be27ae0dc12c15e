/** kenv(1): what the loader handed to the kernel (bin/kenv/kenv.c). */
import { kernelOf } from './kernel.ts'
import { getopt, imitation, Unknown } from './screen.ts'

export const kenv = imitation('kenv', (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'hNqv')
  const { environment } = kernelOf(machine)
  const [name, ...more] = operands
  if (more.length > 0 || name?.includes('=')) throw new Unknown('way to set a variable')
  if (name === undefined) {
    for (const [each, value] of Object.entries(environment).sort())
      screen.out(set.has('N') ? `${each}\n` : `${each}="${value}"\n`)
    return 0
  }
  const value = environment[name]
  if (value !== undefined) screen.out(set.has('v') ? `${name}="${value}"\n` : `${value}\n`)
  else if (!set.has('q')) screen.err(`kenv: unable to get ${name}\n`)
  return value === undefined ? 1 : 0
})
