/** cpuset(1) for jails (04-symlink-rctl-net.jsonl; usr.bin/cpuset/cpuset.c). */
import { jailNamed } from './jail/kernel.ts'
import { getopt, imitation, Unknown } from './screen.ts'

export const cpuset = imitation('cpuset', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'gj:l:')
  const name = values.get('j')?.at(-1)
  if (name === undefined || operands.length > 0) throw new Unknown('form without -j, or with a command')
  const jail = jailNamed(machine, name)
  if (jail === undefined) {
    screen.err(`cpuset: jail "${name}" not found\n`)
    return 1
  }
  const all = Array.from({ length: Number(machine.state.sysctls['hw.ncpu'] ?? 2) }, (_, cpu) => cpu)
  const list = values.get('l')?.at(-1)
  if (list !== undefined) {
    const wanted = list === 'all' ? all : list.split(',').flatMap(range)
    if (wanted.some(cpu => !all.includes(cpu))) {
      screen.err('cpuset: setaffinity: Resource deadlock avoided\n')
      return 1
    }
    jail.cpus = wanted
    machine.changed()
  }
  if (set.has('g')) {
    screen.out(`jail ${jail.jid} mask: ${(jail.cpus ?? all).join(', ')}\n`)
    screen.out(`jail ${jail.jid} domain policy: first-touch mask: 0\n`)
  }
  return 0
})

function range(part: string): number[] {
  const [first = '', last = first] = part.split('-')
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, at) => Number(first) + at)
}
