/** The host's bridges and its forwarding, as they are and as rc.conf(5) and the rules of pf for bridges say that they shall be. */

import { withoutPrefix } from '../../freebsd/addresses.ts'
import type { Interface } from '../../freebsd/ifconfig.ts'
import { isYes } from '../../freebsd/sysrc.ts'
import { variableOf } from '../bridge/boot.ts'
import { FORWARDING } from '../bridge/plan.ts'
import { rulesIn } from '../bridge/revision.ts'
import type { Seen } from './look.ts'

export function problemsOfNetwork(seen: Seen): string[] {
  return [...clonedAtBoot(seen.rcConf).flatMap(name => problemsOfClone(name, seen)), ...forwardingProblems(seen)]
}

/** Bridges among them, by the names they get (rc.conf(5): ifconfig_INTERFACE_name). What follows a colon is for a restart. */
const clonedAtBoot = (rcConf: ReadonlyMap<string, string>): string[] =>
  (rcConf.get('cloned_interfaces') ?? '')
    .split(/\s+/)
    .flatMap(word => word.split(':', 1))
    .filter(name => name !== '')
    .map(name => rcConf.get(`ifconfig_${name}_name`) ?? name)

function problemsOfClone(name: string, { rcConf, interfaces }: Seen): string[] {
  const found = interfaces.find(one => one.name === name)
  if (found === undefined) return [`the interface ${name} of rc.conf (cloned_interfaces) is not there`]
  if (!found.groups.includes('bridge')) return []
  const has = new Set(found.addresses.map(withoutPrefix))
  return [
    ...(found.isUp ? [] : [`the bridge ${name} is down, and nothing gets through it: 'ifconfig ${name} up'`]),
    ...addressesAtBoot(name, rcConf)
      .filter(address => !has.has(address))
      .map(address => `the bridge ${name} does not have the address ${address} that rc.conf gives it`),
    ...uplinksAtBoot(name, rcConf).flatMap(uplink => problemOfUplink(uplink, found, interfaces)),
  ]
}

function problemOfUplink(uplink: string, bridge: Interface, interfaces: readonly Interface[]): string[] {
  const found = interfaces.find(({ name }) => name === uplink)
  const lost = `so that what is on the bridge ${bridge.name} reaches nothing beyond it`
  if (found === undefined) return [`the uplink ${uplink} is not there, ${lost}`]
  if (!bridge.members.includes(uplink)) return [`the uplink ${uplink} is not on its bridge, ${lost}`]
  return found.isUp ? [] : [`the uplink ${uplink} is down, ${lost}: 'ifconfig ${uplink} up'`]
}

/** As vnet_bridge writes them: `ifconfig_hosting0="up addm vtnet0.100"`. */
const uplinksAtBoot = (name: string, rcConf: ReadonlyMap<string, string>): string[] =>
  [...(rcConf.get(variableOf(name)) ?? '').matchAll(/\baddm +(\S+)/g)].map(([, member = '']) => member)

/** Without prefix lengths: `ifconfig_hosting0_alias0="inet 10.66.0.1/24"`, and what a person wrote in place of it. */
function addressesAtBoot(name: string, rcConf: ReadonlyMap<string, string>): string[] {
  const own = new RegExp(`^${variableOf(name)}(_ipv6|_aliases|_alias\\d+)?$`)
  const values = [...rcConf].flatMap(([variable, value]) => (own.test(variable) ? [value] : []))
  return values.flatMap(value => [...value.matchAll(/\binet6? +([\da-f.:]+)/gi)].map(([, address = '']) => address))
}

const FAMILIES = [
  ['inet', 'gateway_enable'],
  ['inet6', 'ipv6_gateway_enable'],
] as const

/** A host that stops being a router is well otherwise; its instances are cut off. */
function forwardingProblems({ rcConf, sysctls, bridgeRules }: Seen): string[] {
  return FAMILIES.flatMap(([family, variable]) => {
    const name = FORWARDING[family]
    const wants = isYes(rcConf.get(variable))
      ? `${variable} of rc.conf`
      : rulesIn(bridgeRules).some(rule => new RegExp(`^(nat|rdr) .*\\b${family} `).test(rule))
        ? 'what bridges have in pf'
        : undefined
    if (wants === undefined || sysctls.get(name) === '1') return []
    return [`${name} is ${sysctls.get(name) ?? 'unknown'}, so that the host forwards nothing, against ${wants}`]
  })
}
