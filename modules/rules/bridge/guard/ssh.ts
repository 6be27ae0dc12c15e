/** A redirect of the port by which this host is reached leads whoever connects to an instance. */
import { withoutPrefix } from '../../../freebsd/addresses.ts'
import type { Devices } from '../members.ts'
import type { Request } from '../requests.ts'
import { ALLOW } from './bridge.ts'

interface Seen {
  readonly devices: Devices
  readonly sshPorts: readonly number[]
}

/** Of sshd_config(5), whatever `Match` blocks say; 22 where it says nothing. */
export function sshPortsIn(config: string | undefined): number[] {
  const ports = [...(config ?? '').matchAll(/^\s*(?:Port\s*[\s=]\s*|ListenAddress\s+\S+:)(\d+)\s*$/gim)].map(
    ([, port]) => Number(port),
  )
  return ports.length === 0 ? [22] : [...new Set(ports)]
}

/** An address beside the interface's first of its kind is there for what it is redirected to. */
export function sshRedirects({ redirects, allowsUplinkChange }: Request, { devices, sshPorts }: Seen): string[] {
  if (allowsUplinkChange) return []
  return redirects.flatMap(({ interface: name, protocol, address, port, to }) => {
    if (protocol !== 'tcp' || !sshPorts.includes(port)) return []
    const own = devices.get(name)?.addresses.map(withoutPrefix) ?? []
    const first = own.find(one => one.includes(':') === to.includes(':'))
    if (address !== undefined && address !== first) return []
    return [
      `port ${port} of ${address ?? name} is where sshd of this host listens, and who connects to it would reach ${to}. Give another \`port\`, or an \`address\` by which this host is not managed, or ${ALLOW}.`,
    ]
  })
}
