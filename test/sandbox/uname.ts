/** uname(1), by its manual page of FreeBSD 14. Values are the machine's sysctls. */
import type { Imitation } from '../imitation/machine.ts'

/** In the order they are printed (usr.bin/uname/uname.c, print_uname), whatever the order of the flags. */
const SYSCTLS: Readonly<Record<string, string>> = {
  s: 'kern.ostype',
  n: 'kern.hostname',
  r: 'kern.osrelease',
  v: 'kern.version',
  m: 'hw.machine',
  p: 'hw.machine_arch',
  i: 'kern.ident',
  K: 'kern.osreldate',
  U: 'kern.osreldate',
}

export const uname: Imitation = (machine, { args }) => {
  const asked = new Set<string>()
  for (const word of args) {
    if (!word.startsWith('-')) return refuse(`unknown argument '${word}'`)
    for (const letter of word.slice(1)) {
      if (letter === 'a') for (const each of 'mnrsv') asked.add(each)
      else if (letter === 'o') asked.add('s')
      else if (letter in SYSCTLS) asked.add(letter)
      else return refuse(`unknown flag '-${letter}'`)
    }
  }
  if (asked.size === 0) asked.add('s')
  const values = Object.entries(SYSCTLS).filter(([letter]) => asked.has(letter))
  return { exit: 0, stdout: `${values.map(([, name]) => machine.state.sysctls[name] ?? '').join(' ')}\n`, stderr: '' }
}

const refuse = (what: string) => ({ exit: 64, stdout: '', stderr: `sandbox: uname: ${what}\n` })
