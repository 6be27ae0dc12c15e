/** A host in memory where instances can be started: their mounts are planned, and there is a bridge. */
import { apply, check, converge } from '../../modules/core/converge.ts'
import type { Step } from '../../modules/core/step.ts'
import instanceJail from '../../modules/instance_jail.ts'
import instanceMounts from '../../modules/instance_mounts.ts'
import { ISOLATION_SYSCTLS } from '../../modules/rules/bridge/isolation.ts'
import type { FakeHost } from './fake-freebsd.ts'
import { BLUEPRINT, type InstanceHostOptions, instanceHost, mountedIn } from './instance-host.ts'

export const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }

/** Of FreeBSD's own, only that they are more than a line. */
export const RC = '#!/bin/sh\nfor script in $(rcorder /etc/rc.d/*); do\n  run_rc_script $script\ndone\n'

/** As vnet_bridge leaves them. */
const MAIN_RULES = 'anchor "hosting/*"\n'

/** `prepare`: what is done to it before its instances' datasets are filled. */
export async function jailHost(
  options: InstanceHostOptions & { readonly prepare?: (host: FakeHost) => Promise<void> } = {},
): Promise<FakeHost> {
  const host = instanceHost(options)
  const root = `/hosting/blueprints/${BLUEPRINT}`
  const dataset = `zroot/hosting/blueprints/${BLUEPRINT}`
  host.outside('zfs', 'destroy', `${dataset}@complete`)
  host.outside('zfs', 'set', 'readonly=off', dataset)
  for (const script of ['rc', 'rc.shutdown']) host.tree.write(`${root}/etc/${script}`, RC)
  host.outside('zfs', 'set', 'readonly=on', dataset)
  host.outside('zfs', 'snapshot', `${dataset}@complete`)
  host.tree.mkdir('/etc/defaults')
  host.tree.write(
    '/etc/defaults/rc.conf',
    'jail_enable="NO"\njail_list=""\njail_parallel_start="NO"\njail_reverse_stop="NO"\nrc_conf_files="/etc/rc.conf /etc/rc.conf.local"\n',
  )
  host.tree.write(
    '/etc/rc.conf',
    'hostname="hamburg1.example.net"\ncloned_interfaces="bridge0:sticky"\nifconfig_bridge0_name="hosting0"\nifconfig_hosting0="inet 10.66.0.1/24"\npf_enable="YES"\n',
  )
  host.tree.write('/etc/pf.conf', MAIN_RULES)
  host.tree.mkdir('/var/log')
  host.outside('ifconfig', 'bridge', 'create', 'name', 'hosting0')
  host.outside('ifconfig', 'hosting0', 'inet', '10.66.0.1/24', 'up')
  host.outside('service', 'pf', 'start')
  for (const [name, value] of ISOLATION_SYSCTLS) host.outside('sysctl', `${name}=${value}`)
  const { ids = ['web1'] } = options
  await options.prepare?.(host)
  await converge(instanceMounts, { instances: ids, blueprint: BLUEPRINT }, host, apply, circumstances)
  return untouched(host)
}

/** What made the host what it is counts for nothing afterwards. */
function untouched(host: FakeHost): FakeHost {
  ;(host.performed as Step[]).length = 0
  for (const program of Object.keys(host.machine.counts)) delete host.machine.counts[program]
  return host
}

export const ON_BRIDGE = {
  interfaces: [{ bridge: 'hosting0', addresses: ['10.66.0.11/24', 'fd00:66::11/64'] }],
  gateways: ['10.66.0.1'],
}

export const converged = (host: FakeHost, options: object) =>
  converge(instanceJail, options, host, apply, circumstances)
export const checked = (host: FakeHost, options: object) => converge(instanceJail, options, host, check, circumstances)

/** The message of a run that fails. */
export const failing = (host: FakeHost, options: object): Promise<Error & { done?: readonly Step[] }> =>
  converged(host, options).then(
    report => Promise.reject(new Error(`it did not fail: ${JSON.stringify(report)}`)),
    error => error,
  )

/** What the host has of an instance: its jail, the mounts below its root, and interfaces that are nobody else's. */
export function tracesOf(host: FakeHost, id: string) {
  const interfaces = host.outside('ifconfig', '-l').stdout.trim().split(' ')
  return {
    runs: host.outside('jls', '-j', id, 'name').exit === 0,
    mounts: mountedIn(host, id).length,
    interfaces: interfaces.filter(name => !['vtnet0', 'lo0', 'hosting0'].includes(name)),
  }
}

export const NOTHING = { runs: false, mounts: 0, interfaces: [] }

/** What each example of instance_jail takes for granted. */
export async function hostForInstanceJail(title: string): Promise<FakeHost> {
  const host = await jailHost({ ids: ['web1', 'db1'] })
  if (/^(Another parameter|Stopped|Gone)/.test(title)) await converged(host, { id: 'web1' })
  return untouched(host)
}
