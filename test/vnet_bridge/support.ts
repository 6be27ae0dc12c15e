/** Running vnet_bridge on a host of which some files are known. */
import { apply, type Conduct, converge } from '../../modules/core/converge.ts'
import type { Host } from '../../modules/core/host.ts'
import vnetBridge from '../../modules/vnet_bridge.ts'

const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }
export const converged = (host: Host, options: object, conduct: Conduct = apply) =>
  converge(vnetBridge, options, host, conduct, circumstances)

/** What the module says when it does not do it. */
export const refusal = async (host: Host, options: object): Promise<string> => {
  const problem = await converged(host, options).catch((thrown: Error) => thrown)
  if (problem instanceof Error) return problem.message
  throw new Error(`this was not refused: ${JSON.stringify(problem)}`)
}

export const PRIVATE = {
  name: 'hosting0',
  addresses: ['10.66.0.1/24', 'fd00:66::1/64'],
  nat: 'vtnet0',
  redirects: [{ port: 80, to: '10.66.0.11' }],
}

/** As instance_jail wires an instance that does not say `private`. */
export const GUEST = [
  ['ifconfig', 'epair7', 'create'],
  ['ifconfig', 'epair7a', 'name', 'e0a_web1'],
  ['ifconfig', 'hosting0', 'addm', 'e0a_web1'],
]
