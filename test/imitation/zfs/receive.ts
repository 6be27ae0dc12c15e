/** zfs-receive(8) (lib/libzfs/libzfs_sendrecv.c, zfs_receive_one; module/zfs/dmu_recv.c). */
import type { Machine } from '../machine.ts'
import { getopt, type Program, type Screen, Unknown } from '../screen.ts'
import type { Dataset } from '../state.ts'
import { readAssignments } from './assignments.ts'
import { giveBirth } from './birth.ts'
import { mountFresh } from './create.ts'
import { attempt, fail, failure, WHY } from './errors.ts'
import { checkParent, find, open, parentName, poolName, snapshotByGuid } from './names.ts'
import { above } from './read.ts'
import { removeDataset } from './remove.ts'
import { destroySnapshots, takeSnapshot } from './snapshots.ts'
import { fingerprint } from './space.ts'
import { readStream, type Stream, type StreamSnapshot, writeToken } from './stream.ts'
import { findProperty, isInheritable } from './table.ts'
import { validate } from './validate.ts'

interface Wish {
  readonly machine: Machine
  readonly screen: Screen
  readonly target: string
  readonly force: boolean
  readonly mount: boolean
  readonly assigned: ReadonlyMap<string, string>
  readonly excluded: readonly string[]
  readonly tells: boolean
}

export const receive: Program = (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, 'o:x:dehMnuvFsA')
  const [name, ...more] = operands
  if (name === undefined || more.length > 0) throw new Unknown('number of operands')
  if (set.has('A')) return abandon(machine, screen, name)
  const stream = readStream(call.stdin.toString())
  if (stream === undefined) fail(screen, 'cannot receive: failed to read from stream')
  if (stream === 'strange') fail(screen, 'cannot receive: invalid stream (bad magic number)')
  const wish: Wish = {
    machine,
    screen,
    target: targetOf(name, stream, set),
    force: set.has('F'),
    mount: !set.has('u'),
    assigned: readAssignments(screen, values.get('o') ?? []),
    excluded: values.get('x') ?? [],
    tells: stream.header.tells === true,
  }
  return attempt(screen, () => {
    for (const snapshot of stream.snapshots) receiveOne(wish, snapshot, set.has('n'), stream.header.resumes)
    if (!stream.complete) breakOff(wish, stream, set.has('s'))
  })
}

/** -d keeps the name below the pool, -e its last component. */
function targetOf(name: string, { header }: Stream, set: ReadonlySet<string>): string {
  const [owner = ''] = name.split('@')
  if (set.has('e')) return `${owner}/${header.from.split('/').at(-1)}`
  if (!set.has('d')) return owner
  const below = header.from.split('/').slice(1).join('/')
  return below === '' ? owner : `${owner}/${below}`
}

function receiveOne(wish: Wish, snapshot: StreamSnapshot, dry: boolean, resumes: string | undefined): void {
  const { machine, target } = wish
  const name = target + snapshot.path
  const dataset = machine.dataset(name)
  if (snapshot.base === undefined || snapshot.isClone) receiveWhole(wish, name, dataset, snapshot, dry, resumes)
  else receiveIncrement(wish, name, dataset, snapshot, snapshot.base, dry)
}

