/** How one dataset becomes what is wanted of it, and what stands in the way. */

import { UNKNOWN } from '../../core/module.ts'
import type { Dataset } from '../../freebsd/zfs.ts'
import { parentOf, poolOf } from '../../freebsd/zfs-names.ts'
import { loadKey, promoteClone, renameDataset } from '../../freebsd/zfs-steps.ts'
import { createDataset } from './creation.ts'
import { mountsOf } from './mounts.ts'
import { compareProperty, type Decision } from './properties.ts'
import { type Request, reservingName, typeOf } from './requests.ts'
import { type Known, normalizeWanted, type Wanted } from './values.ts'
import { type Draft, draft } from './work.ts'
import type { World } from './world.ts'

export interface Context {
  readonly known: Known
  /** Snapshots that were looked for and are there. */
  readonly snapshots: ReadonlySet<string>
  /** Datasets that keep another's name for themselves, and are there. */
  readonly reserving?: ReadonlySet<string>
  /** Modes of directories that datasets are mounted on, by path. */
  readonly modes: ReadonlyMap<string, number>
}

/** Plans one dataset and puts the outcome into `world`, for those that come after it. */
export function planPresent(request: Request, world: World, context: Context): Draft {
  const work = draft(request.name)
  rename(request, world, work)
  work.formerName = world.formerName(request.name)

  const parent = parentOf(request.name)
  const dataset = world.find(request.name)
  const reserving = reservingName(request) ?? ''
  if (dataset === undefined && context.reserving?.has(reserving)) {
    work.warnings.push(`${request.name} was not made: ${reserving} is to take its place.`)
    return work
  }
  if (dataset === undefined && parent === undefined)
    work.unmet.push(`There is no pool '${request.name}': create or import it ('zpool import').`)
  else if (dataset === undefined && parent !== undefined && world.find(parent) === undefined)
    work.unmet.push(explainParent(request.name, parent, world))

  const type = dataset?.type ?? typeOf(request) ?? world.find(poolAndPath(request.origin))?.type ?? 'filesystem'
  const wanted = wantedProperties(request, type, context.known, work)
  if (dataset === undefined) createDataset(request, type, wanted, world, context, work)
  else adjust(request, dataset, wanted, world, context, work)

  mountsOf(request, dataset, world, context.modes, work)
  return work
}

function rename({ name, renamed_from: from }: Request, world: World, work: Draft): void {
  if (from === undefined || world.find(from) === undefined) return
  if (world.find(name) !== undefined)
    work.problems.push(
      `${name}: both it and ${from} exist, so ${from} cannot be renamed to it. Move one out of the way by hand.`,
    )
  else if (poolOf(from) !== poolOf(name))
    work.problems.push(`${name}: ${from} is in another pool, and a rename stays in one.`)
  else {
    const parent = parentOf(name)
    if (parent !== undefined && world.find(parent) === undefined) work.unmet.push(explainParent(name, parent, world))
    work.steps.push(['rename', renameDataset(from, name)])
    world.rename(from, name)
  }
}

function explainParent(name: string, parent: string, world: World): string {
  return world.find(poolOf(name)) === undefined
    ? `${name} is to be in the pool '${poolOf(name)}', which does not exist: create or import it ('zpool import').`
    : `${name} needs its parent ${parent}, which does not exist: create that first, list it in \`datasets\`, or say parents: true.`
}

const poolAndPath = (snapshot = '') => snapshot.split('@', 1)[0] ?? ''

/** What the task says of properties, in ZFS's spelling; `sparse` is one of them by another name. */
function wantedProperties(request: Request, type: Dataset['type'], known: Known, work: Draft): Wanted[] {
  const { name, sparse } = request
  const implied = sparse === undefined ? {} : { refreservation: sparse ? 'none' : 'auto' }
  const wanted = new Map<string, Wanted>()
  for (const [given, value] of Object.entries({ ...implied, ...request.properties })) {
    const read = normalizeWanted(given, value, type, known)
    if ('refusal' in read) work.problems.push(`${name}: ${read.refusal}`)
    else if (wanted.has(read.property) && !(read.property in implied))
      work.problems.push(`${name}: ${read.property} is given twice, under two names.`)
    else wanted.set(read.property, read)
  }
  return [...wanted.values()]
}

