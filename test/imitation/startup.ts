/**
 * What a boot does after the pools are mounted: the loader's variables, and the scripts of rc.d(8) that hosting depends
 * on, in their order. What an imitation refuses is passed over, as rc(8) goes on after a failing script.
 */
import { type Interface, kernelOf } from './kernel.ts'
import type { Machine } from './machine.ts'
import { dropRoutes } from './network.ts'
import { isYes, readRcConf } from './rc-conf.ts'
import { runUncounted } from './run.ts'
import { Unknown } from './screen.ts'
import { localScripts, runScript } from './service/local-scripts.ts'
import { inOrder, type Ordered } from './service/rcorder.ts'
import { type Steps, wait } from './starting.ts'

/** Before the file systems are mounted: loader.conf(5). */
export function loadKernel(machine: Machine): void {
  const { environment, modules } = kernelOf(machine)
  for (const file of ['/boot/loader.conf', '/boot/loader.conf.local']) {
    for (const [, name = '', quoted, word] of assignments(machine, file)) environment[name] = quoted ?? word ?? ''
  }
  for (const [name, value] of Object.entries(environment)) {
    const module = /^(\w+)_load$/.exec(name)?.[1]
    if (module !== undefined && isYes(value) && !modules.includes(module)) modules.push(module)
    // A tunable; it stays what it is until another one is given.
    if (name.includes('.') && machine.state.sysctls[name] !== undefined) tune(machine, name, value)
  }
  machine.changed()
}

function tune(machine: Machine, name: string, value: string): void {
  const { sysctls } = kernelOf(machine)
  sysctls[name] ??= machine.state.sysctls[name]
  machine.state.sysctls[name] = value
}

const assignments = (machine: Machine, file: string) =>
  (machine.tree.read(file) ?? '').matchAll(/^\s*([A-Za-z0-9][\w.-]*)\s*=\s*(?:"([^"]*)"|([\w.-]+))/gm)

/** A script of rc.d(8), of those in the base that are imitated, or of /usr/local. */
interface Script extends Ordered {
  start(): Steps<void>
  stop(): Steps<void>
}

/** rc(8): what belongs to the host itself, then all others in the order that they ask for. */
export function* startUp(machine: Machine): Steps<void> {
  const settings = readRcConf(machine)
  const list = (name: string) => (settings[name] ?? '').split(/\s+/).filter(word => word !== '')
  for (const module of list('kld_list')) yield* run(machine, 'kldload', '-n', module)
  for (const [, name = '', value = ''] of (machine.tree.read('/etc/sysctl.conf') ?? '').matchAll(
    /^([\w.]+)\s*=\s*(\S+)/gm,
  ))
    yield* run(machine, 'sysctl', `${name}=${value}`)
  if (isYes(settings.gateway_enable)) yield* run(machine, 'sysctl', 'net.inet.ip.forwarding=1')
  if (isYes(settings.ipv6_gateway_enable)) yield* run(machine, 'sysctl', 'net.inet6.ip6.forwarding=1')
  for (const script of scriptsOf(machine)) if (!script.keywords.includes('nostart')) yield* script.start()
}

/** In their order. */
export function scriptsOf(machine: Machine): Script[] {
  const local = localScripts(machine).map(each => ({
    ...each,
    start: () => runScript(machine, each, 'faststart'),
    stop: () => runScript(machine, each, 'faststop'),
  }))
  return inOrder([...baseScripts(machine), ...local])
}

/** Their lines are those of libexec/rc/rc.d, less what is not imitated: netwait, behind pf, is what ties that to NETWORKING. */
function baseScripts(machine: Machine): Script[] {
  const settings = readRcConf(machine)
  const script = (provides: string, requires: string, work: Partial<Script> = {}): Script => ({
    provides: provides.split(' '),
    requires: requires.split(' '),
    before: [],
    keywords: [],
    *start() {},
    *stop() {},
    ...work,
  })
  const service = (name: string, verb: string) => () => run(machine, 'service', name, verb)
  return [
    script('FILESYSTEMS zfs zfsbe sysctl kld mountcritlocal cleanvar var tmp', ''),
    script('netif', 'FILESYSTEMS', { start: () => startInterfaces(machine, settings) }),
    script('routing', 'netif', { start: () => addDefaultRoute(machine, settings) }),
    script('pf', 'FILESYSTEMS netif routing', { start: service('pf', 'start') }),
    script('NETWORKING NETWORK netwait', 'netif routing pf'),
    script('rctl', 'FILESYSTEMS', { start: service('rctl', 'start'), before: ['LOGIN'] }),
    script('SERVERS', 'FILESYSTEMS'),
    script('DAEMON', 'NETWORKING SERVERS'),
    script('LOGIN', 'DAEMON'),
    script('jail', 'LOGIN FILESYSTEMS', {
      start: service('jail', 'start'),
      stop: service('jail', 'stop'),
      before: ['securelevel'],
      keywords: ['shutdown'],
    }),
    script('securelevel', ''),
  ]
}

