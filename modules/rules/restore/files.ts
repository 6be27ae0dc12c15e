/**
 * Files and directories as they were, into a running instance. A snapshot is opened as a clone, read-only, where nothing of
 * its customer's runs; what is to be copied is looked at there without following a link; and it is written through the
 * instance's own jail, where no link leads out. It goes to a directory of its own first and is renamed when it is whole, so that
 * what is in its place was restored, and not half of it.
 */
import { createHash } from 'node:crypto'
import type { PathStatus } from '../../core/host.ts'
import { run, type Step } from '../../core/step.ts'
import { isWithin } from '../../freebsd/mount.ts'
import { copyAboveInside, copyTreesInside, directoriesAbove } from '../../freebsd/seed.ts'
import { poolOf } from '../../freebsd/zfs-names.ts'
import { cloneSnapshot, destroyDataset } from '../../freebsd/zfs-steps.ts'
import { PROPERTY } from '../layout.ts'
import { markBrought, wasBrought } from './brought.ts'
import type { World } from './look.ts'
import { stampOf, type Taken } from './moment.ts'
import { reading } from './names.ts'
import { type Part, partsNamed } from './parts.ts'
import type { Request } from './requests.ts'

interface Place {
  readonly path: string
  readonly beneath: string
}

/** The files of one dataset. */
export interface Files {
  readonly part: Part & { readonly snapshot: Taken }
  /** Where the dataset is in the instance: `var/db`. */
  readonly at: string
  /** Relative to that. */
  readonly names: readonly string[]
  /** Where they go, seen from inside. */
  readonly to: string
  /** Where they are until they are whole; the next run for the same files goes on there. */
  readonly stage: string
  /** Open here while they are read. */
  readonly clone: string
  readonly openAt: string
  readonly isOpen: boolean
  readonly places: readonly Place[]
}

/** What is to be restored, by dataset. Files that are in none, or that have no snapshot, are left out: `strays` names them. */
export function filesOf(request: Request, world: World): Files[] {
  const { places, inPlace } = request
  const groups = new Map<string, string[]>()
  for (const file of request.files) {
    const part = partWith(file, world)
    if (part !== undefined) groups.set(part, [...(groups.get(part) ?? []), file])
  }
  return partsNamed([...groups.keys()], request, world).flatMap((part): Files[] => {
    const { name, snapshot } = part
    if (snapshot === undefined) return []
    const files = groups.get(name) ?? []
    const at = world.layout.get(name) ?? ''
    const isSamePool = poolOf(part.source) === poolOf(places.dataset)
    const clone = reading(isSamePool ? part.dataset : `${poolOf(part.source)}/${request.id}-${name}`)
    const openAt = `${places.directory}/${reading(name)}`
    const names = files.map(file => file.slice(at.length + 1))
    const to = inPlace ? `/${at}` : `/${at}/restored-${stampOf(snapshot.creation)}`
    const stage = `${to}/.restoring-${stampOf(snapshot.creation)}-${digestOf(names)}`
    const isOpen = world.mounts.some(({ special, node }) => special === clone && node === openAt)
    const target = places.root + to
    return [
      {
        part: { ...part, snapshot },
        at,
        names,
        to,
        stage,
        clone,
        openAt,
        isOpen,
        places: [
          { path: target, beneath: places.root },
          ...stages({ stage, names }).map(path => ({ path: places.root + path, beneath: places.root })),
          { path: openAt, beneath: places.directory },
          ...names.flatMap(each => [
            { path: `${target}/${each}`, beneath: places.root },
            { path: replaced(`${target}/${each}`, snapshot), beneath: places.root },
            ...(isOpen ? [{ path: `${openAt}/${each}`, beneath: openAt }] : []),
          ]),
        ],
      },
    ]
  })
}

const digestOf = (names: readonly string[]) => createHash('sha256').update(names.join('\n')).digest('hex').slice(0, 8)

/** The innermost dataset that holds it. */
export const partWith = (file: string, { layout }: World) =>
  [...layout].filter(([, at]) => isWithin(file, at) && file !== at).sort(([, a], [, b]) => b.length - a.length)[0]?.[0]

/** What was there, when something else takes its place. */
const replaced = (path: string, { creation }: Taken) => `${path}.replaced-${stampOf(creation)}`

export const strays = (request: Request, world: World): string[] =>
  request.files.filter(file => partWith(file, world) === undefined)

