/** The plan of an instance_restore task. Nothing is ever overwritten: what is there is renamed, and stays. */
import { Refused } from '../../core/errors.ts'
import type { Plan } from '../../core/module.ts'
import { describeStep } from '../../core/step.ts'
import { createFilesystem } from '../../freebsd/zfs-steps.ts'
import { MERGED_PARTS, PROPERTY, writable } from '../layout.ts'
import { restoringOf, stateOf } from './datasets.ts'
import { awaited, closeSteps, copySteps, filesOf, hasLeft, openSteps, partWith, problemsIn, strays } from './files.ts'
import type { World } from './look.ts'
import { inWords } from './moment.ts'
import { arriving, beside } from './names.ts'
import { inTheWay, inUse } from './obstacles.ts'
import { type Chosen, leftOut, moments, tooOld } from './one-moment.ts'
import { type Part, partsNamed, partsOf } from './parts.ts'
import type { Request } from './requests.ts'

export interface Restored {
  readonly snapshot: string
  readonly taken: string
  readonly is_restored: boolean
  readonly place: string
}

export interface State {
  readonly parts: Record<string, Restored>
}

export function planRestore(request: Request, world: World, now: Date): Plan<State> {
  const { id, from } = request
  if (!world.source.has(from))
    throw new Refused(
      request.isCopy
        ? `${id}: there is no dataset ${from} to restore from. \`from\` is the copy of the instance's dataset, with its parts below it.`
        : `${id}: there is no dataset ${from}. From a copy it is restored with \`from\`.`,
    )
  if (world.isSwitching)
    throw new Refused(
      `${id} is being switched to another blueprint, or its switch was cut off (${request.places.journal}). Bring that to its end first: blueprint_switch with \`state: resumed\`.`,
    )
  return request.files.length > 0 ? planFiles(request, world) : planDatasets(request, world, now)
}

function planDatasets(request: Request, world: World, now: Date): Plan<State> {
  const { id, places, inPlace } = request
  const choice = partsOf(request, world)
  const parts = chosenOrRefused(choice.parts, request)
  const problems = inPlace ? inTheWay(parts, world) : []
  const works = parts.map(part => ({ part, ...restoringOf(part, part.snapshot, request, world, now) }))
  const foreign = works.filter(
    ({ part, isDone }) => !isDone && stateOf(nextTo(part, request), part.snapshot, world) === 'foreign',
  )
  problems.push(
    ...foreign.map(
      ({ part }) =>
        `${nextTo(part, request)} is in the way: it is not of ${part.snapshot.full}. ${wayOutOf(part, request, world)}`,
    ),
  )
  const busy = works.filter(({ isDone }) => !isDone)
  const asides = busy.flatMap(({ aside }) => aside ?? [])
  if (asides.length > 0) problems.push(...tooOld(parts, request))
  if (problems.length > 0) throw new Refused(problems.join(' '))
  const top = world.own.has(places.dataset)
    ? []
    : [createFilesystem(places.dataset, [['mountpoint', places.directory]])]
  return {
    before: stateOfAll(works, request, false),
    after: stateOfAll(works, request, true),
    // All are out of their places before the first comes: until the last has come one is missing, and jail(8) does not start it.
    steps:
      busy.length === 0
        ? []
        : [
            ...top,
            ...busy.flatMap(({ bring }) => bring),
            ...busy.flatMap(({ clear }) => clear),
            ...busy.flatMap(({ place }) => place),
          ],
    unmet: inPlace
      ? inUse(
          busy.map(({ part }) => part),
          id,
          world,
        )
      : [],
    warnings: [
      ...(busy.length === 0 ? [] : [...moments(parts, id), ...leftOut(choice, id)]),
      ...(inPlace ? acrossSwitches(parts, world, id) : []),
    ],
    msg:
      busy.length === 0
        ? `${id}: restored already, from ${told(parts)}. To do it once more, take a snapshot first.`
        : `${id}: ${busy.length} dataset${busy.length === 1 ? '' : 's'} ${inPlace ? 'restored' : 'put beside it'} from ${told(parts)}${asides.length > 0 ? `; what was there is kept in ${asides.join(', ')}` : ''}`,
  }
}

const nextTo = (part: Chosen, { inPlace }: Request) =>
  inPlace ? arriving(part.dataset) : beside(part.dataset, part.snapshot)

/** It may be of an earlier run for another moment, and then have snapshots that nothing else has. */
function wayOutOf(part: Chosen, request: Request, { own, snapshots, ownSnapshots }: World): string {
  const next = nextTo(part, request)
  const guid = own.get(next)?.get(PROPERTY.restored)
  const begun = [snapshots.get(part.source), ownSnapshots.get(next)]
    .flatMap(list => list ?? [])
    .find(one => one.guid === guid)
  return begun === undefined
    ? 'Look at it, and rename or destroy it.'
    : `An earlier run that was cut off made it from ${begun.name}: bring that to its end with \`snapshot: ${begun.name}\`.`
}

