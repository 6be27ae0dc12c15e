/**
 * pgrep(1): processes of a jail by their names (bin/pkill/pkill.c: extended regular expressions, `-x` matches the whole
 * name, exit status 1 for none). Servers of the fixtures are scripts, so a shell's first argument counts as its name.
 */
import { basename } from 'node:path/posix'
import { jailNamed } from './jail/kernel.ts'
import { getopt, imitation, Unknown } from './screen.ts'

export const pgrep = imitation('pgrep', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'qxj:')
  const [pattern, ...more] = operands
  const name = values.get('j')?.at(-1)
  if (pattern === undefined || more.length > 0 || name === undefined) throw new Unknown('way to look for processes')
  const jail = jailNamed(machine, name)
  if (jail === undefined) {
    screen.err(`pgrep: Invalid jail ID or name \`${name}'\n`)
    return 2
  }
  const wanted = new RegExp(set.has('x') ? `^(?:${pattern})$` : pattern)
  const found = machine.processes.list(machine, jail).filter(({ command }) => wanted.test(nameOf(command)))
  if (!set.has('q')) for (const { pid } of found) screen.out(`${pid}\n`)
  return found.length > 0 ? 0 : 1
})

function nameOf(command: string): string {
  const [program = '', argument = ''] = command.split(' ')
  return basename(/\/?(ba|da)?sh$/.test(program) ? argument : program)
}
