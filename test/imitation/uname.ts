/** uname(1) and freebsd-version(1), by their manual pages of FreeBSD 14. Values are the machine's sysctls. */
import type { Imitation, Machine } from './machine.ts'
import { getopt, imitation } from './screen.ts'

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

/** The host of the transcripts. */
const FREEBSD_14_2: Readonly<Record<string, string>> = {
  'kern.ostype': 'FreeBSD',
  'kern.hostname': 'fbsd.test',
  'kern.osrelease': '14.2-RELEASE',
  'kern.version': 'FreeBSD 14.2-RELEASE releng/14.2-n269506-c8918d6c7412 GENERIC',
  'kern.ident': 'GENERIC',
  'kern.osreldate': '1402000',
  'hw.machine': 'amd64',
  'hw.machine_arch': 'amd64',
}

const settingOf = (machine: Machine, name: string) => machine.state.sysctls[name] ?? FREEBSD_14_2[name] ?? ''

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
  return { exit: 0, stdout: `${values.map(([, name]) => settingOf(machine, name)).join(' ')}\n`, stderr: '' }
}

const refuse = (what: string) => ({ exit: 64, stdout: '', stderr: `sandbox: uname: ${what}\n` })

/** bin/freebsd-version/freebsd-version.sh.in: of a host whose kernel and userland are of one release. */
export const freebsdVersion = imitation('freebsd-version', (machine, call, screen) => {
  const { set } = getopt(call.args, 'kru')
  const lines = set.size === 0 ? 1 : set.size
  screen.out(`${settingOf(machine, 'kern.osrelease')}\n`.repeat(lines))
  return 0
})
