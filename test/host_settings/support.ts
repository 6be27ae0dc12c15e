/** Running host_settings on a host of which some files are known. */
import { apply, type Conduct, converge } from '../../modules/core/converge.ts'
import type { Host } from '../../modules/core/host.ts'
import hostSettings from '../../modules/host_settings.ts'
import { type FakeOptions, fakeFreeBSD } from '../support/fake-freebsd.ts'

const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }
export const converged = (host: Host, options: object, conduct: Conduct = apply) =>
  converge(hostSettings, options, host, conduct, circumstances)

/** What the module says when it does not do it. */
export const refusal = async (host: Host, options: object): Promise<string> => {
  const problem = await converged(host, options).catch((thrown: Error) => thrown)
  if (problem instanceof Error) return problem.message
  throw new Error(`this was not refused: ${JSON.stringify(problem)}`)
}

const RACCT = { 'kern.racct.enable': '0', 'net.inet.ip.forwarding': '0' }
export const hostWith = (files: Record<string, string> = {}, more: FakeOptions = {}) =>
  fakeFreeBSD({ files: { '/boot/loader.conf': 'zfs_load="YES"\n', ...files }, sysctls: RACCT, ...more })
