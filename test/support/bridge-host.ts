/** Hosts in memory for bridges: what each example of vnet_bridge takes for granted. */
import { apply, converge } from '../../modules/core/converge.ts'
import vnetBridge from '../../modules/vnet_bridge.ts'
import { type FakeHost, type FakeOptions, fakeFreeBSD } from './fake-freebsd.ts'

export const DEFAULTS =
  'cloned_interfaces=""\ngateway_enable="NO"\nipv6_gateway_enable="NO"\npf_enable="NO"\npf_rules="/etc/pf.conf"\ndefaultrouter="NO"\n'

/** As the host of the transcripts is after its installation. */
export const RC_CONF = 'hostname="hamburg1"\nifconfig_vtnet0="inet 10.0.2.15/24"\ndefaultrouter="10.0.2.2"\n'

export const bridgeHost = (files: Record<string, string> = {}, more: FakeOptions = {}): FakeHost =>
  fakeFreeBSD({ files: { '/etc/defaults/rc.conf': DEFAULTS, '/etc/rc.conf': RC_CONF, ...files }, ...more })

export async function hostForBridges(title: string): Promise<FakeHost> {
  const host = bridgeHost()
  if (title === 'Gone') {
    const there = { ...vnetBridge.examples['A private network with NAT'] }
    await converge(vnetBridge, there, host, apply, { now: () => new Date(0), holder: 'an earlier task' })
    const again = bridgeHost({
      '/etc/rc.conf': host.tree.read('/etc/rc.conf') ?? '',
      '/etc/pf.conf': host.tree.read('/etc/pf.conf') ?? '',
      '/etc/pf.hosting.d/all_bridges.conf': host.tree.read('/etc/pf.hosting.d/all_bridges.conf') ?? '',
    })
    again.boot()
    return again
  }
  return host
}
