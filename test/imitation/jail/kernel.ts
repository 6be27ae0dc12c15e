/** What the kernel does with jails (sys/kern/kern_jail.c). */
import { type Jail, kernelOf } from '../kernel.ts'
import type { Machine } from '../machine.ts'
import { closeVnet, openVnet } from '../network.ts'
import { type Steps, wait } from '../starting.ts'
import { PARAMETERS } from './parameters.ts'

/** By name or by number, as every program takes it. */
export const jailNamed = (machine: Machine, name: string): Jail | undefined =>
  kernelOf(machine).jails.find(jail => !isDying(jail) && (jail.name === name || String(jail.jid) === name))

export const isDying = (jail: Jail) => jail.parameters.dying === 'true'

/** A new jail with these parameters, by their plain names; or why there is none, in libjail's words. */
export function* createJail(machine: Machine, given: Readonly<Record<string, string>>): Steps<Jail | string> {
  const kernel = kernelOf(machine)
  const jid = given.jid === undefined ? kernel.lastJid + 1 : Number(given.jid)
  const name = given.name ?? String(jid)
  const parent = name.slice(0, Math.max(0, name.lastIndexOf('.')))
  if (parent !== '') {
    const above = jailNamed(machine, parent)
    if (above === undefined) return `jail "${parent}" not found`
    // Every jail's children.max is 0 unless it is set.
    if (Number(above.parameters['children.max']) === 0) return 'prison limit exceeded'
  }
  if (kernel.jails.some(each => !isDying(each) && (each.name === name || each.jid === jid)))
    return `jail "${name}" already exists`
  const vnet = given.vnet !== undefined && given.vnet !== 'inherit'
  const parameters: Record<string, string> = {}
  for (const { name: key, usual } of PARAMETERS) parameters[key] = given[key] ?? usual
  Object.assign(parameters, {
    jid: String(jid),
    name,
    path: given.path ?? '/',
    vnet: vnet ? 'new' : 'inherit',
    ip4: given['ip4.addr'] ? 'new' : (given.ip4 ?? (vnet ? 'inherit' : 'disable')),
    ip6: given['ip6.addr'] ? 'new' : (given.ip6 ?? (vnet ? 'inherit' : 'disable')),
    osreldate: given.osreldate ?? machine.state.sysctls['kern.osreldate'] ?? '1402000',
    osrelease: given.osrelease ?? machine.state.sysctls['kern.osrelease'] ?? '14.2-RELEASE',
    parent: parent === '' ? '0' : String(jailNamed(machine, parent)?.jid),
    'cpuset.id': String(freeCpuset(kernel.jails)),
  })
  const jail: Jail = { jid, name, path: parameters.path ?? '/', vnet, parameters, processes: [] }
  kernel.lastJid = Math.max(kernel.lastJid, jid)
  kernel.jails.push(jail)
  if (vnet) openVnet(machine, jid)
  machine.changed()
  machine.network?.follow(machine)
  yield* wait(machine.processes.open(machine, jail))
  return jail
}

/** 03-jails.jsonl: the first jail after a boot has 3. */
function freeCpuset(jails: readonly Jail[]): number {
  const taken = new Set(jails.map(jail => jail.parameters['cpuset.id']))
  let id = 3
  while (taken.has(String(id))) id += 1
  return id
}

/** Kills what runs in it. Its mounts stay. */
export function* removeJail(machine: Machine, jail: Jail): Steps<void> {
  const { jails, lingering } = kernelOf(machine)
  if (!jails.includes(jail) || isDying(jail)) return
  for (const child of jails.filter(each => each.parameters.parent === String(jail.jid)))
    yield* removeJail(machine, child)
  // Interfaces go home before the stack they are in ends.
  if (jail.vnet) closeVnet(machine, jail.jid)
  machine.network?.follow(machine)
  yield* wait(machine.processes.close(machine, jail))
  const at = jails.indexOf(jail)
  if (lingering.includes(jail.name)) jail.parameters.dying = 'true'
  else if (at >= 0) jails.splice(at, 1)
  machine.changed()
  machine.network?.follow(machine)
}

/** A jail without `persist` goes with its last process (facts.md, live-1). */
export function* removeEmptyJails(machine: Machine): Steps<void> {
  for (const jail of [...kernelOf(machine).jails]) {
    if (isDying(jail) || jail.parameters.persist === 'true' || machine.processes.list(machine, jail).length > 0)
      continue
    yield* removeJail(machine, jail)
  }
}
