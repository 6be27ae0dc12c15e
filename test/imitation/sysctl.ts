/** sysctl(8): reading and setting by name, a subtree by its top. */
import type { Machine } from './machine.ts'
import { getopt, imitation, Unknown } from './screen.ts'
import { FREEBSD_14_2 } from './sysctl-values.ts'

const READ_ONLY = /^(kern\.(argmax|os|racct\.enable)|security\.jail\.param\.|vfs\.zfs\.version)/

export const sysctl = imitation('sysctl', (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'aneqi')
  if (set.has('a') || operands.length === 0) throw new Unknown('way to list everything')
  const known = new Map([...Object.entries(FREEBSD_14_2), ...Object.entries(machine.state.sysctls)])
  const print = (name: string, value: string) =>
    set.has('n') ? `${value}\n` : `${name}${set.has('e') ? '=' : ': '}${value}\n`
  return operands.reduce((status, operand) => {
    const [name = '', value] = operand.split(/=(.*)/s)
    const found = [...known].filter(([each]) => each === name || each.startsWith(`${name}.`))
    if (found.length === 0) {
      // sbin/sysctl/sysctl.c, parse: -i leaves unknown ones out.
      if (!set.has('i')) screen.err(`sysctl: unknown oid '${name}'\n`)
      return set.has('i') ? status : 1
    }
    if (value === undefined) {
      screen.out(found.map(([each, shown]) => print(each, shown)).join(''))
      return status
    }
    if (READ_ONLY.test(name)) {
      screen.err(`sysctl: oid '${name}' is read only\n`)
      return 1
    }
    assign(machine, name, value)
    if (!set.has('q'))
      screen.out(set.has('n') ? `${found[0]?.[1]} -> ${value}\n` : `${name}: ${found[0]?.[1]} -> ${value}\n`)
    return status
  }, 0)
})

function assign(machine: Machine, name: string, value: string): void {
  machine.state.sysctls[name] = value
  machine.changed()
}
