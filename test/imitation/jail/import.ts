/** From what is written to what the kernel takes (import_params of usr.sbin/jail/config.c, lib/libjail). */
import { Unknown } from '../screen.ts'
import { type Parameter, parameterNamed } from './parameters.ts'
import type { Settings } from './settings.ts'

/** Settings of jail(8) itself, that the kernel never sees (intparams of config.c). */
const OWN = new Set(
  `allow.dying command depend exec.clean exec.consolelog exec.created exec.fib exec.jail_user exec.poststart exec.poststop
  exec.prepare exec.prestart exec.prestop exec.release exec.start exec.stop exec.system_jail_user exec.system_user
  exec.timeout interface ip_hostname mount mount.devfs mount.fdescfs mount.fstab mount.procfs stop.timeout
  vnet.interface zfs.dataset`.split(/\s+/),
)
const SWITCHES = [
  'allow.dying',
  'exec.clean',
  'exec.system_jail_user',
  'ip_hostname',
  'mount.devfs',
  'mount.fdescfs',
  'mount.procfs',
]
const NUMBERS = ['exec.fib', 'exec.timeout', 'stop.timeout']

const ownName = (name: string) => (OWN.has(name) ? name : name.replace(/(^|\.)no([^.]*)$/, '$1$2'))
export const isOwn = (name: string) => OWN.has(ownName(name))

/** What is wrong with the settings of jail(8) itself (check_intparams). */
export function wrongSettings(settings: Settings): string[] {
  return settings.all.flatMap(({ name, values }) => {
    const value = values.at(-1)
    if (value === undefined) return []
    if (SWITCHES.includes(ownName(name)) && !/^(true|false|-?\d+)$/i.test(value))
      return [`${name}: unknown boolean value "${value}"`]
    return NUMBERS.includes(name) && !/^-?\d+$/.test(value) ? [`${name}: non-integer value "${value}"`] : []
  })
}

export const unknownParameters = (settings: Settings): string[] =>
  settings.all.filter(({ name }) => !isOwn(name) && parameterNamed(name) === undefined).map(({ name }) => name)

/** By their plain names, in jls(8)'s spelling. */
export function importParameters(settings: Settings): Record<string, string> {
  const given: Record<string, string> = {}
  for (const { name, values } of settings.all) {
    const known = isOwn(name) ? undefined : parameterNamed(name)
    if (known !== undefined) given[known.parameter.name] = importValue(known.parameter, known.negated, values)
  }
  return given
}

function importValue(parameter: Parameter, negated: boolean, values: readonly string[]): string {
  const value = values.at(-1)
  switch (parameter.kind) {
    case 'switch': {
      const holds = value === undefined || !/^(false|0)$/i.test(value)
      return String(holds !== negated)
    }
    case 'system':
      if (value === undefined) return 'new'
      if (!['new', 'inherit', 'disable'].includes(value)) throw new Unknown(`value of ${parameter.name}: ${value}`)
      return value
    case 'number':
      if (value === undefined || !/^-?\d+$/.test(value)) throw new Unknown(`value of ${parameter.name}: ${value}`)
      return value
    case 'list':
      // Interface and mask are for ifconfig alone.
      return values.map(each => (each.split('|').at(-1) ?? '').split(/[/ ]/)[0]).join(',')
    case 'text':
      return value ?? ''
  }
}
