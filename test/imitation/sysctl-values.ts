/** Values of the host of the transcripts, where no command has changed them: 02-mounts, 04, 06-batch, 08-host.jsonl. */
const JAIL_PARAMETERS =
  'linux.oss_version linux.osrelease=65 linux.osname=65 linux. zfs.mount_snapshot zfs. sysvshm. sysvsem. sysvmsg. allow.mount.nullfs allow.mount.linsysfs allow.mount.linprocfs allow.mount.fdescfs allow.mount.zfs allow.mount.tmpfs allow.mount.procfs allow.mount.devfs allow.mount. allow.nfsd allow.suser allow.unprivileged_proc_debug allow.read_msgbuf allow.reserved_ports allow.mlock allow.socket_af allow.quotas allow.chflags allow.raw_sockets allow.sysvipc allow.set_hostname ip6.saddrsel ip6. ip4.saddrsel ip4. cpuset.id host.hostid host.hostuuid=64 host.domainname=256 host.hostname=256 host. children.max children.cur dying vnet persist devfs_ruleset enforce_statfs osrelease=32 osreldate securelevel path=1024 name=256 parent jid'

/** A parameter's size, or 0; in the order sysctl(8) lists them. */
const jailParameters = JAIL_PARAMETERS.split(' ').map((word): [string, string] => {
  const [name = '', size = '0'] = word.split('=')
  return [`security.jail.param.${name}`, size]
})

export const FREEBSD_14_2: Readonly<Record<string, string>> = {
  // 04-symlink-rctl-net.jsonl, line 36.
  'hw.ncpu': '2',
  'hw.physmem': '4277612544',
  'kern.argmax': '524288',
  // facts.md live-15; sbin/init/init.c.
  'kern.init_shutdown_timeout': '120',
  'kern.maxfiles': '130542',
  'kern.osreldate': '1402000',
  'kern.osrelease': '14.2-RELEASE',
  'kern.ostype': 'FreeBSD',
  // GENERIC has 0 (facts.md rctl-1); that host had it in /boot/loader.conf.
  'kern.racct.enable': '1',
  'net.inet.ip.forwarding': '0',
  'net.inet6.ip6.forwarding': '0',
  // sys/net/if_bridge.c
  'net.link.bridge.inherit_mac': '0',
  'net.link.bridge.ipfw': '0',
  'net.link.bridge.ipfw_arp': '0',
  'net.link.bridge.pfil_bridge': '1',
  'net.link.bridge.pfil_local_phys': '0',
  'net.link.bridge.pfil_member': '1',
  'net.link.bridge.pfil_onlyip': '1',
  'security.jail.devfs_ruleset': '0',
  'security.jail.enforce_statfs': '2',
  'vfs.zfs.version.module': 'v2.2.6-FreeBSD_g33174af15',
  ...Object.fromEntries(jailParameters),
}
