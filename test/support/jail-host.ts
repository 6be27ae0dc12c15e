/** A host in memory where instances can be started: their mounts are planned, and there is a bridge. */
import { apply, converge } from '../../modules/core/converge.ts'
import instanceMounts from '../../modules/instance_mounts.ts'
import type { FakeHost } from './fake-freebsd.ts'
import { BLUEPRINT, type InstanceHostOptions, instanceHost } from './instance-host.ts'

export const circumstances = { now: () => new Date('2026-11-22T12:00:00Z'), holder: 'a test' }

/** Of FreeBSD's own, only that they are more than a line. */
const RC = '#!/bin/sh\nfor script in $(rcorder /etc/rc.d/*); do\n  run_rc_script $script\ndone\n'

export async function jailHost(options: InstanceHostOptions = {}): Promise<FakeHost> {
  const host = instanceHost(options)
  const root = `/hosting/blueprints/${BLUEPRINT}`
  const dataset = `zroot/hosting/blueprints/${BLUEPRINT}`
  host.outside('zfs', 'set', 'readonly=off', dataset)
  for (const script of ['rc', 'rc.shutdown']) host.tree.write(`${root}/etc/${script}`, RC)
  host.outside('zfs', 'set', 'readonly=on', dataset)
  host.tree.mkdir('/etc/defaults')
  host.tree.write('/etc/defaults/rc.conf', 'jail_enable="NO"\njail_list=""\njail_parallel_start="NO"\njail_reverse_stop="NO"\nrc_conf_files="/etc/rc.conf /etc/rc.conf.local"\n')
  host.tree.write('/etc/rc.conf', 'hostname="hamburg1.example.net"\ncloned_interfaces="bridge0"\nifconfig_bridge0_name="hosting0"\nifconfig_hosting0="inet 10.66.0.1/24"\n')
  host.tree.mkdir('/var/log')
  host.outside('ifconfig', 'bridge', 'create', 'name', 'hosting0')
  host.outside('ifconfig', 'hosting0', 'inet', '10.66.0.1/24', 'up')
  const { ids = ['web1'] } = options
  await converge(instanceMounts, { instances: ids, blueprint: BLUEPRINT }, host, apply, circumstances)
  return host
}
