/** zfs-clone(8) and zfs-promote(8). */
import { getopt, type Program, Unknown } from '../screen.ts'
import type { Dataset } from '../state.ts'
import { readAssignments } from './assignments.ts'
import { giveBirth } from './birth.ts'
import { createAncestors, mountFresh } from './create.ts'
import { attempt, failure, WHY } from './errors.ts'
import { checkName, checkParent, find, open, originOf, poolName } from './names.ts'
import { showSnapshots } from './snapshots.ts'
import { validate } from './validate.ts'

const ENCRYPTION = ['keyformat', 'keylocation', 'encryption', 'pbkdf2iters']

export const clone: Program = (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'o:p')
  const [source, name, ...more] = operands
  if (source === undefined || name === undefined || more.length > 0) throw new Unknown('number of operands')
  const wanted = readAssignments(screen, values.get('o') ?? [])
  let made: Dataset | undefined
  const status = attempt(screen, () => {
    const entry = open(machine, source, 's')
    if (set.has('p')) {
      if (machine.dataset(name) !== undefined) return
      createAncestors(machine, screen, name)
    }
    const failing = `cannot create '${name}'`
    checkName(name, 'fv', failing)
    checkParent(machine, name)
    const { dataset, snapshot } = entry
    const stored = validate(machine, wanted, { kind: dataset.type === 'volume' ? 'v' : 'f', entry }, failing)
    if ([...wanted.keys()].some(each => ENCRYPTION.includes(each)))
      throw failure(failing, 'Encryption properties must inherit from origin dataset.')
    if (poolName(name) !== poolName(source)) throw failure(failing, 'source and target pools differ')
    if (find(machine, name) !== undefined) throw failure(failing, WHY.exists)
    if (snapshot === undefined) return
    if (dataset.local.volsize !== undefined && !stored.has('volsize')) stored.set('volsize', dataset.local.volsize)
    made = giveBirth(machine, {
      name,
      type: dataset.type,
      stored,
      fixed: dataset.fixed,
      origin: snapshot.storage,
      from: snapshot.storage,
    })
  })
  return made === undefined ? status : mountFresh(machine, screen, made)
}

/** dsl_dataset_promote_sync: the snapshots up to the origin change owner, and the dependency is turned round. */
export const promote: Program = (machine, call, screen) => {
  const { operands } = getopt(call.args, '')
  const [name, ...more] = operands
  if (name === undefined || more.length > 0) throw new Unknown('number of operands')
  return attempt(screen, () => {
    const { dataset } = open(machine, name, 'fv')
    const failing = `cannot promote '${name}'`
    const origin = originOf(machine, dataset)
    if (origin?.snapshot === undefined) throw failure(failing, 'not a cloned filesystem')
    const last = origin.snapshot.createtxg
    const moving = origin.dataset.snapshots.filter(each => each.createtxg <= last)
    const clash = moving.find(each => dataset.snapshots.some(own => own.name === each.name))
    if (clash !== undefined)
      throw failure(failing, `conflicting snapshot '${name}@${clash.name}' from parent '${origin.name}'`)
    const above = origin.dataset.origin
    origin.dataset.snapshots.splice(0, moving.length)
    dataset.snapshots.unshift(...moving)
    origin.dataset.origin = origin.snapshot.storage
    if (above === undefined) delete dataset.origin
    else dataset.origin = above
    showSnapshots(machine, dataset)
    showSnapshots(machine, origin.dataset)
    machine.changed()
  })
}
