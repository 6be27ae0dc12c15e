/**
 * ifconfig(8) for the host's own network: every interface with its addresses, and the commands that make bridges and
 * VLANs. Sources: freebsd-14.2/04-symlink-rctl-net.jsonl, "interfaces"; sbin/ifconfig.
 */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import { type Command, type RunStep, run } from '../core/step.ts'
import { familyOf, withoutPrefix } from './addresses.ts'
import { parseShown } from './ifconfig.ts'

export interface Member {
  readonly name: string
  /** LEARNING, DISCOVER, STP, PRIVATE, … */
  readonly flags: readonly string[]
}

export interface Device {
  readonly name: string
  readonly isUp: boolean
  readonly mtu: number
  readonly description: string | undefined
  readonly groups: readonly string[]
  /** With their prefix length where they have one; of one link only are left out. */
  readonly addresses: readonly string[]
  /** It learns its IPv6 routes from routers, which it no longer does once the host is a router itself. */
  readonly acceptsRoutes: boolean
  /** Of a bridge. */
  readonly members: readonly Member[]
  /** Of a VLAN: the interface it is on. */
  readonly parent: string | undefined
}

/** Prefix lengths in place of masks, of both families (fact net-2). */
const IFCONFIG: Command = ['ifconfig', '-a', '-f', 'inet:cidr,inet6:cidr']

export function parseDevices(stdout: string): Device[] {
  return parseShown(stdout, IFCONFIG).map(({ name, head, details }) => {
    const [, flags = '', mtu] = /: flags=[0-9a-f]+(?:<([^>]*)>)? .*\bmtu (\d+)/.exec(head) ?? []
    if (mtu === undefined) throw new UnexpectedOutput(IFCONFIG, head)
    const after = (word: string) => details.find(line => line.startsWith(word))?.slice(word.length)
    return {
      name,
      isUp: flags.split(',').includes('UP'),
      mtu: Number(mtu),
      description: after('description: '),
      groups: after('groups: ')?.split(' ') ?? [],
      addresses: details
        .flatMap(line => /^inet6? (\S+)/.exec(line)?.[1] ?? [])
        .filter(address => !address.startsWith('fe80:')),
      acceptsRoutes: /<.*\bACCEPT_RTADV\b.*>/.test(after('nd6 options=') ?? ''),
      members: details.flatMap(line => {
        const [, member, set = ''] = /^member: (\S+) flags=[0-9a-f]+(?:<([^>]*)>)?/.exec(line) ?? []
        return member === undefined ? [] : [{ name: member, flags: set.split(',').filter(flag => flag !== '') }]
      }),
      parent: / parent interface: (\S+)$/.exec(after('vlan: ') ?? '')?.[1],
    }
  })
}

export const listDevices = async (machine: Probe): Promise<Device[]> =>
  parseDevices((await machine.query(IFCONFIG)).stdout)

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

export const destroyDevice = (name: string): RunStep => run('ifconfig', name, 'destroy')
