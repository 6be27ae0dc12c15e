/** A host in memory with instances that run, and what hosting_info tells of it. */
import { apply, type Conduct, check, converge } from '../../modules/core/converge.ts'
import type { Step } from '../../modules/core/step.ts'
import hostingInfo from '../../modules/hosting_info.ts'
import type { HostState } from '../../modules/rules/info/plan.ts'
import type { FakeHost } from './fake-freebsd.ts'
import { BLUEPRINT } from './instance-host.ts'
import { converged, jailHost, ON_BRIDGE } from './jail-host.ts'

const conducted =
  (conduct: Conduct) =>
  async (host: FakeHost, options: object = {}, now = '2026-11-22T12:00:00Z') => {
    const report = await converge(hostingInfo, options, host, conduct, {
      now: () => new Date(now),
      holder: 'a test',
    })
    return { ...report, state: report.state as unknown as HostState }
  }

export const told = conducted(apply)
export const foretold = conducted(check)

/** What of a host is not as configured, in words. */
export const drift = async (host: FakeHost): Promise<string[]> => (await told(host)).state.not_as_configured

/** web1 runs with an address, db1 has its mounts alone. All is as configured. */
export async function toldHost(): Promise<FakeHost> {
  const host = await jailHost({ ids: ['web1', 'db1'] })
  describeBlueprint(host, BLUEPRINT)
  await converged(host, { id: 'web1', ...ON_BRIDGE })
  ;(host.performed as Step[]).length = 0
  for (const program of Object.keys(host.machine.counts)) delete host.machine.counts[program]
  return host
}

/** As blueprint_jail would have sealed it. */
export function describeBlueprint(host: FakeHost, name: string): void {
  const dataset = `zroot/hosting/blueprints/${name}`
  const packages = [{ name: 'nginx', version: '1.28.0', origin: 'www/nginx', bytes: 2_000_000, automatic: false }]
  host.outside('zfs', 'set', 'readonly=off', dataset)
  host.tree.write(
    `/hosting/blueprints/${name}/.blueprint.json`,
    JSON.stringify({ format: 1, name, release: '14.2-RELEASE', architecture: 'amd64', packages, revision: 1 }),
  )
  host.outside('zfs', 'set', 'readonly=on', 'bluejail:stage=complete', dataset)
}