function receiveWhole(
  wish: Wish,
  name: string,
  dataset: Dataset | undefined,
  snapshot: StreamSnapshot,
  dry: boolean,
  resumes: string | undefined,
): void {
  const { machine } = wish
  const failing = 'cannot receive new filesystem stream'
  const completes = resumes !== undefined && dataset?.resumeToken !== undefined
  if (dataset !== undefined && !completes) {
    if (!wish.force) throw failure(failing, `destination '${name}' exists\nmust specify -F to overwrite it`)
    const [first] = dataset.snapshots
    if (first !== undefined)
      throw failure(failing, `destination has snapshots (eg. ${name}@${first.name})\nmust destroy them to overwrite it`)
  }
  const parent = parentName(name)
  if (dataset === undefined && parent !== undefined && machine.dataset(parent) === undefined)
    throw failure(`cannot open '${parent}': ${WHY.missing}\n${failing}`, 'unable to restore to destination')
  const origin = snapshot.isClone ? snapshotByGuid(machine, poolName(name), snapshot.base ?? '')?.snapshot : undefined
  if (snapshot.isClone && origin === undefined)
    throw failure(failing, `local origin for clone ${name}@${snapshot.name} does not exist`)
  if (dry) return
  if (dataset === undefined && parent !== undefined) checkParent(machine, name)
  const made = dataset ?? newDataset(wish, name, snapshot, origin?.storage)
  machine.tree.unpackStorage(snapshot.content, made.storage)
  delete made.resumeToken
  finish(wish, made, snapshot)
  if (wish.mount) mountFresh(machine, wish.screen, made)
}

function newDataset(wish: Wish, name: string, snapshot: StreamSnapshot, origin?: string): Dataset {
  const top = name === wish.target
  const failing = `cannot receive new filesystem stream`
  const kind = snapshot.type === 'volume' ? 'v' : 'f'
  const stored = validate(wish.machine, top ? wish.assigned : new Map(), { kind }, failing)
  const dataset = giveBirth(wish.machine, {
    name,
    type: snapshot.type,
    stored,
    fixed: snapshot.fixed,
    ...(origin !== undefined && { origin, from: origin }),
  })
  if (snapshot.properties.volsize !== undefined) dataset.local.volsize = snapshot.properties.volsize
  takeProperties(wish, dataset, snapshot)
  return dataset
}

/**
 * zfs_setup_cmdline_props: what is inherited is received all the same and hidden by an explicit `inherit`, unless it is set
 * locally, or above; and that takes hold only of a dataset that has received properties before, if none (dsl_prop.c,
 * dsl_prop_set_sync_impl). So after a stream without any -x lets the next ones in (openzfs issue 17240; seen with 2.3.2).
 */
function takeProperties(wish: Wish, dataset: Dataset, { properties }: StreamSnapshot): void {
  const { machine, excluded, tells } = wish
  if (!tells) return
  const before = { ...dataset.received }
  for (const [property, value] of Object.entries(properties)) {
    if (property === 'volsize') continue
    if (!excluded.includes(property) || isInherited(machine, property) || lapses(machine, dataset, property))
      dataset.received[property] = value
    else delete dataset.received[property]
  }
  for (const property of excluded) {
    if (!isInherited(machine, property) || dataset.local[property] !== undefined) continue
    const isReceived = before[property] !== undefined && !dataset.hidden.includes(property)
    if (dataset.snapshots.length === 0 || isReceived || !isSetAbove(machine, dataset, property))
      if (!dataset.hidden.includes(property)) dataset.hidden.push(property)
  }
}

/** All user properties are. */
function isInherited(machine: Machine, name: string): boolean {
  const property = findProperty(machine.state.zfsVersion, name)
  return name.includes(':') || (property !== undefined && isInheritable(property))
}

function isSetAbove(machine: Machine, dataset: Dataset, name: string): boolean {
  for (let at = above(machine, dataset); at !== undefined; at = above(machine, at))
    if (at.local[name] !== undefined || (at.received[name] !== undefined && !at.hidden.includes(name))) return true
  return false
}

/**
 * recv_begin_check_existing_impl: the base may be any snapshot of the destination, so long as nothing was written since
 * (05-switch-replicate.jsonl: an empty @own after @r3 is no obstacle); one that is there already is done.
 */
