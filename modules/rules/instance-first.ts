/**
 * Files that an instance gets with its first content: its name, its resolvers, who may log in. They are written while their
 * dataset is filled, before it is marked as filled, and so never again over what the customer has made of them.
 */
import { dirname } from 'node:path/posix'
import { InvalidOptions } from '../core/errors.ts'
import type { Step } from '../core/step.ts'
import { makeDirectory } from '../freebsd/directories.ts'
import { linkTo } from '../freebsd/seed.ts'
import { containerOf, type PlannedMount } from './instance-mounts.ts'
import { inBlueprint, type Place } from './instance-points.ts'
import type { Instance, Part, World } from './instance-world.ts'
import { blueprintPath } from './layout.ts'

export interface FirstFile {
  /** Relative to the instance's root. */
  readonly path: string
  /** What it holds, or with `link` where it points to. */
  readonly content: string
  readonly isLink: boolean
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** Each must lie in a writable dataset; elsewhere nothing is written. */
export function checkFirstFiles(id: string, files: readonly FirstFile[], planned: readonly PlannedMount[]): void {
  const problems = files.flatMap(({ path }, index) => {
    const container = containerOf(path, planned)
    if (files.findIndex(one => one.path === path) !== index) return [`first_files has ${path} twice`]
    if (planned.some(mount => mount.path === path)) return [`first_files: ${path} is where something is mounted`]
    if (container?.part === 'writable') return []
    return [`first_files: ${path} is not in a writable part, so nobody can write it. Give the blueprint such a file`]
  })
  if (problems.length > 0) throw new InvalidOptions(problems.map(problem => `${id}: ${problem}`).join('; '))
}

const filesIn = (part: Part, { request, planned }: Instance): FirstFile[] =>
  request.firstFiles.filter(({ path }) => containerOf(path, planned)?.special === part.dataset)

/** What the blueprint has where they are to be, as far as datasets are still to be filled. */
export function placesOfFirstFiles(instance: Instance): Place[] {
  const base = blueprintPath(instance.request.site, instance.request.blueprint)
  return instance.parts
    .filter(({ seeded }) => seeded !== 'yes')
    .flatMap(part => filesIn(part, instance).flatMap(file => [...directoriesOf(file, part), file.path]))
    .map(path => ({ path: inBlueprint(instance, path), beneath: base }))
}

export function firstFileProblems(part: Part, instance: Instance, { status }: World): string[] {
  return filesIn(part, instance).flatMap(file => {
    const found = status.get(inBlueprint(instance, file.path))
    if (found?.type === 'link')
      return [
        `first_files: ${found.at} in the blueprint is a symbolic link, and none is followed. Name the file it leads to.`,
      ]
    if (found?.type === 'directory') return [`first_files: ${file.path} is a directory in the blueprint.`]
    const obstacle = directoriesOf(file, part).find(path => {
      const type = status.get(inBlueprint(instance, path))?.type
      return type !== undefined && type !== 'directory'
    })
    return obstacle === undefined ? [] : [`first_files: ${obstacle} in the blueprint is no directory.`]
  })
}

/** Repeated after an interruption, they come to the same. */
export function firstFileSteps(part: Part, instance: Instance, { status }: World): Step[] {
  const inSeed = (path: string) => `${part.seed}/${path.slice(part.path.length + 1)}`
  const made = new Set<string>()
  return filesIn(part, instance).flatMap(file => {
    const { path, content, isLink, mode, uid, gid } = file
    const missing = directoriesOf(file, part).filter(
      directory => !made.has(directory) && !status.has(inBlueprint(instance, directory)),
    )
    for (const directory of missing) made.add(directory)
    return [
      ...missing.map(directory => makeDirectory(inSeed(directory), searchable(mode), uid, gid)),
      isLink
        ? linkTo(content, inSeed(path))
        : ({ kind: 'write', path: inSeed(path), content, mode, uid, gid, beneath: part.seed } as const),
    ]
  })
}

/** Between the dataset's root and the file, from the top. */
function directoriesOf({ path }: FirstFile, part: Part): string[] {
  const found: string[] = []
  for (let each = dirname(path); each.length > part.path.length; each = dirname(each)) found.unshift(each)
  return found
}

/** A directory for a file of this mode: whoever may read the one may enter the other. */
const searchable = (mode: number) => (mode & 0o777) | 0o700 | ((mode & 0o444) >> 2)
