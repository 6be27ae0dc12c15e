/** What instances may send, as pf has it and as their own configurations say that it shall be. */
import { BRIDGES_ANCHOR, BRIDGES_FILE } from '../bridge/filter.ts'
import { ISOLATION_SYSCTLS, instanceRules } from '../bridge/isolation.ts'
import { areOf, asFile, rulesIn } from '../bridge/revision.ts'
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
  const [path, file, shown] = [rulesFile(id), seen.rulesFiles.get(id), seen.filter.rules.get(anchorOf(id)) ?? []]
  const runsAsMade = life === 'running' && isAsMade(view, seen)
  return [
    ...(wanted === undefined || file === wanted
      ? []
      : file === undefined
        ? [`${path} is not there, and without it it does not start`]
        : [`${path} is not as instance_jail wrote it`]),
    ...(runsAsMade && seen.filter.isLoaded && wanted !== undefined && !areOf(wanted, shown)
      ? ["pf's rules for it are not in force: it can send as somebody else"]
      : []),
    ...(runsAsMade && wanted === undefined && shown.length > 0 ? ['pf has rules for it, and it is to have none'] : []),
    ...(life === 'stopped' && shown.length > 0 ? ['pf has rules for it, although it does not run'] : []),
  ]
}

/** Of all of them together, and of the bridges they are on. */
export function filterProblems(views: readonly InstanceView[], seen: Seen): string[] {
  const isGuarded = views.some(view => view.life === 'running' && wantedRules(view) !== undefined)
  const bridges = rulesIn(seen.bridgeRules)
  if (!isGuarded && bridges.length === 0) return []
  return [...inForce(isGuarded, bridges, seen), ...(isGuarded ? unseen(seen) : [])]
}

function inForce(isGuarded: boolean, bridges: readonly string[], { filter, bridgeRules }: Seen): string[] {
  const ofBridges = effectsOf(bridges)
  const effects = [...(isGuarded ? ['instances can send as somebody else'] : []), ...ofBridges].join(', and ')
  if (!filter.isLoaded) return [`the kernel has no pf, so that ${effects}`]
  if (!filter.isEnabled) return [`pf is off, so that ${effects}: 'service pf onestart', or run vnet_bridge`]
  const call = `anchor "${anchorOf('*')}"`
  if (!filter.rules.get('')?.some(rule => rule.startsWith(call)))
    return [`the main rules of pf do not call ${call}, so that ${effects}: run vnet_bridge`]
  return bridges.length === 0 || areOf(bridgeRules ?? '', filter.rules.get(BRIDGES_ANCHOR) ?? [])
    ? []
    : [`pf does not have what ${BRIDGES_FILE} says, so that ${ofBridges.join(', and ')}: run vnet_bridge`]
}

/** What is so without them, in words. */
const effectsOf = (rules: readonly string[]): string[] => [
  ...(rules.some(rule => rule.startsWith('nat ')) ? ['nothing gets out of private networks'] : []),
  ...(rules.some(rule => rule.startsWith('rdr ')) ? ['ports that are redirected lead nowhere'] : []),
  ...(rules.some(rule => /^block .* from ! </.test(rule)) ? ['private networks take any sender'] : []),
  ...(rules.some(rule => /^block .* from (any to )?</.test(rule))
    ? ['instances get through the host to each other']
    : []),
]

/** Rules count for nothing where the kernel does not show packets to pf. */
function unseen({ sysctls }: Seen): string[] {
  return [...ISOLATION_SYSCTLS].flatMap(([name, value]) => {
    const now = sysctls.get(name)
    if (now === undefined || now === value) return []
    return [`${name} is ${now}, so that ${BLIND[name] ?? 'not all that instances send is looked at'}: run vnet_bridge`]
  })
}

/** By sys/net/if_bridge.c (rules/bridge/isolation.ts). */
const BLIND: Readonly<Record<string, string>> = {
  'net.link.bridge.pfil_member': 'pf does not see what instances send',
  'net.link.bridge.pfil_local_phys': 'pf does not see what instances send to the host',
  'net.link.bridge.pfil_onlyip': 'what is neither IP nor ARP gets through',
}