function receiveIncrement(
  wish: Wish,
  name: string,
  dataset: Dataset | undefined,
  snapshot: StreamSnapshot,
  base: string,
  dry: boolean,
): void {
  const { machine } = wish
  const failing = 'cannot receive incremental stream'
  if (dataset === undefined) throw failure(failing, `destination '${name}' does not exist`)
  if (dataset.snapshots.some(each => each.guid === snapshot.guid)) return
  const from = dataset.snapshots.find(each => each.guid === base)
  if (from === undefined) throw failure(failing, `most recent snapshot of ${name} does not\nmatch incremental source`)
  if (find(machine, `${name}@${snapshot.name}`) !== undefined)
    throw failure(`cannot restore to ${name}@${snapshot.name}`, 'destination already exists')
  if (fingerprint(machine, dataset) !== from.fingerprint) {
    if (!wish.force) throw failure(failing, `destination ${name} has been modified\nsince most recent snapshot`)
  }
  if (dry) return
  if (wish.force) {
    const younger = dataset.snapshots.filter(each => each.createtxg > from.createtxg)
    destroySnapshots(
      machine,
      younger.flatMap(each => find(machine, `${name}@${each.name}`) ?? []),
      false,
    )
  }
  machine.tree.unpackStorage(snapshot.content, dataset.storage)
  takeProperties(wish, dataset, snapshot)
  if (name === wish.target) {
    const kind = dataset.type === 'volume' ? 'v' : 'f'
    Object.assign(dataset.local, Object.fromEntries(validate(machine, wish.assigned, { kind }, failing)))
  }
  delete dataset.resumeToken
  finish(wish, dataset, snapshot)
}

/**
 * -x of a property that is not inherited works with every other increment: it takes the value from what is received, and what
 * was there and is not received is cleared (openzfs issue 18737; the same with OpenZFS 2.3.2 itself).
 */
function lapses(machine: Machine, dataset: Dataset, name: string): boolean {
  const property = findProperty(machine.state.zfsVersion, name)
  const isOn = property !== undefined && !isInheritable(property) && dataset.received[name] === undefined
  return isOn && dataset.snapshots.length > 0
}

function finish({ machine }: Wish, dataset: Dataset, snapshot: StreamSnapshot): void {
  const { guid, creation, userProperties: properties } = snapshot
  takeSnapshot(machine, dataset, snapshot.name, machine.changed(), { guid, creation, properties })
}

/** The stream was cut. With -s what came is kept, and a token tells the sender how to go on. */
function breakOff(wish: Wish, stream: Stream, keep: boolean): void {
  const { machine } = wish
  const failing = 'cannot receive new filesystem stream'
  const cut = 'checksum mismatch or incomplete stream'
  if (!keep || stream.cut?.guid === undefined) throw failure(failing, cut)
  const name = wish.target + (stream.cut.path ?? '')
  const dataset = machine.dataset(name) ?? begunDataset(wish, name)
  const token = writeToken({
    toguid: stream.cut.guid,
    toname: `${stream.header.from}${stream.cut.path ?? ''}@${stream.cut.name}`,
  })
  dataset.resumeToken = token
  machine.changed()
  throw failure(
    failing,
    `${cut}.\nPartially received snapshot is saved.\nA resuming stream can be generated on the sending system by running:\n    zfs send -t ${token}`,
  )
}

/** zfs_ioc_recv_impl (module/zfs/zfs_ioctl.c) sets properties before the stream comes, so what is half received has them. */
function begunDataset({ machine, assigned }: Wish, name: string): Dataset {
  const stored = validate(machine, assigned, { kind: 'f' }, 'cannot receive new filesystem stream')
  return giveBirth(machine, { name, type: 'filesystem', stored })
}

function abandon(machine: Machine, screen: Screen, name: string): number {
  return attempt(screen, () => {
    const { dataset } = open(machine, name, 'fv')
    if (dataset.resumeToken === undefined) fail(screen, `'${name}' does not have any resumable receive state to abort`)
    if (dataset.snapshots.length > 0) delete dataset.resumeToken
    else removeDataset(machine, dataset, false)
    machine.changed()
  })
}
