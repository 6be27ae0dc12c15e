/**
 * rc.d/netif (libexec/rc/rc.d/netif, libexec/rc/network.subr). `start NAME…` makes these clones and configures them. Without
 * names, all that there is goes down, whoever made it, and what rc.conf speaks of comes up again.
 */
import { describeInterface } from '../ifconfig/show.ts'
import { type Interface, kernelOf } from '../kernel.ts'
import type { Machine } from '../machine.ts'
import { destroyInterface, dropRoutes } from '../network.ts'
import { readRcConf } from '../rc-conf.ts'
import { runUncounted } from '../run.ts'
import type { Screen } from '../screen.ts'
import { type Steps, wait } from '../starting.ts'
import { startInterfaces } from '../startup.ts'
import type { Asked, Service } from './service.ts'

const words = (text: string | undefined) => (text ?? '').split(/\s+/).filter(word => word !== '')
const variable = (prefix: string, name: string, suffix = '') => `${prefix}_${name.replace(/[.\-+/]/g, '_')}${suffix}`
const hosts = (machine: Machine): Interface[] => kernelOf(machine).interfaces.filter(({ vnet }) => vnet === 0)

export const netifService: Service = {
  description: 'Network interface setup',
  usually: 'YES',
  verbs: {
    *start({ machine, names, screen }) {
      if (names.length > 0) return yield* startNamed(machine, names, screen)
      return yield* startAll(machine, screen)
    },
    stop,
    *restart(asked) {
      stop(asked)
      const { machine, names, screen } = asked
      return yield* names.length > 0 ? startNamed(machine, names, screen) : startAll(machine, screen)
    },
  },
}

function* startNamed(machine: Machine, names: readonly string[], screen: Screen): Steps<number> {
  const before = new Set(kernelOf(machine).interfaces.map(({ name }) => name))
  yield* startInterfaces(machine, readRcConf(machine), names)
  const made = kernelOf(machine).interfaces.filter(({ name }) => !before.has(name))
  if (made.length > 0) screen.out(`Created clone interfaces: ${made.map(({ name }) => name).join(' ')}.\n`)
  return 0
}

/** netif_stop: ifn_stop of each, then clone_down; or only of `names`. */
function stop({ machine, screen, names }: Asked): number {
  const settings = readRcConf(machine)
  const meant = hosts(machine).filter(({ name }) => names.length === 0 || names.includes(name))
  for (const each of meant) {
    // ipv6_down leaves an interface alone that rc.conf gives no IPv6; what has a scope it cannot remove.
    const losesSix = settings[variable('ifconfig', each.name, '_ipv6')] !== undefined
    each.addresses = each.addresses.filter(
      ({ family, address }) => family === 'inet6' && (!losesSix || address.startsWith('fe80:')),
    )
    each.isUp = false
    const children = words(settings[variable('vlans', each.name)]).map(tag => `${each.name}.${tag}`)
    for (const child of hosts(machine)) if (children.includes(child.name)) destroyInterface(machine, child)
  }
  // A clone that got another name is not found by its own any more.
  const clones = words(settings.cloned_interfaces).filter(word => !word.endsWith(':sticky'))
  for (const each of meant)
    if (clones.includes(each.name) || clones.includes(`${each.name}:nosticky`)) destroyInterface(machine, each)
  dropRoutes(machine)
  machine.changed()
  screen.out(`Stopping Network: ${meant.map(({ name }) => name).join(' ')}.\n`)
  return 0
}

function* startAll(machine: Machine, screen: Screen): Steps<number> {
  const settings = readRcConf(machine)
  yield* startInterfaces(machine, settings)
  if (settings.ifconfig_lo0 === undefined) {
    // ipv4_up.
    const args = ['lo0', 'inet', '127.0.0.1/8', 'alias', 'up']
    yield* wait(runUncounted(machine, 'ifconfig', { args, stdin: Buffer.alloc(0), cwd: '/', uid: 0 }))
  }
  const started = hosts(machine).filter(
    ({ name }) => name === 'lo0' || settings[variable('ifconfig', name)] !== undefined,
  )
  screen.out(`Starting Network: ${started.map(({ name }) => name).join(' ')}.\n`)
  for (const each of started) screen.out(describeInterface(machine, each, {}))
  return 0
}
