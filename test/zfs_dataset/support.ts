import { apply, type Conduct, check, converge } from '../../modules/core/converge.ts'
import type { Host } from '../../modules/core/host.ts'
import zfsDataset from '../../modules/zfs_dataset.ts'

const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }

/** Runs the module on a host. */
export const converged = (host: Host, options: object, conduct: Conduct = apply) =>
  converge(zfsDataset, options, host, conduct, circumstances)

export const foretold = (host: Host, options: object) => converged(host, options, check)

/** What the module says when it does not do it. */
export const refusal = async (host: Host, options: object): Promise<string> => {
  const error = await converged(host, options).catch((thrown: Error) => thrown)
  if (error instanceof Error) return error.message
  throw new Error(`this was not refused: ${JSON.stringify(error)}`)
}
