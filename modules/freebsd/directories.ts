/** mkdir(1), install(1) and chmod(1), for what is not known to be there when a plan is made. */
import type { RunStep } from '../core/step.ts'
import { describeMode, run } from '../core/step.ts'

/** Makes these directories and all above them, mode 0755; those that exist stay as they are. */
export const makeDirectories = (paths: readonly string[]): RunStep => run('mkdir', '-p', ...paths)

/** One directory with its mode and owner, whether it exists or not. */
export const makeDirectory = (path: string, mode: number, uid: number, gid: number): RunStep =>
  run('install', '-d', '-m', describeMode(mode), '-o', String(uid), '-g', String(gid), path)

export const changeMode = (path: string, mode: number): RunStep => run('chmod', describeMode(mode), path)