function chosenOrRefused(parts: readonly Part[], { id, from, wish, isCopy }: Request): Chosen[] {
  const without = parts.filter(({ snapshot }) => snapshot === undefined)
  if (parts.length === 0) throw new Refused(`${id}: ${from} has no datasets below it, so there is nothing to restore.`)
  if (without.length > 0) {
    const which =
      wish.snapshot !== undefined
        ? `no snapshot ${wish.snapshot}`
        : wish.moment !== undefined
          ? `no snapshot as old as ${inWords(wish.moment)}`
          : 'no snapshot'
    throw new Refused(
      `${id}: there is ${which} of ${without.map(({ source }) => source).join(', ')}. Choose another moment, or name with \`parts\` what is to be restored${isCopy ? '' : ', or restore from a copy, with `from`'}.`,
    )
  }
  return parts.flatMap(part => (part.snapshot === undefined ? [] : [{ ...part, snapshot: part.snapshot }]))
}

/** What a switch merges is of one blueprint: the files of another would be taken for its customer's own. */
const MERGED = new Set(MERGED_PARTS.map(path => writable(path).dataset))

function acrossSwitches(parts: readonly Chosen[], world: World, id: string): string[] {
  const crossed = parts.flatMap(part => {
    const left = (world.snapshots.get(part.source) ?? []).find(
      ({ createtxg, blueprint }) => blueprint !== undefined && createtxg >= part.snapshot.createtxg,
    )?.blueprint
    const now = world.described.get(part.dataset)?.properties.get(PROPERTY.blueprint)?.value
    return left === undefined || now === undefined || left === now ? [] : [{ part, left, now }]
  })
  const merged = crossed.filter(({ part }) => MERGED.has(part.name))
  const [first] = merged
  if (first !== undefined)
    throw new Refused(
      `${id}: at that moment it ran on ${first.left}, and now on ${first.now}, so what it had in ${merged.map(({ part }) => part.name).join(' and ')} does not belong to its blueprint. Restore the other \`parts\`, or \`files\`, or these beside it; or go back to ${first.left} with rollback.yml first.`,
    )
  return crossed.map(
    ({ part, left, now }) =>
      `${id}: ${part.name} is from before its switch from ${left} to ${now}. See that its programs can read it.`,
  )
}

function planFiles(request: Request, world: World): Plan<State> {
  const { id } = request
  const lost = strays(request, world)
  if (lost.length > 0)
    throw new Refused(
      `${id}: ${lost.map(file => `/${file}`).join(', ')} ${lost.length === 1 ? 'is' : 'are'} in no dataset of it, or the whole of one, by its fstab. What comes from its blueprint is not restored, and whole datasets are named in \`parts\`.`,
    )
  const all = filesOf(request, world)
  const names = new Set(request.files.map(file => partWith(file, world) ?? ''))
  const parts = chosenOrRefused(partsNamed([...names], request, world), request)
  const works = all
    .map(files => ({ files, names: awaited(files, request, world) }))
    .filter(({ files, names }) => names.length > 0 || hasLeft(files, request, world))
  const opening = works.flatMap(({ files, names }) => openSteps(files, names, world))
  const closing = works.flatMap(({ files, names }) => closeSteps(files, names, world))
  const copying = works.flatMap(({ files, names }) => copySteps(files, names, request, world))
  const problems = opening.length > 0 ? [] : works.flatMap(({ files, names }) => problemsIn({ ...files, names }, world))
  const rest = problems.length > 0 ? closing : [...copying, ...closing]
  const state = (isDone: boolean): State => ({
    parts: Object.fromEntries(
      all.map(({ part, to }) => [
        part.name,
        restored(part, isDone || !works.some(({ files }) => files.part === part), to),
      ]),
    ),
  })
  return {
    before: state(false),
    after: state(true),
    steps: opening.length > 0 ? opening : rest,
    ...(opening.length > 0 && { later: rest.map(describeStep) }),
    ...(problems.length > 0 && { failures: problems.map(problem => `${id}: ${problem}`) }),
    unmet:
      works.length > 0 && world.life !== 'running'
        ? [
            `${id} does not run, and files go through its jail, where no link of its customer's leads out. Start it; or restore the whole dataset that they are in (\`parts\`), in its place or beside it.`,
          ]
        : [],
    warnings: moments(parts, id),
    msg:
      works.length === 0
        ? `${id}: restored already, from ${told(parts)}; whether anybody changed it since was not looked at. To do it once more, rename ${all.flatMap(({ to, names }) => names.map(name => `${to}/${name}`)).join(', ')} first.`
        : `${id}: files restored from ${told(parts)}, to ${[...new Set(all.map(({ to }) => to))].join(', ')}`,
  }
}

const restored = ({ snapshot }: Chosen, isRestored: boolean, place: string): Restored => ({
  snapshot: snapshot.name,
  taken: inWords(snapshot.creation),
  is_restored: isRestored,
  place,
})

const stateOfAll = (
  works: readonly { readonly part: Chosen; readonly isDone: boolean }[],
  request: Request,
  isAfter: boolean,
): State => ({
  parts: Object.fromEntries(
    works.map(({ part, isDone }) => [
      part.name,
      restored(part, isAfter || isDone, request.inPlace ? part.dataset : beside(part.dataset, part.snapshot)),
    ]),
  ),
})

function told(parts: readonly Chosen[]): string {
  const all = [...new Set(parts.map(({ snapshot }) => `${snapshot.name} (${inWords(snapshot.creation)})`))]
  return all.length <= 3 ? all.join(', ') : `${all.length} snapshots, ${all[0]} the first`
}
