/** What instances may send, as pf has it and as their own configurations say that it shall be. */
import { instanceRules } from '../bridge/isolation.ts'
import { areOf, asFile } from '../bridge/revision.ts'
import { anchorOf, rulesFile } from '../layout.ts'
import type { InstanceView } from './instance.ts'
import type { Seen } from './look.ts'

/** The file that instance_jail writes with such a configuration; undefined where nothing of it is private. */
function wantedRules({ configuration }: InstanceView): string | undefined {
  const wires = typeof configuration === 'object' ? configuration.wires.filter(({ isPrivate }) => isPrivate) : []
  const guarded = wires.map(({ outer, ether, addresses }) => ({ member: outer, ether, addresses }))
  return guarded.length === 0 ? undefined : asFile(instanceRules(guarded), 'instance_jail')
}

/** Interfaces that are yet to be made anew have the rules that they were made with. */
const isAsMade = ({ configuration }: InstanceView, { interfaces }: Seen) =>
  typeof configuration === 'object' &&
  configuration.wires.every(({ outer, note }) =>
    interfaces.some(({ name, description }) => name === outer && description === note),
  )

export function filterDrift(view: InstanceView, seen: Seen): string[] {
  const { id, life, configuration } = view
  if (typeof configuration !== 'object') return []
  const wanted = wantedRules(view)
  const [path, file, shown] = [rulesFile(id), seen.rulesFiles.get(id), seen.rules?.get(anchorOf(id)) ?? []]
  const runsAsMade = life === 'running' && isAsMade(view, seen)
  return [
    ...(wanted === undefined || file === wanted
      ? []
      : file === undefined
        ? [`${path} is not there, and without it it does not start`]
        : [`${path} is not as instance_jail wrote it`]),
    ...(runsAsMade && seen.rules !== undefined && wanted !== undefined && !areOf(wanted, shown)
      ? ["pf's rules for it are not in force: it can send as somebody else"]
      : []),
    ...(runsAsMade && wanted === undefined && shown.length > 0 ? ['pf has rules for it, and it is to have none'] : []),
    ...(life === 'stopped' && shown.length > 0 ? ['pf has rules for it, although it does not run'] : []),
  ]
}

/** Of all of them together. */
export function filterProblems(views: readonly InstanceView[], { rules }: Seen): string[] {
  const guarded = views.filter(view => view.life === 'running' && wantedRules(view) !== undefined)
  if (guarded.length === 0) return []
  if (rules === undefined) return ['the kernel has no pf, so that instances can send as somebody else']
  const call = `anchor "${anchorOf('*')}"`
  return rules.get('')?.some(rule => rule.startsWith(call))
    ? []
    : [`the main rules of pf do not call ${call}, so that instances can send as somebody else: run vnet_bridge`]
}