function adjust(
  request: Request,
  dataset: Dataset,
  wanted: readonly Wanted[],
  world: World,
  context: Context,
  work: Draft,
): void {
  const { name } = request
  const type = typeOf(request)
  if (type !== undefined && type !== dataset.type) {
    work.problems.push(
      `${name} is a ${dataset.type}, and a ${type} was asked for. Choose another name, or move this one out of the way by hand.`,
    )
    return
  }
  const before: Record<string, string> = { type: dataset.type }
  const after: Record<string, string> = { type: dataset.type }

  const volsize = wanted.find(one => one.property === 'volsize')?.value
  for (const one of wanted) {
    const decision = compareProperty(one, dataset, {
      known: context.known,
      settings: request.settings,
      allowShrink: request.allow_shrink,
      altroot: world.altroot(name) || undefined,
      volsize: volsize ?? undefined,
    })
    decide(one, decision, dataset, work)
    before[one.property] = lookBefore(one, decision, dataset)
    after[one.property] = lookAfter(one, decision, dataset)
  }
  originOf(request, dataset, before, after, work)
  keyOf(request, dataset, before, after, work)
  work.before = before
  work.after = after

  const own = work.settings.map(
    ([property, value]) =>
      [property, { value: withAltroot(property, value, world.altroot(name)), source: 'local' }] as const,
  )
  const inherited = work.inherited.map(property => [property, { value: '', source: 'inherited' }] as const)
  world.set(name, [...own, ...inherited])
}

const withAltroot = (property: string, value: string, altroot: string) =>
  property === 'mountpoint' && value.startsWith('/') ? altroot + value : value

function decide(wanted: Wanted, decision: Decision, { name }: Dataset, work: Draft): void {
  switch (decision.kind) {
    case 'same':
      if (decision.warning !== undefined) work.warnings.push(`${name}: ${decision.warning}`)
      return
    case 'set':
      work.settings.push([wanted.property, decision.value])
      return
    case 'inherit':
      work.inherited.push(wanted.property)
      return
    case 'refuse':
      work.problems.push(`${name}: ${decision.reason}`)
  }
}

/** A value that is there, but only inherited, is told from one that is set. */
function lookBefore({ property, value }: Wanted, decision: Decision, dataset: Dataset): string {
  const state = dataset.properties.get(property)
  if (decision.kind === 'same') return value === null ? 'inherited' : (state?.value ?? '-')
  const isOwn = state === undefined || /^(local|received|-|temporary)$/.test(state.source)
  return isOwn ? (state?.value ?? '-') : `${state.value} (${state.source})`
}

function lookAfter(wanted: Wanted, decision: Decision, dataset: Dataset): string {
  if (decision.kind === 'set') return decision.after ?? UNKNOWN
  return decision.kind === 'inherit' ? 'inherited' : lookBefore(wanted, decision, dataset)
}

type Look = Record<string, string>

function originOf({ name, origin, promoted }: Request, dataset: Dataset, before: Look, after: Look, work: Draft): void {
  const actual = dataset.properties.get('origin')?.value ?? '-'
  const isClone = actual !== '-' && actual !== ''
  if (origin !== undefined && isClone && actual !== origin)
    work.problems.push(
      `${name} is a clone of ${actual}, and one of ${origin} was asked for. Choose another name, or move this one out of the way by hand.`,
    )
  if (origin !== undefined && !isClone && promoted !== true)
    work.problems.push(
      `${name} exists and is not a clone of ${origin}. If it was one and has been promoted, say promoted: true.`,
    )
  if (promoted !== true) return
  if (isClone) work.steps.push(['promote', promoteClone(name)])
  before.promoted = isClone ? 'no' : 'yes'
  after.promoted = 'yes'
}

/** A key is needed once in a boot; it is never sent to a dataset that has it. */
function keyOf({ name, key }: Request, dataset: Dataset, before: Look, after: Look, work: Draft): void {
  if (key === undefined) return
  const root = dataset.properties.get('encryptionroot')?.value ?? '-'
  const status = dataset.properties.get('keystatus')?.value ?? '-'
  if ((dataset.properties.get('encryption')?.value ?? 'off') === 'off')
    work.problems.push(
      `${name} is not encrypted, and a dataset can only be encrypted when it is created. Leave out \`key\`, or make a new dataset.`,
    )
  else if (root !== name) work.problems.push(`${name} uses the key of ${root}. Give the key there.`)
  else if (status === 'unavailable') work.steps.push(['key', loadKey(name, key)])
  before.keystatus = status
  after.keystatus = 'available'
}