function* addDefaultRoute(machine: Machine, settings: Readonly<Record<string, string>>): Steps<void> {
  const router = settings.defaultrouter ?? 'NO'
  if (router !== '' && !/^no$/i.test(router)) yield* run(machine, 'route', 'add', 'default', router)
}

/** rc.d/netif (libexec/rc/network.subr): clones and VLANs are made and named, then each is configured; or only `names`. */
export function* startInterfaces(
  machine: Machine,
  settings: Readonly<Record<string, string>>,
  names?: readonly string[],
): Steps<void> {
  const isMeant = (name: string) => names === undefined || names.includes(name)
  const words = (text: string | undefined) => (text ?? '').split(/\s+/).filter(word => word !== '')
  const of = (prefix: string, name: string, suffix = '') =>
    settings[`${prefix}_${name.replace(/[.\-+/]/g, '_')}${suffix}`]
  // `bridge0:sticky`: what follows the colon is for a restart (clone_up, clone_down).
  const clones = words(settings.cloned_interfaces).map(word => word.split(':')[0] ?? '')
  for (const name of clones.filter(isMeant))
    yield* run(machine, 'ifconfig', name, 'create', ...words(of('create_args', name)))
  const parents = kernelOf(machine).interfaces.filter(each => each.vnet === 0 && isMeant(each.name))
  for (const { name } of parents) {
    for (const tag of words(of('vlans', name)))
      yield* run(machine, 'ifconfig', `${name}.${tag}`, 'create', ...words(of('create_args', `${name}.${tag}`)))
  }
  for (const { name } of parents) {
    const wanted = of('ifconfig', name, '_name')
    if (wanted !== undefined) yield* run(machine, 'ifconfig', name, 'name', wanted)
  }
  if (names === undefined) forgetAddresses(machine, settings)
  for (const { name, vnet } of parentsFirst(kernelOf(machine).interfaces)) {
    if (vnet !== 0 || (names !== undefined && !parents.some(each => each.name === name))) continue
    const first = words(of('ifconfig', name)).filter(word => !/^(DHCP|SYNCDHCP|WPA)$/i.test(word))
    const all = [first, words(of('ifconfig', name, '_ipv6')), ...aliases(settings, name)]
    for (const args of all) if (args.length > 0) yield* run(machine, 'ifconfig', name, ...args)
    const description = of('ifconfig', name, '_descr')
    if (description !== undefined) yield* run(machine, 'ifconfig', name, 'descr', description)
    if (all.some(args => args.length > 0)) yield* run(machine, 'ifconfig', name, 'up')
  }
}

/** childif_create of network.subr: VLANs come right after what they are on. */
const parentsFirst = (interfaces: readonly Interface[]): Interface[] =>
  interfaces
    .filter(each => each.vlan === undefined)
    .flatMap(each => [each, ...interfaces.filter(one => one.vlan?.parent === each.id)])

/** A machine comes with an address; where rc.conf speaks of its interface, it has those that rc.conf gives it. */
function forgetAddresses(machine: Machine, settings: Readonly<Record<string, string>>): void {
  for (const each of kernelOf(machine).interfaces) {
    const said = settings[`ifconfig_${each.name}`]
    if (each.driver === 'vtnet' && said !== undefined && !/DHCP/i.test(said)) each.addresses = []
  }
  dropRoutes(machine)
}

function aliases(settings: Readonly<Record<string, string>>, name: string): string[][] {
  const stem = `ifconfig_${name.replace(/[.\-+/]/g, '_')}_alias`
  const found: string[][] = []
  for (let at = 0; settings[`${stem}${at}`] !== undefined; at++)
    found.push([...(settings[`${stem}${at}`] ?? '').split(/\s+/).filter(Boolean), 'alias'])
  return found
}

function* run(machine: Machine, program: string, ...args: string[]): Steps<void> {
  try {
    yield* wait(runUncounted(machine, program, { args, stdin: Buffer.alloc(0), cwd: '/', uid: 0 }))
  } catch (problem) {
    if (!(problem instanceof Unknown)) throw problem
  }
}
