/**
 * The network stacks of a sandbox host are real: a network namespace for the host and one for each jail with VNET, in
 * which an epair is a veth pair, a bridge a bridge, a VLAN a VLAN. Every interface is called by its id there. Packet
 * filtering and routing between stacks are not imitated.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { type Interface, kernelOf, type Route } from '../imitation/kernel.ts'
import type { Machine } from '../imitation/machine.ts'
import type { Network } from '../imitation/processes.ts'

const FOLDER = '/.sandbox/net'

/** A file that holds a network stack: the host's is 0. */
export const namespaceOf = (vnet: number): string => `${FOLDER}/${vnet}`

/** A command line that runs in the host's network stack; the resident process itself stays in this machine's. */
export const inHostStack = (...command: string[]): [string, ...string[]] => [
  '/.sandbox/linux/usr/bin/nsenter',
  `--net=${namespaceOf(0)}`,
  '--',
  ...command,
]

/** A line for ip(8) in a stack. */
type Order = readonly [vnet: number, line: string]

export function realNetwork(): Network {
  let interfaces: readonly Interface[] = []
  let routes: readonly Route[] = []
  let seen = ''
  mkdirSync(FOLDER, { recursive: true })
  openNamespace(0)

  return {
    follow(machine) {
      const kernel = kernelOf(machine)
      const now = JSON.stringify([kernel.interfaces, kernel.routes, kernel.jails.map(jail => jail.jid)])
      if (now === seen) return
      const stacks = new Set([0, ...kernel.interfaces.map(each => each.vnet)])
      for (const vnet of stacks) if (!existsSync(namespaceOf(vnet))) openNamespace(vnet)
      obey([...changes(interfaces, kernel.interfaces), ...routeChanges(routes, kernel.routes)])
      interfaces = structuredClone(kernel.interfaces)
      routes = structuredClone(kernel.routes)
      closeUnused(machine, stacks)
      seen = now
    },
  }
}

const stacksMade = new Set<number>()

function openNamespace(vnet: number): void {
  must('unshare', `--net=${touch(namespaceOf(vnet))}`, 'ip', 'link', 'set', 'lo', 'up')
  stacksMade.add(vnet)
}

/** One whose jail is gone. Its processes have ended by then, or end with the jail. */
function closeUnused(machine: Machine, used: ReadonlySet<number>): void {
  const { jails } = kernelOf(machine)
  for (const vnet of stacksMade) {
    if (used.has(vnet) || jails.some(jail => jail.jid === vnet)) continue
    spawnSync('umount', ['-n', '--no-canonicalize', namespaceOf(vnet)])
    rmSync(namespaceOf(vnet), { force: true })
    stacksMade.delete(vnet)
  }
}

/** lo0 is the namespace's own. */
const deviceOf = ({ id, driver, unit }: Interface) => (driver === 'lo' && unit === 0 ? 'lo' : id)
const isOwnLoopback = (each: Interface) => deviceOf(each) === 'lo'

function changes(before: readonly Interface[], after: readonly Interface[]): Order[] {
  const old = (id: string) => before.find(each => each.id === id)
  const orders: Order[] = []
  for (const gone of before) {
    const stays = after.some(each => each.id === gone.id)
    // An epair goes with either of its ends; what was in a stack that is gone went with that.
    const goesWithPeer = gone.peer !== undefined && gone.peer < gone.id
    if (!stays && !goesWithPeer && !isOwnLoopback(gone)) orders.push([gone.vnet, `link del ${gone.id}`])
  }
  for (const each of after)
    if (old(each.id) === undefined && !isOwnLoopback(each)) orders.push(...creation(each, after))
  for (const each of after) {
    const from = old(each.id)?.vnet ?? each.home
    if (from !== each.vnet) orders.push([from, `link set ${each.id} netns ${namespaceOf(each.vnet)}`])
  }
  for (const each of after) {
    const was = old(each.id)
    orders.push(...settings(each, was?.vnet === each.vnet ? was : undefined))
  }
  for (const bridge of after) orders.push(...memberships(bridge, old(bridge.id), before, after))
  return orders
}

