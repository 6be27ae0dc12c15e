/** sysctl(8): reading and setting by name, a subtree by its top. */
import { setSysctl } from './kernel.ts'
import { getopt, imitation, Unknown } from './screen.ts'
import { FREEBSD_14_2 } from './sysctl-values.ts'

const TUNABLE = /^kern\.racct\.enable$/
const READ_ONLY = /^(hw\.|kern\.(argmax|boottime|os|racct\.enable)|security\.jail\.param\.|vfs\.zfs\.version)/

export const sysctl = imitation('sysctl', (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'aNneqiW')
  const known = new Map([...Object.entries(FREEBSD_14_2), ...Object.entries(machine.state.sysctls)])
  if (set.has('a') === operands.length > 0) throw new Unknown('way to list everything')
  const print = (name: string, value: string) => {
    // show_var: -W leaves out what cannot be set.
    if (set.has('W') && READ_ONLY.test(name)) return ''
    return set.has('N') ? `${name}\n` : set.has('n') ? `${value}\n` : `${name}${set.has('e') ? '=' : ': '}${value}\n`
  }
  const refuse = (...words: string[]) => {
    for (const each of words) screen.err(`sysctl: ${each}\n`)
    return 1
  }
  if (set.has('a')) screen.out([...known].map(([name, value]) => print(name, value)).join(''))
  // One that fails does not keep the others from being shown or set; the exit status counts them.
  return operands.reduce((failures, operand) => {
    const [name = '', value] = operand.split(/=(.*)/s)
    const found = [...known].filter(([each]) => each === name || each.startsWith(`${name}.`))
    if (found.length === 0) {
      // sbin/sysctl/sysctl.c, parse: -i leaves unknown ones out.
      return set.has('i') ? failures : failures + refuse(`unknown oid '${name}'`)
    }
    if (value === undefined) {
      screen.out(found.map(([each, shown]) => print(each, shown)).join(''))
      return failures
    }
    const now = known.get(name)
    if (now === undefined) return failures + refuse(`oid '${name}' isn't a leaf node`)
    if (TUNABLE.test(name))
      return failures + refuse(`oid '${name}' is a read only tunable`, 'Tunable values are set in /boot/loader.conf')
    if (READ_ONLY.test(name)) return failures + refuse(`oid '${name}' is read only`)
    // parse_numeric takes any base of strtol(3).
    const isNumber = /^-?\d+$/.test(now)
    if (isNumber && !/^-?(0x[0-9a-f]+|\d+)$/i.test(value)) return failures + refuse(`invalid integer '${value}'`)
    const kept = isNumber ? String(Number(value.replace(/^0(?=\d)/, '0o'))) : value
    setSysctl(machine, name, kept)
    if (!set.has('q')) screen.out(set.has('n') ? `${now} -> ${kept}\n` : `${name}: ${now} -> ${kept}\n`)
    return failures
  }, 0)
})
