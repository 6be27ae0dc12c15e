/**
 * The parameters of jails: what kind of value each takes, and what jail(8) can change while a jail runs. Sources: jail(8);
 * freebsd-14.2/03-jails.jsonl (`jls -n`) for those of the kernel and their defaults; usr.sbin/jail/config.c (`intparams`)
 * for those of jail(8) itself; sys/kern/kern_jail.c (CTLFLAG_RDTUN) for what is fixed at creation.
 */
import { closest } from 'fastest-levenshtein'
import type { Probe } from '../core/host.ts'
import type { Command } from '../core/step.ts'

/** `system` is new, inherit or disable; `command` a line for sh(1). */
export type Kind = 'switch' | 'number' | 'system' | 'text' | 'list' | 'command'

export interface Parameter {
  readonly name: string
  readonly kind: Kind
  /** Known to the kernel, so that jls(8) shows it. Others are jail(8)'s own, and only matter when it starts or stops. */
  readonly isKernels: boolean
  /** Of a jail for which nobody set it, as jls(8) prints it; undefined where that depends on the host. */
  readonly usual?: string
  /** The same, of what can be made another from inside: it need not stay so. */
  readonly first?: string
  /** Takes effect when a jail is made, and never later. */
  readonly isFixed?: true
  /** Told by the kernel and never set. */
  readonly isTold?: true
}

const ALLOWED_USUALLY = new Set(['reserved_ports', 'set_hostname', 'suser', 'unprivileged_proc_debug'])
const ALLOW = `chflags extattr mlock mount mount.devfs mount.fdescfs mount.fusefs mount.linprocfs mount.linsysfs
  mount.nullfs mount.procfs mount.tmpfs mount.zfs nfsd quotas raw_sockets read_msgbuf reserved_ports set_hostname socket_af
  suser sysvipc unprivileged_proc_debug vmm`

const kernels = (kind: Kind, names: string, more: Partial<Parameter> = {}): Parameter[] =>
  words(names).map(name => ({ name, kind, isKernels: true, ...more }))
const own = (kind: Kind, names: string): Parameter[] => words(names).map(name => ({ name, kind, isKernels: false }))
const words = (text: string) => text.trim().split(/\s+/)

const PARAMETERS: readonly Parameter[] = [
  ...words(ALLOW).flatMap(name => kernels('switch', `allow.${name}`, { usual: String(ALLOWED_USUALLY.has(name)) })),
  ...kernels('number', 'children.max', { usual: '0' }),
  ...kernels('number', 'enforce_statfs', { usual: '2' }),
  ...kernels('number', 'securelevel', { usual: '-1' }),
  ...kernels('number', 'zfs.mount_snapshot', { usual: '0' }),
  ...kernels('number', 'host.hostid', { first: '0' }),
  ...kernels('number', 'linux.oss_version'),
  // For mounts of devfs that are made later: the one that jail(8) made keeps its rules.
  ...kernels('number', 'devfs_ruleset', { usual: '0', isFixed: true }),
  ...kernels('number', 'osreldate', { isFixed: true }),
  ...kernels('number', 'jid parent children.cur cpuset.id', { isTold: true }),
  ...kernels('switch', 'dying', { isTold: true }),
  ...kernels('switch', 'persist'),
  ...kernels('switch', 'ip4.saddrsel ip6.saddrsel', { usual: 'true' }),
  ...kernels('system', 'sysvmsg sysvsem sysvshm', { usual: 'disable' }),
  ...kernels('system', 'host ip4 ip6 vnet', { isFixed: true }),
  ...kernels('system', 'linux zfs'),
  ...kernels('text', 'host.domainname', { first: '' }),
  ...kernels('text', 'host.hostuuid', { first: '00000000-0000-0000-0000-000000000000' }),
  ...kernels('text', 'name host.hostname linux.osname linux.osrelease'),
  ...kernels('text', 'path osrelease', { isFixed: true }),
  // jail(8) puts them on an interface when it makes the jail: the kernel alone would know of a change.
  ...kernels('list', 'ip4.addr ip6.addr', { isFixed: true }),
  ...own('switch', 'allow.dying exec.clean exec.system_jail_user ip_hostname mount.devfs mount.fdescfs mount.procfs'),
  ...own('number', 'exec.fib exec.timeout stop.timeout'),
  ...own('text', 'exec.consolelog exec.jail_user exec.system_user interface mount mount.fstab vnet.interface'),
  ...own('list', 'depend zfs.dataset'),
  ...own('command', 'command exec.prepare exec.prestart exec.created exec.start exec.poststart'),
  ...own('command', 'exec.prestop exec.stop exec.poststop exec.release'),
]

const BY_NAME = new Map(PARAMETERS.map(parameter => [parameter.name, parameter]))

/** Those a jail has by default, for what is no longer asked for. */
export const usualParameters = PARAMETERS.filter(({ usual }) => usual !== undefined)

/** `allow.nomount` is allow.mount, negated (jail.conf(5)). */
export function parameterNamed(
  name: string,
): { readonly parameter: Parameter; readonly isNegated: boolean } | undefined {
  const parameter = BY_NAME.get(name)
  if (parameter !== undefined) return { parameter, isNegated: false }
  const positive = BY_NAME.get(name.replace(/(^|\.)no([^.]*)$/, '$1$2'))
  return positive?.kind === 'switch' ? { parameter: positive, isNegated: true } : undefined
}

/** The other way round: how a switch is turned off. */
export const negated = (name: string): string => name.replace(/([^.]*)$/, 'no$1')

export const closestParameter = (name: string): string => closest(name, [...BY_NAME.keys()])

const SYSCTL: Command = ['sysctl', 'security.jail.param']

/** The kernel's parameters with those of its modules; 08-host.jsonl (`sysctl security.jail.param`). */
export async function listParameters(machine: Probe): Promise<Set<string>> {
  const { stdout } = await machine.query(SYSCTL)
  const names = stdout.split('\n').flatMap(line => /^security\.jail\.param\.(\S+?)\.?: /.exec(line)?.[1] ?? [])
  return new Set(names)
}
