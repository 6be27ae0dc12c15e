/** What a task asks for, file by file. */
import { InvalidOptions } from '../../core/errors.ts'
import type { Scalar } from '../../core/options.ts'
import { LOADER, LOADER_CONF, LOADER_CONF_FOLDER, LOADER_CONF_LOCAL } from '../../freebsd/loader-conf.ts'
import { RC_CONF } from '../../freebsd/rc-conf.ts'
import type { Syntax } from '../../freebsd/settings-syntax.ts'
import { SYSCTL, SYSCTL_CONF } from '../../freebsd/sysctl-conf.ts'
import type { Wish } from './files.ts'

type Values = Readonly<Record<string, Scalar>>
type Words = Readonly<Record<string, readonly string[]>>

export interface Asked {
  readonly rc_conf?: Values | undefined
  readonly rc_conf_add?: Words | undefined
  readonly rc_conf_remove?: Words | undefined
  readonly rc_conf_d?: Readonly<Record<string, Values>> | undefined
  readonly loader_conf?: Values | undefined
  readonly sysctl?: Values | undefined
  readonly periodic_conf?: Values | undefined
  readonly kernel_modules?: readonly string[] | undefined
  readonly pool_report?: boolean | undefined
}

/** A part of a task: what is wished for in files that are read together. */
export interface Request {
  /** The key in the module's state; with `service`, below `rc_conf_d`. */
  readonly part: 'rc_conf' | 'rc_conf_d' | 'loader_conf' | 'sysctl_conf' | 'periodic_conf'
  readonly service?: string
  readonly syntax: Syntax
  readonly files: readonly string[]
  /** A folder whose `*.conf` files are read before the last of `files`. */
  readonly folder?: string
  readonly home: string
  readonly defaults?: string
  readonly wishes: ReadonlyMap<string, Wish>
}

/** rc.conf's own list of modules for rc.d/kld. */
export const KLD_LIST = 'kld_list'

export function requestsOf(asked: Asked): Request[] {
  const services = Object.entries(asked.rc_conf_d ?? {})
  return [
    {
      part: 'sysctl_conf',
      syntax: SYSCTL,
      files: SYSCTL_CONF,
      home: SYSCTL_CONF[0],
      wishes: sysctlWishes(asked),
    } as const,
    {
      part: 'rc_conf',
      syntax: RC_CONF,
      // rc_conf_files of /etc/defaults/rc.conf.
      files: ['/etc/rc.conf', '/etc/rc.conf.local'],
      home: '/etc/rc.conf',
      defaults: '/etc/defaults/rc.conf',
      wishes: rcWishes(asked),
    } as const,
    ...services.map(([service, values]) => ({ ...ofService(service), wishes: wishesOf(values) })),
    {
      part: 'periodic_conf',
      syntax: RC_CONF,
      // periodic_conf_files of /etc/defaults/periodic.conf.
      files: ['/etc/periodic.conf', '/etc/periodic.conf.local'],
      home: '/etc/periodic.conf',
      wishes: wishesOf(asked.periodic_conf),
    } as const,
    {
      part: 'loader_conf',
      syntax: LOADER,
      files: [LOADER_CONF, LOADER_CONF_LOCAL],
      folder: LOADER_CONF_FOLDER,
      home: LOADER_CONF,
      wishes: wishesOf(asked.loader_conf, switchOfLoader),
    } as const,
  ].filter(({ wishes }) => wishes.size > 0)
}

/** rc.subr(8), load_rc_config: what only that service's script reads. */
function ofService(service: string): Omit<Request, 'wishes'> {
  if (!/^[A-Za-z0-9_]+$/.test(service))
    throw new InvalidOptions(`rc_conf_d: '${service}' cannot be a service's name, as in /etc/rc.d`)
  const path = `/etc/rc.conf.d/${service}`
  return { part: 'rc_conf_d', service, syntax: RC_CONF, files: [path], home: path }
}

/** sysctl(8) says 1 and 0, and its switches are numbers. */
export const sysctlWishes = ({ sysctl }: Pick<Asked, 'sysctl'>) => wishesOf(sysctl, on => (on ? '1' : '0'))

function rcWishes({ rc_conf, rc_conf_add = {}, rc_conf_remove = {}, kernel_modules = [] }: Asked) {
  const wishes = wishesOf(rc_conf)
  const modules: Record<string, string[]> =
    kernel_modules.length === 0 ? {} : { [KLD_LIST]: kernel_modules.map(checkModule) }
  for (const name of new Set([...Object.keys(rc_conf_add), ...Object.keys(rc_conf_remove), ...Object.keys(modules)])) {
    if (wishes.has(name))
      throw new InvalidOptions(
        name in modules
          ? `rc_conf: ${KLD_LIST} is set whole, and \`kernel_modules\` adds to it: say one of both`
          : `rc_conf: ${name} is set whole, and words are added to it or taken from it: say one of both`,
      )
    const add = [...(rc_conf_add[name] ?? []), ...(modules[name] ?? [])]
    const remove = rc_conf_remove[name] ?? []
    const problem = [...add, ...remove].find(word => /\s/.test(word)) ?? add.find(word => remove.includes(word))
    if (problem !== undefined)
      throw new InvalidOptions(
        /\s/.test(problem)
          ? `rc_conf_add, rc_conf_remove: ${name}: '${problem}' is not one word; give words as a list`
          : `rc_conf_add, rc_conf_remove: ${name}: '${problem}' is to be added and to be removed`,
      )
    wishes.set(name, { add: [...new Set(add)], remove })
  }
  return wishes
}

function checkModule(name: string): string {
  if (/^[A-Za-z0-9_][\w-]*$/.test(name)) return name
  throw new InvalidOptions(
    `kernel_modules: '${name}' cannot be a module's name: give it as kldload(8) takes it, without path and .ko, like if_bridge`,
  )
}

type Switch = (on: boolean, name: string) => string

const wishesOf = (values: Values = {}, switchOf: Switch = on => (on ? 'YES' : 'NO')) =>
  new Map<string, Wish>(
    Object.entries(values).map(([name, value]) => [
      name,
      value === null ? null : typeof value === 'boolean' ? switchOf(value, name) : String(value),
    ]),
  )

/** Tunables of the kernel have dots and are numbers; what the loader itself is told is YES or NO. */
const switchOfLoader: Switch = (on, name) => (name.includes('.') ? (on ? '1' : '0') : on ? 'YES' : 'NO')
