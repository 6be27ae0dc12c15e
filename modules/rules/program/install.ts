/** The programs that modules install on hosts. */

import type { PathStatus, Probe } from '../../core/host.ts'
import { ownProgramFile } from '../../core/launch.ts'
import type { Step } from '../../core/step.ts'
import { changeMode, makeDirectories } from '../../freebsd/directories.ts'
import { PROGRAMS, programPath } from '../layout.ts'

const MODE = 0o755

export interface SeenProgram {
  readonly name: string
  readonly folder: boolean
  readonly status: PathStatus | undefined
  /** Whether it is the very program that this module is. */
  readonly current: boolean
}

export async function lookAtProgram(name: string, machine: Probe): Promise<SeenProgram> {
  const path = programPath(name)
  const [folder, status] = await Promise.all([machine.status(PROGRAMS), machine.status(path)])
  const current = status?.type === 'file' && (await machine.read(path)) === ownProgramFile(name)
  return { name, folder: folder !== undefined, status, current }
}

export const isInstalled = ({ current, status }: SeenProgram) => current && status?.mode === MODE

/** No steps where it is there as it should be. */
export function installation({ name, folder, status, current }: SeenProgram): Step[] {
  const path = programPath(name)
  return [
    ...(folder ? [] : [makeDirectories([PROGRAMS])]),
    ...(current ? [] : [{ kind: 'write' as const, path, content: ownProgramFile(name), mode: MODE }]),
    // A file that is written anew keeps the mode that the one before it had.
    ...(status !== undefined && status.mode !== MODE ? [changeMode(path, MODE)] : []),
  ]
}

export const deinstallation = ({ name, status }: SeenProgram): Step[] =>
  status === undefined ? [] : [{ kind: 'remove', path: programPath(name) }]
