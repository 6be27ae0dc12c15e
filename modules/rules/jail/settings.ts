/** What may be said of a jail beside its interfaces: parameters of jail(8) by name, each in the spelling of jls(8). */
import { InvalidOptions } from '../../core/errors.ts'
import type { Scalar } from '../../core/options.ts'
import { closestParameter, type Kind, parameterNamed } from '../../freebsd/jail-parameters.ts'
import { isWithin } from '../../freebsd/mount.ts'
import type { InstancePlaces } from '../layout.ts'

export interface Parameter {
  readonly kind: Kind
  /** `true` and `false` for a switch. */
  readonly value: string
}

export type Parameters = ReadonlyMap<string, Parameter>

/** Longer than any rc script should need, and than init waits for rc.shutdown (fact live-15); without one, one that hangs blocks the boot. */
export const EXEC_TIMEOUT_SECONDS = 300
const STOP_TIMEOUT_SECONDS = 30

const usualSettings = ({ consoleLog }: InstancePlaces): Record<string, Scalar> => ({
  devfs_ruleset: 4,
  // With 2, `df` inside shows neither the datasets nor their quotas (fact live-7).
  enforce_statfs: 1,
  'mount.devfs': true,
  'mount.fdescfs': true,
  'exec.clean': true,
  'exec.consolelog': consoleLog,
  'exec.start': '/bin/sh /etc/rc',
  'exec.stop': '/bin/sh /etc/rc.shutdown jail',
  'exec.timeout': EXEC_TIMEOUT_SECONDS,
  'stop.timeout': STOP_TIMEOUT_SECONDS,
})

/** What this module decides itself, and how to have it otherwise. */
const DECIDED: Readonly<Record<string, string>> = {
  depend: 'jail(8) cannot find a jail of another file. Say `after: [ids]`.',
  'host.hostname': 'say `hostname`.',
  path: 'it follows from the id.',
  name: 'it is the id.',
  jid: 'the kernel chooses it.',
  persist: 'it is always set: without it, an instance would vanish with its last process and leave its mounts.',
  'mount.fstab': 'it follows from the id. What is mounted is up to instance_mounts.',
  mount: 'what is mounted is up to instance_mounts.',
  vnet: 'an instance has a network stack of its own unless ip4, ip6, ip4.addr or ip6.addr is given.',
  'vnet.interface': 'say `interfaces`.',
  'exec.prepare': 'interfaces are made there. Use exec.prestart.',
  'exec.created': 'interfaces are configured there. Use exec.prestart or exec.poststart.',
  'exec.release': 'interfaces are destroyed there. Use exec.poststop.',
  command: 'use exec.start.',
}

export const isDecided = (name: string): boolean => Object.hasOwn(DECIDED, name)

const NEVER_WITHOUT = ['exec.timeout', 'stop.timeout', 'exec.start', 'exec.stop']

/** Values as a playbook gives them; null takes a default away. */
export function parametersOf(id: string, given: Readonly<Record<string, Scalar>>, places: InstancePlaces): Parameters {
  const settings = new Map<string, Parameter>()
  for (const [name, value] of [...Object.entries(usualSettings(places)), ...Object.entries(given)]) {
    const { canonical, parameter } = readParameter(id, name, value)
    if (parameter !== undefined) settings.set(canonical, parameter)
    else if (NEVER_WITHOUT.includes(canonical))
      throw new InvalidOptions(`${id}: the parameter ${canonical} cannot be left out. Give it another value.`)
    else settings.delete(canonical)
  }
  if (Number(settings.get('exec.timeout')?.value) < 1)
    throw new InvalidOptions(
      `${id}: exec.timeout must be at least 1 second: without a limit, one rc script that hangs blocks the start of all.`,
    )
  const log = settings.get('exec.consolelog')?.value
  // Somebody who is root in there could put a link in its place, and we read it.
  if (log !== undefined && (!log.startsWith('/') || /\/\.\.?(\/|$)/.test(log) || isWithin(log, places.root)))
    throw new InvalidOptions(`${id}: exec.consolelog must be a plain absolute path outside of the instance's root.`)
  return new Map([...settings].sort(([one], [other]) => (one < other ? -1 : 1)))
}

/** Its console log is where it belongs: other places are the operator's own affair. */
export const hasUsualLog = ({ parameters, places }: { parameters: Parameters; places: InstancePlaces }) =>
  parameters.get('exec.consolelog')?.value === places.consoleLog

/** An instance without a network stack of its own shares the host's. */
export const sharesNetwork = (parameters: Parameters) =>
  ['ip4', 'ip6', 'ip4.addr', 'ip6.addr'].some(name => parameters.has(name))

function readParameter(id: string, name: string, value: Scalar) {
  const refuse = (why: string): never => {
    throw new InvalidOptions(`${id}: the parameter ${name} ${why}`)
  }
  if (!/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/.test(name)) refuse('is not the name of a parameter of jail(8).')
  const known = parameterNamed(name)
  const canonical = known?.parameter.name ?? name
  const decided = DECIDED[canonical]
  if (decided !== undefined) refuse(`cannot be given: ${decided}`)
  if (known?.parameter.isTold) refuse('is told by the kernel and cannot be set.')
  if (value === null) return { canonical, parameter: undefined }

  const kind: Kind = known?.parameter.kind ?? (typeof value === 'boolean' ? 'switch' : 'text')
  const text = String(value)
  if (/\p{Cc}/u.test(text)) refuse('has a control character in its value.')
  if (kind === 'switch') {
    const holds = /^(true|yes|on|1)$/i.test(text)
    if (!holds && !/^(false|no|off|0)$/i.test(text))
      refuse(`is either true or false, and not ${JSON.stringify(value)}.`)
    return { canonical, parameter: { kind, value: String(holds !== (known?.isNegated ?? false)) } }
  }
  if (kind === 'number' && !/^-?\d{1,10}$/.test(text)) refuse(`is a whole number, and not ${JSON.stringify(value)}.`)
  if (kind === 'system' && !/^(new|inherit|disable)$/.test(text))
    refuse(`is one of new, inherit and disable, and not ${JSON.stringify(value)}.`)
  if (text === '' && kind !== 'text') refuse('has no value. To leave it out, give null.')
  return { canonical, parameter: { kind, value: text } }
}

/** Those that neither FreeBSD's manual nor this host knows. */
export function unknownParameters(parameters: Parameters, known: ReadonlySet<string>): string[] {
  return unlisted(parameters)
    .filter(name => !known.has(name))
    .map(
      name =>
        `this host knows no jail parameter ${name}. Did you mean ${closestParameter(name)}? Those of a kernel module are known once it is loaded.`,
    )
}

/** Those that only the host can tell whether they exist. */
export const unlisted = (parameters: Parameters): string[] =>
  [...parameters.keys()].filter(name => parameterNamed(name) === undefined)