function creation(made: Interface, all: readonly Interface[]): Order[] {
  const parent = all.find(each => each.id === made.vlan?.parent)
  switch (made.driver) {
    case 'bridge':
      return [[made.home, `link add ${made.id} type bridge forward_delay 0 stp_state 0`]]
    case 'vlan':
      return parent === undefined
        ? []
        : [[made.home, `link add link ${parent.id} name ${made.id} type vlan id ${made.vlan?.tag}`]]
    case 'epair':
      // Both ends at once, with the first.
      return made.id < (made.peer ?? '') || !all.some(each => each.id === made.peer)
        ? [[made.home, `link add ${made.id} type veth peer name ${made.peer}`]]
        : []
    default:
      return [[made.home, `link add ${made.id} type dummy`]]
  }
}

function settings(now: Interface, was: Interface | undefined): Order[] {
  const device = deviceOf(now)
  const lines: string[] = []
  if (!isOwnLoopback(now)) {
    if (now.ether !== undefined && now.ether !== was?.ether) lines.push(`link set ${device} address ${now.ether}`)
    if (now.mtu !== (was?.mtu ?? 1500)) lines.push(`link set ${device} mtu ${now.mtu}`)
    if (now.isUp !== (was?.isUp ?? false)) lines.push(`link set ${device} ${now.isUp ? 'up' : 'down'}`)
  }
  const own = (each: Interface | undefined) =>
    (each?.addresses ?? []).filter(({ address }) => !/^(fe80:|127\.|::1$)/.test(address))
  const spell = ({ address, prefix }: Interface['addresses'][number]) => `${address}/${prefix}`
  const [wanted, had] = [own(now), own(was)]
  for (const each of had)
    if (!wanted.some(one => spell(one) === spell(each))) lines.push(`address del ${spell(each)} dev ${device}`)
  for (const each of wanted) {
    if (had.some(one => spell(one) === spell(each))) continue
    lines.push(`address add ${spell(each)} dev ${device}${each.family === 'inet6' ? ' nodad' : ''}`)
  }
  return lines.map(line => [now.vnet, line])
}

/** `private` of FreeBSD is `isolated` of Linux. */
function memberships(
  bridge: Interface,
  was: Interface | undefined,
  before: readonly Interface[],
  all: readonly Interface[],
): Order[] {
  const stayed = (id: string) => before.find(each => each.id === id)?.vnet === all.find(each => each.id === id)?.vnet
  const had = (was?.members ?? []).filter(member => stayed(member.interface))
  const orders: Order[] = []
  for (const { interface: id } of had)
    if (all.some(each => each.id === id) && !bridge.members?.some(each => each.interface === id))
      orders.push([bridge.vnet, `link set ${id} nomaster`])
  for (const { interface: id, flags } of bridge.members ?? []) {
    const old = had.find(each => each.interface === id)
    if (old === undefined) orders.push([bridge.vnet, `link set ${id} master ${bridge.id}`])
    const isPrivate = flags.includes('PRIVATE')
    if (isPrivate !== (old?.flags.includes('PRIVATE') ?? false))
      orders.push([bridge.vnet, `link set ${id} type bridge_slave isolated ${isPrivate ? 'on' : 'off'}`])
  }
  return orders
}

function routeChanges(before: readonly Route[], after: readonly Route[]): Order[] {
  const line = ({ family, destination, gateway }: Route, verb: string) =>
    `${family === 'inet6' ? '-6 ' : ''}route ${verb} ${destination} via ${gateway}`
  const same = (one: Route) => (other: Route) => one.vnet === other.vnet && line(one, '') === line(other, '')
  return [
    ...before.filter(each => !after.some(same(each))).map((each): Order => [each.vnet, line(each, 'del')]),
    ...after.filter(each => !before.some(same(each))).map((each): Order => [each.vnet, line(each, 'replace')]),
  ]
}

/** In order, each run of lines for one stack by one process. What Linux has done by itself already is no failure. */
function obey(orders: readonly Order[]): void {
  let at = 0
  while (at < orders.length) {
    const vnet = orders[at]?.[0] ?? 0
    let end = at
    while (end < orders.length && orders[end]?.[0] === vnet) end += 1
    if (existsSync(namespaceOf(vnet))) {
      const input = orders.slice(at, end).map(([, line]) => `${line}\n`)
      const { stderr } = spawnSync('nsenter', [`--net=${namespaceOf(vnet)}`, 'ip', '-force', '-batch', '-'], {
        input: input.join(''),
        encoding: 'utf8',
      })
      if (stderr) console.error(`network of stack ${vnet}:\n${input.join('')}${stderr}`)
    }
    at = end
  }
}

function touch(path: string): string {
  must('touch', path)
  return path
}

function must(program: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`)
}
