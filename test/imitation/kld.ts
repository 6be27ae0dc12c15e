/** kldload(8), kldstat(8), kldunload(8): 03-jails.jsonl, 08-host.jsonl; sbin/kldload, sbin/kldstat. */
import { kernelOf } from './kernel.ts'
import { getopt, imitation, Unknown } from './screen.ts'

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

export const kldstat = imitation('kldstat', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'hi:m:n:qv')
  if (set.has('v') || values.has('i') || operands.length > 0) throw new Unknown('form (-v, -i)')
  const { modules } = kernelOf(machine)
  const asked = values.get('m')?.at(-1) ?? values.get('n')?.at(-1)
  const found = modules.flatMap((name, at) => (asked === undefined || plain(asked) === name ? [at] : []))
  if (asked !== undefined && found.length === 0) {
    if (!set.has('q'))
      screen.err(`kldstat: can't find ${values.has('m') ? 'module' : 'file'} ${asked}: No such file or directory\n`)
    return 1
  }
  if (set.has('q')) return 0
  if (values.has('m')) {
    screen.out(
      `Id  Refs Name\n${found.map(at => `${String(at + 1).padStart(3)} ${'1'.padStart(4)} ${modules[at]}\n`).join('')}`,
    )
    return 0
  }
  screen.out('Id Refs Address                Size Name\n')
  for (const at of found) {
    const address = `0xffffffff${(0x80200000 + at * 0x200000).toString(16)}`
    const file = at === 0 ? 'kernel' : `${modules[at]}.ko`
    screen.out(`${String(at + 1).padStart(2)} ${'1'.padStart(4)} ${address} ${'4850'.padStart(8)} ${file}\n`)
  }
  return 0
})
