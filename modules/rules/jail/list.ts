/** rc.conf(5): which instances the host starts when it boots, and in which order. */
import { Refused } from '../../core/errors.ts'
import { isYes } from '../../freebsd/sysrc.ts'
import type { Request } from './requests.ts'

export const VARIABLES = ['jail_enable', 'jail_list', 'jail_parallel_start', 'jail_reverse_stop', 'hostname'] as const

/** With an empty jail_list, the host starts all jails of this file at boot. */
export const MAIN_CONF = '/etc/jail.conf'

export type RcConf = ReadonlyMap<string, string>

export interface Settings {
  readonly parallelStart: boolean | undefined
  readonly reverseStop: boolean | undefined
}

export const listed = (rcConf: RcConf): string[] =>
  (rcConf.get('jail_list') ?? '').split(/\s+/).filter(name => name !== '')

/** Names of others and their order stay; an instance keeps its place unless `after` says otherwise. */
export function plannedList(before: readonly string[], all: readonly Request[]): string[] {
  const requests = all.filter(({ configures }) => configures)
  const leaving = new Set(requests.filter(one => one.state === 'absent' || !one.boot).map(one => one.id))
  const names = before.filter((name, index) => !leaving.has(name) && before.indexOf(name) === index)
  for (const { id, after } of requests) {
    if (leaving.has(id)) continue
    const at = names.indexOf(id)
    const least = Math.max(-1, ...after.map(other => names.indexOf(other))) + 1
    if (at >= least) continue
    if (at < 0) names.push(id)
    else {
      names.splice(at, 1)
      names.splice(least - 1, 0, id)
    }
  }
  return names
}

/** What is to be written, and nothing that is so already. */
export function changedVariables(
  rcConf: RcConf,
  requests: readonly Request[],
  settings: Settings,
): Map<string, string> {
  const [before, after] = [listed(rcConf), plannedList(listed(rcConf), requests)]
  const changes = new Map<string, string>()
  if (before.join(' ') !== after.join(' ')) changes.set('jail_list', after.join(' '))
  if (requests.some(one => one.configures && one.boot && one.state !== 'absent') && !isYes(rcConf.get('jail_enable')))
    changes.set('jail_enable', 'YES')
  const wish = (name: string, wanted: boolean | undefined) => {
    if (wanted !== undefined && isYes(rcConf.get(name)) !== wanted) changes.set(name, wanted ? 'YES' : 'NO')
  }
  wish('jail_parallel_start', settings.parallelStart)
  wish('jail_reverse_stop', settings.reverseStop)
  return changes
}

/**
 * With an empty list rc.d/jail starts every jail of /etc/jail.conf, and with any list only what that names (fact jail-2):
 * the first instance would keep the others from starting.
 */
export function refuseHidingOthers(rcConf: RcConf, changes: ReadonlyMap<string, string>, hasJailConf: boolean): void {
  if (!hasJailConf || !changes.has('jail_list') || listed(rcConf).length > 0 || !isYes(rcConf.get('jail_enable')))
    return
  throw new Refused(
    'jail_list in rc.conf is empty, so the host starts all jails of /etc/jail.conf when it boots; once the list names an instance, it would start those no more. Put their names into it first (\'sysrc jail_list="NAME …"\'), or give boot: false.',
  )
}

/**
 * With jail_parallel_start rc.d/jail waits for nobody (libexec/rc/rc.d/jail, jail_start): all can be started at once as long
 * as none that starts at boot comes after another, be it of this task or not.
 */
export function heedingOrder(
  settings: Settings,
  boots: readonly string[],
  afterOf: ReadonlyMap<string, readonly string[]>,
): Settings {
  const isOrdered = boots.some(id => (afterOf.get(id) ?? []).length > 0)
  return settings.parallelStart && isOrdered ? { ...settings, parallelStart: false } : settings
}

export function orderWarnings(rcConf: RcConf, requests: readonly Request[], { parallelStart }: Settings): string[] {
  if (!requests.some(one => one.configures && one.after.length > 0 && one.boot && one.state !== 'absent')) return []
  if (!(parallelStart ?? isYes(rcConf.get('jail_parallel_start')))) return []
  return [
    '`after` holds when this module starts instances, and not at boot: jail_parallel_start is YES, so all are started at once. Give `parallel_start`, and it is set as that needs.',
  ]
}

/** `after` is about instances of this host; a name that nobody knows is a mistake. */
export function refuseUnknown(requests: readonly Request[], known: ReadonlySet<string>): void {
  for (const { id, after } of requests) {
    const unknown = after.filter(other => !known.has(other))
    if (unknown.length > 0)
      throw new Refused(
        `${id} is to come after ${unknown.join(', ')}, which this host does not have. Check the name, or leave it out.`,
      )
  }
}
