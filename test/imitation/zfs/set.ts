/** zfs-set(8). */
import type { Machine } from '../machine.ts'
import { mountOf } from '../mounts.ts'
import { getopt, type Program, type Screen, Unknown } from '../screen.ts'
import { readAssignments } from './assignments.ts'
import { attempt, type Failing, failure, together } from './errors.ts'
import { inheritors, refreshReadonly, remounting, removeMountpoint } from './mounting.ts'
import type { Entry } from './names.ts'
import { select } from './select.ts'
import * as space from './space.ts'
import { encryptionRoot } from './status.ts'
import { type Assignments, validate } from './validate.ts'
import { volumeReservation } from './values.ts'

export const set: Program = (machine, call, screen) => {
  const { set: flags, operands } = getopt(call.args, 'u')
  const first = operands.findIndex(word => !word.includes('='))
  if (first <= 0 || operands.slice(first).some(word => word.includes('='))) throw new Unknown('order of arguments')
  const wanted = readAssignments(screen, operands.slice(0, first), 255)

  const { entries, status } = select(machine, screen, operands.slice(first), { kinds: 'fvs', depth: 0 })
  const statuses = entries.map(entry =>
    entry.kind === 's'
      ? attempt(screen, () => setOnSnapshot(machine, entry, wanted), 255)
      : setOnDataset(machine, screen, entry, wanted, flags.has('u')),
  )
  return together([status, ...statuses])
}

/** zfs_prop_set_list. Exit statuses of refusals are -1, hence 255 (01-zfs.jsonl, `quota=0`). */
function setOnDataset(
  machine: Machine,
  screen: Screen,
  entry: Entry,
  wanted: Assignments,
  stayMounted: boolean,
): number {
  const failing = `cannot set property for '${entry.name}'`
  const { dataset } = entry
  return attempt(
    screen,
    () => {
      const target = { kind: entry.kind as 'f' | 'v', entry }
      const stored = withReservation(
        entry,
        validate(machine, wanted, target, failing, text => screen.err(text)),
      )
      const moved = stored.has('mountpoint') && !stayMounted
      const hides = stored.get('canmount') === 'off' && mountOf(machine, dataset.name) !== undefined
      const affected = moved ? inheritors(machine, dataset) : hides && !stayMounted ? [dataset] : []
      if (moved) removeMountpoint(machine, dataset)
      let refused: unknown
      remounting(machine, affected, { alsoIdle: moved }, () => {
        for (const [name, value] of stored) {
          try {
            checkInKernel(machine, entry, name, value, failing)
          } catch (problem) {
            refused ??= problem
            continue
          }
          dataset.local[name] = value
          dataset.hidden.splice(0, dataset.hidden.length, ...dataset.hidden.filter(each => each !== name))
          machine.changed()
        }
      })
      if (stored.has('readonly')) refreshReadonly(machine)
      if (refused !== undefined) throw refused
    },
    255,
  )
}

function setOnSnapshot(machine: Machine, entry: Entry, wanted: Assignments): void {
  const stored = validate(machine, wanted, { kind: 's', entry }, `cannot set property for '${entry.name}'`)
  Object.assign(entry.snapshot?.properties ?? {}, Object.fromEntries(stored))
  machine.changed()
}

/** zfs_add_synthetic_resv and zfs_fix_auto_resv: a volume that was fully reserved stays so when its size changes. */
function withReservation({ dataset, kind }: Entry, stored: Map<string, string>): Map<string, string> {
  if (kind !== 'v') return stored
  const block = BigInt(dataset.fixed.volblocksize ?? 16_384)
  const copies = BigInt(dataset.local.copies ?? 1)
  const size = BigInt(dataset.local.volsize ?? 0)
  const wanted = stored.get('volsize')
  if (stored.get('refreservation') === 'auto')
    return stored.set(
      'refreservation',
      String(volumeReservation(wanted === undefined ? size : BigInt(wanted), block, copies)),
    )
  const reserved = BigInt(dataset.local.refreservation ?? 0)
  const follows =
    wanted !== undefined && !stored.has('refreservation') && reserved === volumeReservation(size, block, copies)
  return follows ? stored.set('refreservation', String(volumeReservation(BigInt(wanted), block, copies))) : stored
}

/** What only the kernel knows (dsl_dir.c, dsl_dataset.c); zfs_setprop_error words it. */
function checkInKernel(machine: Machine, { dataset }: Entry, name: string, value: string, failing: Failing): void {
  const number = /^\d+$/.test(value) ? Number(value) : 0
  const tooSmall = () => failure(failing, 'size is less than current used or reserved space')
  if (name === 'quota' && number > 0) {
    const least = Math.max(space.used(machine, dataset), Number(dataset.local.reservation ?? 0))
    if (number < least) throw tooSmall()
  }
  if (name === 'refquota' && number > 0) {
    const least = Math.max(space.referenced(machine, dataset), Number(dataset.local.refreservation ?? 0))
    if (number < least) throw tooSmall()
  }
  if (name === 'reservation' || name === 'refreservation') {
    const more = number - Number(dataset.local[name] ?? 0)
    if (more > space.available(machine, dataset)) throw failure(failing, 'size is greater than available space')
  }
  if (name === 'keylocation' && encryptionRoot(machine, dataset) !== dataset && value !== 'none')
    throw failure(failing, 'keylocation may only be set on encryption roots')
}
