/**
 * ifconfig(8) for the host's own network: the commands that make bridges and VLANs, and what is on them. Sources:
 * freebsd-14.2/04-symlink-rctl-net.jsonl, "interfaces"; sbin/ifconfig.
 */
import { type RunStep, run } from '../core/step.ts'
import { familyOf, withoutPrefix } from './addresses.ts'

/** Of FreeBSD's own names, or of any name: then the kernel chooses the number it counts by (fact net-1). */
export const isCloneName = (name: string) => /^bridge\d+$/.test(name)

export const createBridge = (name: string): RunStep =>
  isCloneName(name) ? run('ifconfig', name, 'create') : run('ifconfig', 'bridge', 'create', 'name', name)

export const renameInterface = (from: string, to: string): RunStep => run('ifconfig', from, 'name', to)

/** The dot in the name makes it a VLAN of what stands before it (fact net-3). */
export const createVlan = (name: string, note: string): RunStep => run('ifconfig', name, 'create', 'descr', note, 'up')

/** The name without what it belongs to: `em0` and 100 of `em0.100`. */
export function splitVlan(name: string): { readonly parent: string; readonly tag: number } | undefined {
  const [, parent, tag] = /^(.+)\.(\d+)$/.exec(name) ?? []
  return parent === undefined ? undefined : { parent, tag: Number(tag) }
}

export const bringUp = (name: string): RunStep => run('ifconfig', name, 'up')

export const setMtu = (name: string, mtu: number): RunStep => ({
  ...run('ifconfig', name, 'mtu', String(mtu)),
  objections: [
    {
      said: /SIOCSIFMTU/,
      means: `${name} cannot have an MTU of ${mtu}. A VLAN cannot have a larger one than the interface it is on; a network card has a limit of its own.`,
    },
  ],
})

export const describeInterface = (name: string, description: string): RunStep =>
  run('ifconfig', name, 'descr', description)

export const addMember = (bridge: string, member: string): RunStep => ({
  ...run('ifconfig', bridge, 'addm', member),
  objections: [
    {
      said: /BRDGADD \S+: Invalid argument/,
      means: `${member} cannot be on a bridge. It may be of a kind that has no link layer; from FreeBSD 15 on a member must not have addresses of its own.`,
    },
  ],
})

export const removeMember = (bridge: string, member: string): RunStep => run('ifconfig', bridge, 'deletem', member)

/** `stp`, `private` and the like; with a dash in front, not so. */
export const setMember = (bridge: string, flag: string, member: string): RunStep =>
  run('ifconfig', bridge, flag, member)

export const addAddress = (name: string, address: string): RunStep =>
  run('ifconfig', name, familyOf(address), address, 'alias')

export const removeAddress = (name: string, address: string): RunStep =>
  run('ifconfig', name, familyOf(address), withoutPrefix(address), '-alias')

export const setGroup = (name: string, group: string, isIn: boolean): RunStep =>
  run('ifconfig', name, isIn ? 'group' : '-group', group)

/** So that it does not give itself an address again (inet6(4), IPv6 Interface Options in ifconfig(8)). */
export const disableIpv6 = (name: string): RunStep => run('ifconfig', name, 'inet6', '-auto_linklocal', 'ifdisabled')

export const destroyDevice = (name: string): RunStep => run('ifconfig', name, 'destroy')
