/**
 * Parameters of jails that the kernel of FreeBSD 14.2 knows, in the order `jls -n` prints them (03-jails.jsonl; libjail
 * looks them up below sysctl security.jail.param, 08-host.jsonl).
 */

export interface Parameter {
  readonly name: string
  /** `switch` is a boolean, whose name may have `no` before its last part; `list` takes several values. */
  readonly kind: 'number' | 'text' | 'switch' | 'system' | 'list'
  /** Of a jail nobody set it for. */
  readonly usual: string
  /** It cannot be changed while the jail runs (CTLFLAG_RDTUN), or never be set (CTLFLAG_RD). */
  readonly fixed?: 'at creation' | 'always'
}

const text = (name: string, usual = ''): Parameter => ({ name, kind: 'text', usual })
const number = (name: string, usual: string): Parameter => ({ name, kind: 'number', usual })
const toggle = (name: string, usual = 'false'): Parameter => ({ name, kind: 'switch', usual })
const system = (name: string, usual: string): Parameter => ({ name, kind: 'system', usual })
const list = (name: string): Parameter => ({ name, kind: 'list', usual: '' })
const still = (parameter: Parameter): Parameter => ({ ...parameter, fixed: 'at creation' })
const told = (parameter: Parameter): Parameter => ({ ...parameter, fixed: 'always' })

const ALLOW_MOUNT = ['devfs', 'fdescfs', 'linprocfs', 'linsysfs', 'nullfs', 'procfs', 'tmpfs', 'zfs']
const ALLOWED = ['reserved_ports', 'set_hostname', 'suser', 'unprivileged_proc_debug']
const ALLOW =
  'nfsd quotas raw_sockets read_msgbuf reserved_ports set_hostname socket_af suser sysvipc unprivileged_proc_debug'

export const PARAMETERS: readonly Parameter[] = [
  number('devfs_ruleset', '0'),
  told(toggle('dying')),
  number('enforce_statfs', '2'),
  still(system('host', 'new')),
  still(system('ip4', 'inherit')),
  still(system('ip6', 'inherit')),
  still(number('jid', '0')),
  system('linux', 'new'),
  text('name'),
  still(number('osreldate', '0')),
  still(text('osrelease')),
  told(number('parent', '0')),
  still(text('path', '/')),
  toggle('persist'),
  number('securelevel', '-1'),
  system('sysvmsg', 'disable'),
  system('sysvsem', 'disable'),
  system('sysvshm', 'disable'),
  still(system('vnet', 'inherit')),
  system('zfs', 'new'),
  ...['chflags', 'mlock', 'mount'].map(name => toggle(`allow.${name}`)),
  ...ALLOW_MOUNT.map(name => toggle(`allow.mount.${name}`)),
  ...ALLOW.split(' ').map(name => toggle(`allow.${name}`, String(ALLOWED.includes(name)))),
  told(number('children.cur', '0')),
  number('children.max', '0'),
  told(number('cpuset.id', '0')),
  text('host.domainname'),
  number('host.hostid', '0'),
  text('host.hostname'),
  text('host.hostuuid', '00000000-0000-0000-0000-000000000000'),
  list('ip4.addr'),
  toggle('ip4.saddrsel', 'true'),
  list('ip6.addr'),
  toggle('ip6.saddrsel', 'true'),
  text('linux.osname', 'Linux'),
  text('linux.osrelease', '5.15.0'),
  number('linux.oss_version', '198144'),
  number('zfs.mount_snapshot', '0'),
]

const BY_NAME = new Map(PARAMETERS.map(parameter => [parameter.name, parameter]))

/** `allow.nomount` is allow.mount, negated. */
export function parameterNamed(name: string): { readonly parameter: Parameter; readonly negated: boolean } | undefined {
  const parameter = BY_NAME.get(name)
  if (parameter !== undefined) return { parameter, negated: false }
  const positive = BY_NAME.get(name.replace(/(^|\.)no([^.]*)$/, '$1$2'))
  return positive?.kind === 'switch' ? { parameter: positive, negated: true } : undefined
}

/** equalopts of usr.sbin/jail/config.c: the same with or without `no`. */
export const sameParameter = (one: string, other: string): boolean => one === other || positive(one) === positive(other)
const positive = (name: string) => name.replace(/(^|\.)no(?=[^.]*$)/, '$1')
