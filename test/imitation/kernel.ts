/** What the kernel keeps beside mounts, and forgets when the power goes: jails, interfaces, routes, rules, modules. */
import type { Machine } from './machine.ts'

export interface Jail {
  readonly jid: number
  readonly name: string
  readonly path: string
  /** A network stack of its own. */
  readonly vnet: boolean
  /** Every other parameter as jls(8) prints it, by its name; booleans as `true` and `false` (jail/parameters.ts). */
  readonly parameters: Record<string, string>
  /** Commands that run in it; of the in-memory machine alone (memory-processes.ts). */
  processes: string[]
  /** Set by cpuset(1). */
  cpus?: number[]
}

export interface Address {
  readonly family: 'inet' | 'inet6'
  readonly address: string
  readonly prefix: number
  readonly broadcast?: string
}

export interface Member {
  /** Id of the interface. */
  readonly interface: string
  /** Names of IFBIF_ flags (sys/net/if_bridgevar.h). */
  readonly flags: string[]
  maximum: number
  /** Link addresses it is tied to by `static`. */
  fixed: string[]
}

export interface Interface {
  /** Never used twice, whatever the interface is called; Linux's name for it in the sandbox. */
  readonly id: string
  name: string
  readonly driver: 'vtnet' | 'lo' | 'bridge' | 'epair' | 'vlan'
  /** As its cloner counts: 7 of both epair7a and epair7b. */
  readonly unit: number
  /** The other end of an epair. */
  readonly peer?: string
  readonly index: number
  /** Jid of the network stack it is in, 0 for the host's, and of the one it was made in. */
  vnet: number
  readonly home: number
  isUp: boolean
  mtu: number
  ether?: string
  /** What `ether` was at first. */
  readonly hwaddr?: string
  description?: string
  groups: string[]
  addresses: Address[]
  nd6: string[]
  /** What went through it since it was made; nothing where it is missing. */
  traffic?: { receivedBytes: number; sentBytes: number }
  /** Of a bridge. */
  readonly members?: Member[]
  /** Of a bridge: it was up once. */
  started?: true
  /** Of a VLAN; `parent` is an interface's id. */
  readonly vlan?: { readonly tag: number; readonly parent: string }
}

export interface Route {
  readonly vnet: number
  readonly family: 'inet' | 'inet6'
  readonly destination: string
  readonly gateway: string
}

/** Of arp(8) and ndp(8), set by hand; `interface` is an id. */
export interface Neighbor {
  readonly address: string
  readonly ether: string
  readonly interface: string
}

export interface Ruleset {
  /** Of Ethernet frames; none where it is missing. */
  ether?: string[]
  nat: string[]
  filter: string[]
}

export interface Kernel {
  readonly jails: Jail[]
  lastJid: number
  /** Names of jails that something still holds when they are removed: they stay, dying. For tests. */
  readonly lingering: string[]
  readonly interfaces: Interface[]
  routes: Route[]
  readonly neighbors: Neighbor[]
  /** rctl(8), newest first. */
  rules: string[]
  /** `since` is when it was last enabled or disabled, 0 for never; the main rules are those of the anchor ''. */
  readonly pf: { isEnabled: boolean; since: number; readonly anchors: Record<string, Ruleset> }
  readonly modules: string[]
  /** What the loader handed over: kenv(1). */
  readonly environment: Record<string, string>
  /** What sysctls were before they were set by hand. */
  readonly sysctls: Record<string, string | undefined>
}

/** As the host of the transcripts was after its boot: 04-symlink-rctl-net.jsonl, `ifconfig -a -f inet:cidr,…`. */
const atBoot = (machine: Machine): Kernel => ({
  jails: [],
  lastJid: 0,
  lingering: [],
  interfaces: [
    {
      id: machine.id('if'),
      name: 'vtnet0',
      driver: 'vtnet',
      unit: 0,
      index: 1,
      vnet: 0,
      home: 0,
      isUp: true,
      mtu: 1500,
      ether: '52:54:00:12:34:56',
      groups: [],
      addresses: [{ family: 'inet', address: '10.0.2.15', prefix: 24, broadcast: '10.0.2.255' }],
      nd6: ['PERFORMNUD', 'IFDISABLED', 'AUTO_LINKLOCAL'],
    },
    { ...loopback(machine, 0, 2), isUp: true, addresses: LOOPBACK_ADDRESSES },
  ],
  routes: [{ vnet: 0, family: 'inet', destination: 'default', gateway: '10.0.2.2' }],
  neighbors: [],
  rules: [],
  pf: { isEnabled: false, since: 0, anchors: {} },
  modules: ['kernel', 'cryptodev', 'zfs', 'intpm', 'smbus', 'fdescfs', 'nullfs'],
  environment: {},
  sysctls: {},
})

const LOOPBACK_ADDRESSES: Address[] = [
  { family: 'inet', address: '127.0.0.1', prefix: 8 },
  { family: 'inet6', address: '::1', prefix: 128 },
  { family: 'inet6', address: 'fe80::1', prefix: 64 },
]

/** A network stack's own lo0, as it is before anybody configures it. */
export const loopback = (machine: Machine, vnet: number, index: number, unit = 0): Interface => ({
  id: machine.id('if'),
  name: `lo${unit}`,
  driver: 'lo',
  unit,
  index,
  vnet,
  home: vnet,
  isUp: false,
  mtu: 16384,
  groups: ['lo'],
  addresses: [],
  nd6: ['PERFORMNUD', 'AUTO_LINKLOCAL'],
})

export function kernelOf(machine: Machine): Kernel {
  machine.state.kernel ??= atBoot(machine)
  return machine.state.kernel
}

/** The power went: sysctls too are what they were. */
export function forgetKernel(machine: Machine): void {
  for (const [name, value] of Object.entries(machine.state.kernel?.sysctls ?? {})) {
    if (value === undefined) delete machine.state.sysctls[name]
    else machine.state.sysctls[name] = value
  }
  delete machine.state.kernel
  machine.changed()
}

export function setSysctl(machine: Machine, name: string, value: string): void {
  const { sysctls } = kernelOf(machine)
  if (!(name in sysctls)) sysctls[name] = machine.state.sysctls[name]
  machine.state.sysctls[name] = value
  machine.changed()
}
