/**
 * What rc.conf(5) must say for a bridge to be there after a boot, and to keep its members over `service netif restart`.
 * By libexec/rc/network.subr (14.2):
 * - what `cloned_interfaces` names is destroyed and made anew by a restart, unless it says `:sticky`;
 * - `ifconfig_NAME` is one command line, and ends at the first word that fails: `addm` of what is a member still. So
 *   VLANs come first, which a restart makes anew, and addresses stand in variables of their own;
 * - the dot of a VLAN's name becomes `_` in the names of variables.
 */

import { familyOf } from '../../freebsd/addresses.ts'
import { isCloneName, splitVlan } from '../../freebsd/ifconfig-network.ts'
import type { Wish } from '../settings/files.ts'
import { ISOLATED } from './isolation.ts'
import { vlanNote } from './live.ts'
import type { Devices } from './members.ts'
import type { Request, Uplink } from './requests.ts'

/** Variables of rc.conf as they are, or undefined where they are set in a way that cannot be read. */
export type Variables = ReadonlyMap<string, string>

interface Words {
  readonly add: Set<string>
  readonly remove: Set<string>
}

export const variableOf = (name: string, suffix = '') => `ifconfig_${name.replace(/[.\-+/]/g, '_')}${suffix}`

const wordsOf = (text: string | undefined) => (text ?? '').split(/\s+/).filter(word => word !== '')

/** What each bridge is called before it gets its name: FreeBSD's own name for it. */
export function clonesOf(requests: readonly Request[], variables: Variables, devices: Devices): Map<string, string> {
  const clones = new Map<string, string>()
  const named = namedClones(variables)
  const taken = new Set([
    // Whoever made it may want it at the next boot, too.
    ...devices.keys(),
    ...wordsOf(variables.get('cloned_interfaces')).map(word => word.split(':', 1)[0] ?? ''),
    ...named.values(),
    ...requests.map(({ name }) => name),
  ])
  for (const { name } of requests) {
    const known = isCloneName(name) ? name : named.get(name)
    let unit = 0
    while (taken.has(`bridge${unit}`)) unit += 1
    const clone = known ?? `bridge${unit}`
    taken.add(clone)
    clones.set(name, clone)
  }
  return clones
}

/** Of rc.conf: the numbers of bridges that a boot calls by a name, by that. */
export const namedClones = (variables: Variables): Map<string, string> =>
  new Map(
    [...variables].flatMap(([variable, value]) => {
      const clone = /^ifconfig_(bridge\d+)_name$/.exec(variable)?.[1]
      return clone === undefined ? [] : [[value, clone] as const]
    }),
  )

export interface Boot {
  readonly clones: ReadonlyMap<string, string>
  readonly filter: boolean
  readonly forwards: readonly ('inet' | 'inet6')[]
  readonly refusesMemberAddresses: boolean
}

export function bootWishes(requests: readonly Request[], variables: Variables, boot: Boot): Map<string, Wish> {
  const wishes = new Map<string, Wish>()
  const lists = new Map<string, Words>()
  const list = (name: string): Words => {
    const words = lists.get(name) ?? { add: new Set(), remove: new Set() }
    lists.set(name, words)
    return words
  }
  for (const request of requests) {
    const clone = boot.clones.get(request.name) ?? request.name
    const stale = staleVlans(request, variables)
    for (const vlan of stale) forgetVlan(vlan)
    const cloned = list('cloned_interfaces')
    if (request.state === 'absent') {
      for (const suffix of ['', ':sticky', ':nosticky']) cloned.remove.add(`${clone}${suffix}`)
      if (clone !== request.name) wishes.set(variableOf(clone, '_name'), null)
      for (const variable of ownVariables(request.name, variables)) wishes.set(variable, null)
      continue
    }
    for (const suffix of ['', ':nosticky']) cloned.remove.add(`${clone}${suffix}`)
    cloned.add.add(`${clone}:sticky`)
    if (clone !== request.name) wishes.set(variableOf(clone, '_name'), request.name)
    for (const [variable, value] of bridgeVariables(request, variables)) wishes.set(variable, value)
    for (const uplink of request.uplinks) wishUplink(request, uplink)
  }
  for (const [name, { add, remove }] of lists) {
    if (add.size === 0 && !variables.has(name)) continue
    wishes.set(name, { add: [...add], remove: [...remove].filter(word => !add.has(word)) })
  }
  if (boot.filter) wishes.set('pf_enable', 'YES')
  if (boot.forwards.includes('inet')) wishes.set('gateway_enable', 'YES')
  if (boot.forwards.includes('inet6')) wishes.set('ipv6_gateway_enable', 'YES')
  return wishes

  function forgetVlan(name: string): void {
    const { parent = '', tag = 0 } = splitVlanVariable(name) ?? {}
    list(`vlans_${parent}`).remove.add(String(tag))
    wishes.set(`ifconfig_${name}`, null)
    wishes.set(`ifconfig_${name}_descr`, null)
  }

  /** An uplink does not keep what is the bridge's address now. */
  function wishUplink({ name: bridge, mtu, addresses: given = [] }: Request, { name, vlan }: Uplink): void {
    if (vlan !== undefined) {
      list(`vlans_${vlan.parent}`).add.add(String(vlan.tag))
      wishes.set(variableOf(name), mtu === undefined ? 'up' : `mtu ${mtu} up`)
      wishes.set(variableOf(name, '_descr'), vlanNote(bridge))
      // It must be up, and any value of this makes it so.
      const parent = variableOf(vlan.parent)
      if (!wishes.has(parent) && !variables.get(parent)) wishes.set(parent, 'up')
      return
    }
    for (const [variable, value] of variables) {
      if (!isOwn(name, variable) || variable.endsWith('_descr')) continue
      const rest = withoutAddresses(value, given)
      if (rest !== value && variable !== variableOf(name)) wishes.set(variable, rest === '' ? null : rest)
    }
    // An address of its link alone would be one, too.
    if (boot.refusesMemberAddresses && variables.has(variableOf(name, '_ipv6')))
      wishes.set(variableOf(name, '_ipv6'), null)
    const rest = withoutAddresses(variables.get(variableOf(name)) ?? '', given)
    wishes.set(variableOf(name), (mtu === undefined ? rest : withMtu(rest, mtu)) || 'up')
  }
}

