/**
 * Files that an instance gets with its first content: its name, its resolvers, who may log in. They are written while their
 * dataset is filled, before it is marked as filled, and so never again over what the customer has made of them.
 */
import { dirname } from 'node:path/posix'
import { InvalidOptions } from '../../core/errors.ts'
import type { Step } from '../../core/step.ts'
import { makeDirectory } from '../../freebsd/directories.ts'
import { linkTo } from '../../freebsd/seed.ts'
import { blueprintPath } from '../layout.ts'
import { containerOf, type PlannedMount } from './mounts.ts'
import { inBlueprint, type Place } from './points.ts'
import type { Instance, Part, World } from './world.ts'

export interface FirstFile {
  /** Relative to the instance's root. */
  readonly path: string
  readonly kind: 'file' | 'link' | 'directory'
  /** What a file holds, or where a link points to. */
  readonly content: string
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
    .flatMap(part => filesIn(part, instance).flatMap(file => [dirname(file.path), file.path]))
    .map(path => ({ path: inBlueprint(instance, path), beneath: base }))
}

export function firstFileProblems(part: Part, instance: Instance, { status }: World): string[] {
  // Of a blueprint that an earlier task would have made, nothing is known.
  if (!status.has(blueprintPath(instance.request.site, instance.request.blueprint))) return []
  const files = filesIn(part, instance)
  const made = new Set(files.filter(({ kind }) => kind === 'directory').map(({ path }) => path))
  return files.flatMap(({ path, kind }) => {
    const found = status.get(inBlueprint(instance, path))
    const parent = dirname(path)
    const above = status.get(inBlueprint(instance, parent))
    if (found?.type === 'link' && kind !== 'link')
      return [
        `first_files: ${found.at} in the blueprint is a symbolic link, and none is followed. Name the file it leads to.`,
      ]
    if (above !== undefined && above.type !== 'directory')
      return [`first_files: ${parent} in the blueprint is no directory, so ${path} cannot be in it.`]
    if (found !== undefined && (found.type === 'directory') !== (kind === 'directory'))
      return [`first_files: ${path} is ${found.type === 'directory' ? 'a' : 'no'} directory in the blueprint.`]
    if (above === undefined && !made.has(parent) && parent !== part.path)
      return [
        `first_files: ${parent} is not in the blueprint, so ${path} cannot be in it. List it too, with \`directory: true\`.`,
      ]
    return []
  })
}

/** Repeated after an interruption, they come to the same. */
export const firstFileSteps = (part: Part, instance: Instance): Step[] =>
  filesIn(part, instance).map(({ path: inside, kind, content, mode, uid, gid }) => {
    const path = `${part.seed}/${inside.slice(part.path.length + 1)}`
    if (kind === 'link') return linkTo(content, path)
    if (kind === 'directory') return makeDirectory(path, mode, uid, gid)
    return { kind: 'write', path, content, mode, uid, gid, beneath: part.seed }
  })
