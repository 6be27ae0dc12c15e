/** kldload(8), kldstat(8), kldunload(8): 03-jails.jsonl, 08-host.jsonl; sbin/kldload, sbin/kldstat. */
import { kernelOf } from './kernel.ts'
import { getopt, imitation, type Screen, Unknown } from './screen.ts'

/** What is in /boot/kernel of a base system, of what hosting may want. */
const LOADABLE = new Set(
  `bridgestp dummynet fdescfs if_bridge if_epair if_vlan if_vxlan if_wg ipdivert ipfw linprocfs linsysfs linux64 nullfs pf
  pflog pfsync procfs rctl tmpfs unionfs zfs`.split(/\s+/),
)

const plain = (name: string) => name.replace(/^.*\//, '').replace(/\.ko$/, '')

export const kldload = imitation('kldload', (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'nqv')
  const { modules } = kernelOf(machine)
  let status = 0
  for (const operand of operands) {
    const name = plain(operand)
    const isLoaded = modules.includes(name)
    if (isLoaded && set.has('n')) continue
    if (isLoaded || !LOADABLE.has(name)) {
      const why = isLoaded ? 'module already loaded or in kernel' : 'No such file or directory'
      if (!set.has('q')) screen.err(`kldload: can't load ${operand}: ${why}\n`)
      status = 1
      continue
    }
    modules.push(name)
    machine.changed()
    if (set.has('v')) screen.out(`Loaded ${operand}, id=${modules.length}\n`)
  }
  return status
})

export const kldunload = imitation('kldunload', (machine, call, screen) => {
  const { operands } = getopt(call.args, 'fv')
  const { modules } = kernelOf(machine)
  let status = 0
  for (const operand of operands) {
    const at = modules.indexOf(plain(operand))
    if (at > 0) {
      modules.splice(at, 1)
      machine.changed()
      continue
    }
    screen.err(`kldunload: can't find file ${operand}\n`)
    status = 1
  }
  return status
})

/** Compiled into a GENERIC kernel, as it names them with -v. */
const IN_KERNEL = ['ether', 'loop', 'if_lo', 'pci/vtnet', 'vlan', 'tun']

export const kldstat = imitation('kldstat', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'hi:m:n:qv')
  if (values.has('i') || operands.length > 0) throw new Unknown('form (-i)')
  const { modules } = kernelOf(machine)
  const asked = values.get('m')?.at(-1) ?? values.get('n')?.at(-1)
  const found = modules.flatMap((name, at) => (asked === undefined || plain(asked) === name ? [at] : []))
  if (asked !== undefined && found.length === 0) {
    const kind = values.has('m') ? 'module' : 'file'
    if (!set.has('q')) screen.err(`kldstat: can't find ${kind} ${asked}: No such file or directory\n`)
    return 1
  }
  if (set.has('q')) return 0
  if (values.has('m')) {
    screen.out(`Id  Refs Name\n${found.map(at => `${column(at + 1, 3)}    1 ${modules[at]}\n`).join('')}`)
    return 0
  }
  screen.out('Id Refs Address                Size Name\n')
  for (const at of found) printFile(screen, modules[at] ?? '', at, set.has('v'))
  return 0
})

const column = (number: number, width: number) => String(number).padStart(width)

/** printfile of sbin/kldstat/kldstat.c */
function printFile(screen: Screen, name: string, at: number, isVerbose: boolean): void {
  const address = `0xffffffff${(0x80200000 + at * 0x200000).toString(16)}`
  const file = at === 0 ? 'kernel' : `${name}.ko`
  screen.out(`${column(at + 1, 2)}    1 ${address}     4850 ${file}${isVerbose ? ` (/boot/kernel/${file})` : ''}\n`)
  if (!isVerbose) return
  screen.out('\tContains modules:\n\t\t Id Name\n')
  const inside = at === 0 ? IN_KERNEL : [name]
  for (const [index, module] of inside.entries()) screen.out(`\t\t${column(100 * at + index + 1, 3)} ${module}\n`)
}
