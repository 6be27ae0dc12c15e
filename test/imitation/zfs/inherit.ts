/** zfs-inherit(8). */
import type { Machine } from '../machine.ts'
import { getopt, type Program, Unknown } from '../screen.ts'
import { attempt, fail, failure, together } from './errors.ts'
import { inheritors, refreshReadonly, remounting } from './mounting.ts'
import type { Entry } from './names.ts'
import { effective } from './read.ts'
import { select } from './select.ts'
import { findProperty, isInheritable, isReadonly, isUserProperty } from './table.ts'

const SPACES = ['quota', 'reservation', 'refquota', 'refreservation']

export const inherit: Program = (machine, call, screen) => {
  const { set, operands } = getopt(call.args, 'rS')
  const [name, ...datasets] = operands
  if (name === undefined || datasets.length === 0) throw new Unknown('number of operands')
  const received = set.has('S')
  const property = findProperty(machine.state.zfsVersion, name)
  if (property === undefined && !isUserProperty(name)) throw new Unknown(`property ${name} to inherit`)
  if (property !== undefined) {
    if (isReadonly(property)) fail(screen, `${name} property is read-only`)
    if (!isInheritable(property) && !received) {
      screen.err(`'${name}' property cannot be inherited\n`)
      if (!SPACES.includes(property.name)) return 1
      fail(screen, `use 'zfs set ${name}=none' to clear\nuse 'zfs inherit -S ${name}' to revert to received value`)
    }
    if (received && ['volsize', 'version'].includes(property.name))
      fail(screen, `'${name}' property cannot be reverted to a received value`)
  }
  const deep = set.has('r')
  const chosen = { kinds: 'fvs', depth: deep ? Number.POSITIVE_INFINITY : 0 }
  const { entries, status } = select(machine, screen, datasets, chosen)
  const statuses = entries
    .filter(entry => !deep || property === undefined || property.kinds.includes(entry.kind))
    .map(entry =>
      attempt(screen, () => {
        const failing = `cannot inherit ${name} for '${entry.name}'`
        if (property !== undefined && !property.kinds.includes(entry.kind))
          throw failure(failing, 'property does not apply to datasets of this type')
        inheritOne(machine, entry, property?.name ?? name, received, failing)
      }),
    )
  return together([status, ...statuses])
}

/** zfs_prop_inherit. A received value stays below, hidden, until `-S` brings it back. */
function inheritOne(
  machine: Machine,
  { dataset, snapshot }: Entry,
  name: string,
  received: boolean,
  failing: string,
): void {
  if (snapshot !== undefined) {
    delete snapshot.properties[name]
    machine.changed()
    return
  }
  const moves = name === 'mountpoint'
  if (moves && effective(machine, dataset, 'jailed') === 'on')
    throw failure(failing, 'dataset is used in a non-global zone')
  remounting(machine, moves ? inheritors(machine, dataset) : [], { alsoIdle: moves }, () => {
    delete dataset.local[name]
    const others = dataset.hidden.filter(each => each !== name)
    const hides = !received && dataset.received[name] !== undefined
    dataset.hidden.splice(0, dataset.hidden.length, ...others, ...(hides ? [name] : []))
    machine.changed()
  })
  if (name === 'readonly') refreshReadonly(machine)
}