function bridgeVariables(request: Request, variables: Variables): Map<string, string | null> {
  const { name, addresses, mtu, stp, description, uplinks, isolate } = request
  const ordered = [
    ...uplinks.filter(({ vlan }) => vlan !== undefined),
    ...uplinks.filter(({ vlan }) => vlan === undefined),
  ]
  const kept = addresses === undefined ? addressWords(variables.get(variableOf(name)) ?? '') : []
  const words = [
    ...kept,
    ...(mtu === undefined || uplinks.length > 0 ? [] : ['mtu', String(mtu)]),
    ...(isolate ? ['group', ISOLATED] : []),
    'up',
    ...ordered.flatMap(({ name: member }) => [
      ...['addm', member],
      ...(isolate ? ['-learn', member] : []),
      ...(stp ? ['stp', member] : []),
    ]),
  ]
  const wishes = new Map<string, string | null>([[variableOf(name), words.join(' ')]])
  if (description !== undefined) wishes.set(variableOf(name, '_descr'), description)
  if (addresses === undefined) return wishes
  for (const variable of ownVariables(name, variables))
    if (/_(aliases|alias\d+|ipv6)$|^ipv4_addrs_/.test(variable)) wishes.set(variable, null)
  for (const [index, address] of addresses.entries())
    wishes.set(variableOf(name, `_alias${index}`), `${familyOf(address)} ${address}`)
  // Without it, no IPv6 address is set at all (ipv6if).
  if (addresses.some(address => familyOf(address) === 'inet6'))
    wishes.set(variableOf(name, '_ipv6'), 'inet6 -ifdisabled')
  return wishes
}

const isOwn = (name: string, variable: string) =>
  variable === `ipv4_addrs_${name}` ||
  (variable.startsWith(variableOf(name)) &&
    /^(_descr|_ipv6|_aliases|_alias\d+)?$/.test(variable.slice(variableOf(name).length)))

const ownVariables = (name: string, variables: Variables) =>
  [...variables.keys()].filter(variable => isOwn(name, variable))

/** VLANs that were made for this bridge and are no uplinks of it any more, as in the names of variables: `em0_100`. */
function staleVlans({ name, state, uplinks }: Request, variables: Variables): string[] {
  const wanted = state === 'absent' ? [] : uplinks.map(uplink => variableOf(uplink.name, '_descr'))
  return [...variables].flatMap(([variable, value]) => {
    const vlan = /^ifconfig_(\w+_\d+)_descr$/.exec(variable)?.[1]
    return vlan === undefined || value !== vlanNote(name) || wanted.includes(variable) ? [] : [vlan]
  })
}

const splitVlanVariable = (name: string) => splitVlan(name.replace(/_(\d+)$/, '.$1'))

const ADDRESS = /\b(inet6?) +([\d.a-f:]+)(?:\/(\d+))?((?: +(?:netmask|broadcast|prefixlen) +[\w.]+)*)/gi

/** Addresses as they are, and DHCP, which brings others. */
const addressWords = (value: string): string[] => [
  ...wordsOf(value).filter(word => /^(?:no)?(?:sync)?dhcp$/i.test(word)),
  ...wordsOf([...value.matchAll(ADDRESS)].map(([text]) => text).join(' ')),
]

/** `value` without those of `addresses`, however their prefix length is written. */
function withoutAddresses(value: string, addresses: readonly string[]): string {
  const own = new Set(addresses.map(address => address.split('/', 1)[0]))
  const rest = value
    .replace(ADDRESS, (text, _family, address: string) => (own.has(address.toLowerCase()) ? '' : text))
    .split(/\s+/)
    .filter(word => word !== '')
  return rest.every(word => word === 'alias' || /^inet6?$/.test(word)) ? '' : rest.join(' ')
}

const withMtu = (value: string, mtu: number) =>
  [...wordsOf(value.replace(/\bmtu +\d+/, '')).filter(word => word !== 'up'), 'mtu', String(mtu), 'up'].join(' ')
