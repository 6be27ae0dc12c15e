/**
 * A file that modules keep for a program. With a file that is not there yet its directory is made, whether that is there or
 * not: check mode cannot know that a task before this one makes it, and foretells this way what will be done.
 */
import type { PathStatus, Probe } from '../../core/host.ts'
import type { Step } from '../../core/step.ts'
import { changeMode, makeDirectories } from '../../freebsd/directories.ts'

export interface SeenFile {
  readonly status: PathStatus | undefined
  readonly text: string | undefined
}

export const lookAtFile = async (path: string, machine: Probe): Promise<SeenFile> => ({
  status: await machine.status(path),
  text: await machine.read(path),
})

/** No steps where it is there as it should be. */
export const keepFile = (path: string, { status, text }: SeenFile, content: string, mode: number): Step[] => [
  ...(status === undefined ? [makeDirectories([path.slice(0, path.lastIndexOf('/'))])] : []),
  ...(text === content ? [] : [{ kind: 'write' as const, path, content, mode }]),
  // A file that is written anew keeps the mode that the one before it had.
  ...(status !== undefined && status.mode !== mode ? [changeMode(path, mode)] : []),
]

export const dropFile = (path: string, { status }: Pick<SeenFile, 'status'>): Step[] =>
  status === undefined ? [] : [{ kind: 'remove', path }]
