/** mkdir(1), install(1), chmod(1), rm(1) and chflags(1), for what is not known to be there when a plan is made, or is many. */
import type { RunStep } from '../core/step.ts'
import { describeMode, run } from '../core/step.ts'
import { inBatches } from './zfs.ts'

/** Makes these directories and all above them, mode 0755; those that exist stay as they are. */
export const makeDirectories = (paths: readonly string[]): RunStep => run('mkdir', '-p', ...paths)

/** One directory with its mode and owner, whether it exists or not. */
export const makeDirectory = (path: string, mode: number, uid: number, gid: number): RunStep =>
  run('install', '-d', '-m', describeMode(mode), '-o', String(uid), '-g', String(gid), path)

export const changeMode = (path: string, mode: number): RunStep => run('chmod', describeMode(mode), path)

/** Files, links and empty directories, by absolute paths and in this order: what is in a directory goes before it. */
export const removePaths = (paths: readonly string[]): RunStep[] =>
  inBatches(['rm', '-d', '-f'], paths).map(command => run(...command))

/** Takes away all file flags: what has schg cannot be removed, not even by root (fact host-7). */
export const clearFlags = (paths: readonly string[]): RunStep[] =>
  inBatches(['chflags', '-h', '0'], paths).map(command => run(...command))
