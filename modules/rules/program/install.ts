/** The programs that modules install on hosts. */
import type { PathStatus, Probe } from '../../core/host.ts'
import { ownProgramFile } from '../../core/launch.ts'
import type { Step } from '../../core/step.ts'
import { programPath } from '../layout.ts'
import { dropFile, keepFile } from './file.ts'

const MODE = 0o755

export interface SeenProgram {
  readonly name: string
  readonly status: PathStatus | undefined
  /** Whether it is the very program that this module is. */
  readonly current: boolean
}

export async function lookAtProgram(name: string, machine: Probe): Promise<SeenProgram> {
  const path = programPath(name)
  const status = await machine.status(path)
  const current = status?.type === 'file' && (await machine.read(path)) === ownProgramFile(name)
  return { name, status, current }
}

export const isInstalled = ({ current, status }: SeenProgram) => current && status?.mode === MODE

/** No steps where it is there as it should be. */
export function installation({ name, status, current }: SeenProgram): Step[] {
  const content = ownProgramFile(name)
  return keepFile(programPath(name), { status, text: current ? content : undefined }, content, MODE)
}

export const deinstallation = ({ name, status }: SeenProgram): Step[] => dropFile(programPath(name), { status })