/** Those that have not been restored from that snapshot yet, or are gone again: a run may have been cut off in between. */
export function awaited({ names, to, part }: Files, { places, inPlace }: Request, { status, own }: World): string[] {
  const target = places.root + to
  const isRestored = (name: string) =>
    status.has(replaced(`${target}/${name}`, part.snapshot)) || wasBrought(name, part.snapshot, own.get(part.dataset))
  return names.filter(name => !status.has(`${target}/${name}`) || (inPlace && !isRestored(name)))
}

const cloneIn = ({ own, source }: World, { clone }: Files) => own.get(clone) ?? source.get(clone)

/** Where they are until they are whole, with the directories in that, the inner ones first. */
const stages = ({ stage, names }: Pick<Files, 'stage' | 'names'>): string[] => [
  ...directoriesAbove(names)
    .reverse()
    .map(name => `${stage}/${name}`),
  stage,
]

/** By a run that was cut off, when all was in its place already. */
export const hasLeft = (files: Files, { places }: Request, world: World): boolean =>
  cloneIn(world, files) !== undefined || [files.openAt, places.root + files.stage].some(path => world.status.has(path))

/** A clone that is not of that snapshot is of a run that was cut off. */
export function openSteps(files: Files, names: readonly string[], world: World): Step[] {
  if (names.length === 0) return []
  const { part, clone, openAt, isOpen } = files
  const from = part.snapshot.full
  const known = cloneIn(world, files)
  if (isOpen && known?.get('origin') === from) return []
  return [
    ...(known === undefined ? [] : [destroyDataset(clone)]),
    cloneSnapshot(from, clone, [
      ['mountpoint', openAt],
      ['readonly', 'on'],
      ['setuid', 'off'],
      ['exec', 'off'],
      [PROPERTY.autosnap, 'off'],
    ]),
  ]
}

/** The directory that ZFS made for it goes too: it has a mount point of its own, and is left otherwise. */
export function closeSteps(files: Files, names: readonly string[], world: World): Step[] {
  const isOpened = names.length > 0 || cloneIn(world, files) !== undefined
  return [
    ...(isOpened ? [destroyDataset(files.clone)] : []),
    ...(isOpened || world.status.has(files.openAt) ? [{ kind: 'remove', path: files.openAt } as const] : []),
  ]
}

export function copySteps(files: Files, names: readonly string[], request: Request, { status, own }: World): Step[] {
  const { part, to, openAt, stage } = files
  const { id, places } = request
  const present = names.filter(name => status.has(`${places.root}${to}/${name}`))
  const missing = request.inPlace ? names.filter(name => !present.includes(name)) : []
  const directories = [to, stage].filter(path => names.length > 0 && !status.has(places.root + path))
  const made = names.length === 0 ? [] : stages({ stage, names })
  const emptied = stages(files).filter(path => made.includes(path) || status.has(places.root + path))
  return [
    ...directories.map(path => run('jexec', id, 'mkdir', '-m', '0700', path)),
    ...copyTreesInside(openAt, names, id, stage),
    ...copyAboveInside(openAt, names, id, to),
    ...present.map(name => run('jexec', id, 'mv', `${to}/${name}`, replaced(`${to}/${name}`, part.snapshot))),
    ...markBrought(missing, part.snapshot, part.dataset, own.get(part.dataset)),
    ...names.map(name => run('jexec', id, 'mv', `${stage}/${name}`, `${to}/${name}`)),
    // Its customer may put a link in the place of a directory above at any moment: in his jail that leads nowhere else.
    ...emptied.map(path => run('jexec', id, 'rmdir', path)),
  ]
}

/** What cannot be copied of what is in the snapshot, in sentences. */
export function problemsIn({ names, openAt, at, part }: Files, { status }: World): string[] {
  const when = part.snapshot.full
  return names.flatMap(name => {
    const found: PathStatus | undefined = status.get(`${openAt}/${name}`)
    if (found === undefined) return [`/${at}/${name} is not in ${when}.`]
    if (found.type === 'link' && found.at !== `${openAt}/${name}`)
      return [
        `/${at}/${name}: in ${when}, /${at}${found.at.slice(openAt.length)} is a symbolic link to ${found.target}, which is not followed. Give the path that it stands for.`,
      ]
    return []
  })
}
