/** How libzfs words its failures: `<what was attempted>: <why>` (libzfs_util.c, zfs_error and libzfs_error_description). */
import { Exit, type Screen } from '../screen.ts'

/** The first half of a message: "cannot create 'tank/a'". */
export type Failing = string

export class ZfsFailure extends Error {}

export const failure = (failing: Failing, why: string) => new ZfsFailure(`${failing}: ${why}`)

export const WHY = {
  exists: 'dataset already exists',
  missing: 'dataset does not exist',
  busy: 'dataset is busy',
  badType: 'operation not applicable to datasets of this type',
  noSpace: 'out of space',
  poolBusy: 'pool or dataset is busy',
} as const

/** Runs one part of a command; its failure is written, and `status` is what it adds to the exit status. */
export function attempt(screen: Screen, action: () => void, status = 1): number {
  try {
    action()
    return 0
  } catch (problem) {
    if (!(problem instanceof ZfsFailure)) throw problem
    screen.err(`${problem.message}\n`)
    return status
  }
}

/** zfs_for_each ORs what its callbacks return: -1 (an exit status of 255) wins over 1. */
export const together = (statuses: readonly number[]) => statuses.reduce((sum, status) => sum | status, 0) & 255

export function fail(screen: Screen, message: string, status = 1): never {
  screen.err(`${message}\n`)
  throw new Exit(status)
}
