/** A running instance, held against its configuration: what can be changed while it runs, and what a restart would. */

import type { Step } from '../../core/step.ts'
import { attachMember, type Interface, repairMember, type Wire } from '../../freebsd/ifconfig.ts'
import { bringUp } from '../../freebsd/ifconfig-network.ts'
import { type Change, modifyJail } from '../../freebsd/jail.ts'
import { settingsIn } from '../../freebsd/jail-conf-read.ts'
import { type Kind, parameterNamed, usualParameters } from '../../freebsd/jail-parameters.ts'
import type { JailInFull } from '../../freebsd/jls.ts'
import type { Mount } from '../../freebsd/mount.ts'
import { type Neighbor, setNeighbor } from '../../freebsd/neighbors.ts'
import { isHeld } from '../bridge/isolation.ts'
import { innerName, numbersOf } from './interfaces.ts'
import type { Request } from './requests.ts'
import { isDecided, type Parameters, sharesNetwork } from './settings.ts'

export interface Difference {
  readonly steps: readonly Step[]
  /** Parameters and interfaces, by name, that are as they were when it was started. */
  readonly pending: readonly string[]
}

export interface Running {
  readonly jail: JailInFull
  readonly mounts: readonly Mount[]
  readonly interfaces: readonly Interface[]
  readonly neighbors: readonly Neighbor[]
  readonly hasNextFstab: boolean
  /** Its file, where that may list what is no longer asked for. */
  readonly conf?: string | undefined
}

/**
 * Parameters of jail(8) itself and its commands are left out: they are read when it is next started or stopped, and take
 * effect then. So is the host's name, which is what the instance's own rc.conf says (fact jail-9).
 */
export function compareJail(request: Request, wires: readonly Wire[], running: Running): Difference {
  const changes: Change[] = []
  const pending: string[] = []
  const dropped = droppedParameters(request, running)
  for (const { name, kind, wanted } of [...wantedOfKernel(request.parameters), ...dropped]) {
    const actual = running.jail.parameters.get(name)
    if (actual === undefined || (wanted !== undefined && isSame(kind, actual, wanted))) continue
    if (wanted !== undefined && canChange(name, kind, actual, wanted))
      changes.push({ parameter: name, kind, value: wanted })
    else pending.push(name)
  }
  if (running.jail.parameters.get('persist') !== 'true')
    changes.push({ parameter: 'persist', kind: 'switch', value: 'true' })

  const vnet = sharesNetwork(request.parameters) ? 'inherit' : 'new'
  if (running.jail.parameters.get('vnet') !== vnet) pending.push('vnet')
  return {
    steps: [
      ...(changes.length === 0 ? [] : [modifyJail(request.id, changes)]),
      ...wires.flatMap(wire => wireSteps(wire, running)),
    ],
    pending: [
      ...pending,
      ...(running.hasNextFstab ? ['mount.fstab'] : []),
      ...differingMounts(request, running),
      ...differingInterfaces(request, wires, running),
    ],
  }
}

interface Wanted {
  readonly name: string
  readonly kind: Kind
  /** Undefined for what is as the host has it: only a restart knows that. */
  readonly wanted: string | undefined
}

/** What was asked for, and for the rest the defaults: a parameter may have been asked for once, and no longer is. */
function wantedOfKernel(parameters: Parameters): Wanted[] {
  const given = [...parameters]
    .filter(([name]) => parameterNamed(name)?.parameter.isKernels ?? true)
    .map(([name, { kind, value }]) => ({ name, kind, wanted: value }))
  // The deprecated allow.sysvipc sets these three (jail(8)).
  const isImplied = (name: string) => name.startsWith('sysv') && parameters.get('allow.sysvipc')?.value === 'true'
  const usual = usualParameters
    .filter(({ name }) => !parameters.has(name) && !isImplied(name))
    .map(({ name, kind, usual = '' }) => ({ name, kind, wanted: usual }))
  return [...given, ...usual]
}

/**
 * What its file lists for the last time. Those with a usual value are compared with that on each run. Of the others, what
 * the customer can make another inside is put back this once, and what only a restart can put back is told this once.
 */
function droppedParameters({ parameters }: Request, { conf, jail }: Running): Wanted[] {
  const listed = (conf === undefined ? undefined : settingsIn(conf)) ?? []
  return listed.flatMap(([given]): Wanted[] => {
    const { name, kind, isKernels, usual, first } = parameterNamed(given)?.parameter ?? {
      name: given,
      kind: 'text',
      isKernels: jail.parameters.has(given),
    }
    if (!isKernels || usual !== undefined || parameters.has(name) || isDecided(name)) return []
    return [{ name, kind, wanted: first }]
  })
}

function isSame(kind: Kind, actual: string, wanted: string): boolean {
  if (kind === 'number') return Number(actual) === Number(wanted)
  if (kind !== 'list') return actual === wanted
  // `vtnet0|10.0.0.5/24`: interface and mask are for jail(8), the kernel knows the address.
  const plain = (text: string) => text.split(',').map(one => one.split('|').at(-1)?.split(/[/ ]/, 1)[0])
  return plain(actual).sort().join() === plain(wanted).sort().join()
}

function canChange(name: string, kind: Kind, actual: string, wanted: string): boolean {
  if (parameterNamed(name)?.parameter.isFixed) return false
  if (name === 'securelevel') return Number(wanted) > Number(actual)
  // Taking System V memory away from what uses it would break that.
  return kind !== 'system' || actual === 'disable'
}

const MOUNTED: Readonly<Record<string, string>> = {
  'mount.devfs': 'dev',
  'mount.fdescfs': 'dev/fd',
  'mount.procfs': 'proc',
}

function differingMounts({ places, parameters }: Request, { mounts }: Running): string[] {
  return Object.entries(MOUNTED)
    .filter(([name, place]) => {
      const isMounted = mounts.some(one => one.node === `${places.root}/${place}` && `mount.${one.fstype}` === name)
      return isMounted !== (parameters.get(name)?.value === 'true')
    })
    .map(([name]) => name)
}

function differingInterfaces({ id }: Request, wires: readonly Wire[], { interfaces }: Running): string[] {
  const differing = wires.filter(({ outer, note }) => find(interfaces, outer.name)?.description !== note)
  const extra = numbersOf(id, interfaces).filter(number => wires[number] === undefined)
  return [...differing.map(({ inner }) => inner.name), ...extra.map(innerName)]
}

/**
 * What somebody did to an interface that is as it was made: its bridge was made anew, or treats it otherwise; the host's
 * network was restarted, which takes everything down and brings up only what rc.conf names (rc.d/netif), and forgets
 * neighbors with the host's own addresses.
 */
function wireSteps(wire: Wire, { interfaces, neighbors }: Running): Step[] {
  const [bridge, outer] = [find(interfaces, wire.bridge), find(interfaces, wire.outer.name)]
  if (bridge === undefined || outer === undefined || outer.description !== wire.note) return []
  const membership = bridge.membership.get(outer.name)
  const isFixed = (address: string) =>
    neighbors.some(one => one.address === address && one.ether === wire.inner.ether && one.interface === bridge.name)
  return [
    ...(membership === undefined ? [attachMember(wire)] : []),
    ...(membership !== undefined && wire.isPrivate && !isHeld(membership) ? [repairMember(wire)] : []),
    ...(outer.isUp ? [] : [bringUp(outer.name)]),
    ...wire.fixed.filter(address => !isFixed(address)).map(address => setNeighbor(address, wire.inner.ether)),
  ]
}

const find = (interfaces: readonly Interface[], name: string) => interfaces.find(one => one.name === name)
