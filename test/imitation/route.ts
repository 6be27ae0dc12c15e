/** route(8): default routes, and what is asked about them (sbin/route/route.c; web1.log of 03-jails.jsonl). */
import { jailNamed } from './jail/kernel.ts'
import { kernelOf, type Route } from './kernel.ts'
import type { Machine } from './machine.ts'
import { isReachable, reaches } from './network.ts'
import { Exit, getopt, imitation, type Screen, Unknown } from './screen.ts'

interface Wish {
  readonly machine: Machine
  readonly screen: Screen
  readonly vnet: number
  readonly family: 'inet' | 'inet6'
}

export const route = imitation('route', (machine, call, screen) => {
  const { set, values, operands } = getopt(call.args, '46j:nqtv')
  const given = values.get('j')?.at(-1)
  const jail = given === undefined ? undefined : jailNamed(machine, given)
  if (given !== undefined && jail === undefined) {
    screen.err(`route: jail "${given}" not found\n`)
    throw new Exit(1)
  }
  const [verb = '', ...rest] = operands
  const plain = rest.filter(word => !/^-(inet6?|[46]|net|host)$/.test(word))
  const isSix = set.has('6') || rest.includes('-inet6') || rest.includes('-6') || plain.some(word => word.includes(':'))
  const wish: Wish = { machine, screen, vnet: jail?.vnet ? jail.jid : 0, family: isSix ? 'inet6' : 'inet' }
  const [destination = '', gateway] = plain
  if (destination === '') throw new Unknown('number of operands')
  switch (verb) {
    case 'add':
      return add(wish, destination, gateway ?? '')
    case 'change':
      return change(wish, destination, gateway ?? '')
    case 'delete':
    case 'del':
      return remove(wish, destination, gateway)
    case 'get':
    case 'show':
      return get(wish, destination)
    default:
      throw new Unknown(`verb ${verb}`)
  }
})

const kindOf = (destination: string) => (destination === 'default' || destination.includes('/') ? 'net' : 'host')

function find({ machine, vnet, family }: Wish, destination: string): Route | undefined {
  return kernelOf(machine).routes.find(
    each => each.vnet === vnet && each.family === family && each.destination === destination,
  )
}

/** Where FreeBSD 14 cannot reach the gateway it says "Invalid argument" (rtnetlink). */
function add(wish: Wish, destination: string, gateway: string): number {
  const { machine, screen, vnet, family } = wish
  const said = `add ${kindOf(destination)} ${destination}: gateway ${gateway}`
  const refuse = (why: string) => {
    screen.out(`${said} fib 0: ${why}\n`)
    return 1
  }
  if (find(wish, destination) !== undefined) return refuse('route already in table')
  if (!isReachable(machine, vnet, gateway)) return refuse('Invalid argument')
  kernelOf(machine).routes.push({ vnet, family, destination, gateway })
  machine.changed()
  screen.out(`${said}\n`)
  return 0
}

function change(wish: Wish, destination: string, gateway: string): number {
  const { machine, screen, vnet, family } = wish
  const kernel = kernelOf(machine)
  const found = find(wish, destination)
  const said = `change ${kindOf(destination)} ${destination}: gateway ${gateway}`
  if (found === undefined || !isReachable(machine, vnet, gateway)) {
    screen.out(`${said} fib 0: ${found === undefined ? 'not in table' : 'Invalid argument'}\n`)
    return 1
  }
  kernel.routes = kernel.routes.map(each => (each === found ? { vnet, family, destination, gateway } : each))
  machine.changed()
  screen.out(`${said}\n`)
  return 0
}

function remove(wish: Wish, destination: string, gateway: string | undefined): number {
  const { machine, screen } = wish
  const kernel = kernelOf(machine)
  const found = find(wish, destination)
  const said = `delete ${kindOf(destination)} ${destination}${gateway === undefined ? '' : `: gateway ${gateway}`}`
  if (found === undefined) {
    screen.out(`${said} fib 0: not in table\n`)
    return 1
  }
  kernel.routes = kernel.routes.filter(each => each !== found)
  machine.changed()
  screen.out(`${said}\n`)
  return 0
}

function get(wish: Wish, destination: string): number {
  const { machine, screen, vnet } = wish
  const found = find(wish, destination)
  if (found === undefined) {
    screen.err('route: route has not been found\n')
    return 1
  }
  const by = kernelOf(machine).interfaces.find(each => each.vnet === vnet && reaches(each, found.gateway))
  screen.out(
    `   route to: ${destination}\ndestination: ${destination}\n       mask: ${destination}\n    gateway: ${found.gateway}\n        fib: 0\n  interface: ${by?.name ?? ''}\n      flags: <UP,GATEWAY,DONE,STATIC>\n recvpipe  sendpipe  ssthresh  rtt,msec    mtu        weight    expire\n       0         0         0         0      ${by?.mtu ?? 1500}         1         0 \n`,
  )
  return 0
}
