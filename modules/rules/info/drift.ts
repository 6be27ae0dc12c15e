/** What of an instance is not as it is configured, in sentences that begin with its id. */
import { describeStep } from '../../core/step.ts'
import { unitsIn } from '../../freebsd/ifconfig.ts'
import type { MadeWire } from '../../freebsd/ifconfig-wires.ts'
import { isWithin } from '../../freebsd/mount.ts'
import { isYes } from '../../freebsd/sysrc.ts'
import { compareMounts, describeComparison } from '../instance/compare.ts'
import { differingOptions } from '../instance/fstab.ts'
import { BEGUN } from '../instance/world.ts'
import { compareJail } from '../jail/compare.ts'
import { innerName, leftInterfaces, numbersOf } from '../jail/interfaces.ts'
import { listed } from '../jail/list.ts'
import { blueprintPath, PROPERTY } from '../layout.ts'
import { filterDrift } from './filter.ts'
import type { Configuration, InstanceView } from './instance.ts'
import { limitDrift } from './limits.ts'
import type { Seen } from './look.ts'

export function driftOf(view: InstanceView, seen: Seen): string[] {
  const { id, life, places, configuration } = view
  const about = (sentences: readonly string[]) => sentences.map(sentence => `${id}: ${sentence}`)
  return [
    ...switchDrift(view, seen),
    ...blueprintDrift(view, seen),
    ...(startsAtBoot(id, seen) && life === 'stopped' ? [`${id} does not run, and starts when the host boots`] : []),
    ...(life === 'dying' ? [`${id} was stopped, and the kernel has not let go of its jail yet`] : []),
    ...about([
      ...(typeof configuration === 'string' ? [`${places.jailConf} cannot be compared: ${configuration}`] : []),
      ...(configuration === undefined && life === 'running' ? [`it runs, and ${places.jailConf} is not there`] : []),
      ...(configuration === undefined && life === 'stopped' && startsAtBoot(id, seen)
        ? [`jail_list of rc.conf names it, and ${places.jailConf} is not there`]
        : []),
      ...datasetDrift(view, seen),
      ...(life === 'running' ? runningDrift(view, seen) : remains(view, seen)),
      ...filterDrift(view, seen),
      ...limitDrift(id, seen),
    ]),
  ]
}

export const startsAtBoot = (id: string, { rcConf }: Pick<Seen, 'rcConf'>): boolean =>
  isYes(rcConf.get('jail_enable')) && listed(rcConf).includes(id)

/** Nobody can tell from here whether it goes on: who works at it holds the lock, which this does not ask for. */
function switchDrift({ id }: InstanceView, { switches }: Seen): string[] {
  const journal = switches.underWay.get(id)
  if (journal === undefined) return []
  return [
    `${id} is in the middle of a switch from ${journal.from.blueprint} to ${journal.to.blueprint} (${journal.phase}): if nobody is at it, it was cut off, and update.yml, or blueprint_switch with \`state: resumed\`, brings it to its end`,
  ]
}

function blueprintDrift({ id, runsOn, configuredOn }: InstanceView, { manifests, datasets, site }: Seen): string[] {
  const isThere = (name: string) => manifests.has(name) || datasets.has(`${site.dataset}/blueprints/${name}`)
  return [
    ...(runsOn !== undefined && configuredOn !== undefined && runsOn !== configuredOn
      ? [`${id} runs ${runsOn}, configured ${configuredOn}`]
      : []),
    ...(configuredOn !== undefined && !isThere(configuredOn)
      ? [`${id} is configured to run ${configuredOn}, and that blueprint is not there`]
      : []),
  ]
}

function datasetDrift({ places, configuration, planned }: InstanceView, { datasets }: Seen): string[] {
  const own = [...datasets].filter(([name]) => isWithin(name, places.dataset))
  const missing = planned.filter(({ part, special }) => part === 'writable' && !datasets.has(special))
  return [
    ...(own.length === 0 && configuration !== undefined ? [`its dataset ${places.dataset} is not there`] : []),
    ...(own.length === 0 ? [] : missing.map(({ special }) => `its dataset ${special} is not there`)),
    ...own.flatMap(([name, row]) => [
      ...(row.get('keystatus') === 'unavailable' ? [`the key of ${name} is not loaded`] : []),
      ...(row.get(PROPERTY.seeded) === BEGUN ? [`${name} is half filled from its blueprint`] : []),
    ]),
  ]
}

function runningDrift(view: InstanceView, seen: Seen): string[] {
  const { configuration, places } = view
  const expected = asItRuns(view, seen)
  return [
    ...(expected.length === 0
      ? [`${places.fstab} has no entries, so nothing can be said of its mounts`]
      : [
          ...describeComparison(compareMounts(view.mounts, expected, places.root)),
          ...differingOptions(view.fstab, expected),
        ]),
    ...(typeof configuration === 'object'
      ? [...jailDrift(view, configuration, seen), ...wireDrift(view, configuration.wires, seen)]
      : []),
  ]
}

/** Another blueprint is told once, and not again for each mount from it. */
function asItRuns({ planned, runsOn, configuredOn }: InstanceView, { site }: Seen) {
  if (runsOn === undefined || configuredOn === undefined) return planned
  const [from, to] = [blueprintPath(site, configuredOn), blueprintPath(site, runsOn)]
  return planned.map(mount =>
    isWithin(mount.special, from) ? { ...mount, special: `${to}${mount.special.slice(from.length)}` } : mount,
  )
}

function jailDrift({ id, places, jail, mounts }: InstanceView, configuration: Configuration, { site }: Seen): string[] {
  if (jail === undefined) return []
  const { hostname, parameters } = configuration
  const nothing = { interfaces: [], routes: [], after: [], cpus: undefined, boot: false }
  const request = { id, site, places, hostname, parameters, ...nothing }
  const { steps, pending } = compareJail(
    { ...request, state: 'present', restart: false, destroysDatasets: false, configures: true },
    [],
    { jail, mounts, interfaces: [], neighbors: [], hasNextFstab: false },
  )
  return [
    ...steps.map(step => `parameters of its jail are not as configured: '${describeStep(step)}' would change them`),
    ...pending.map(name => `${name} is as it was when it was started, and configured otherwise`),
  ]
}

function wireDrift({ id }: InstanceView, wires: readonly MadeWire[], { interfaces }: Seen): string[] {
  const extra = numbersOf(id, interfaces).filter(number => wires[number] === undefined)
  return [
    ...wires.flatMap(({ outer, inner, bridge, note, isPrivate }) => {
      const found = interfaces.find(({ name }) => name === outer)
      if (found === undefined) return [`its interface ${inner} is not there (${outer} on the host)`]
      const on = interfaces.find(({ name }) => name === bridge)
      const isAsMade = found.description === note
      const member = on?.membership.get(outer)
      return [
        ...(isAsMade ? [] : [`${inner} is as it was when it was started, and configured otherwise`]),
        ...(found.isUp ? [] : [`${outer} is down, and nothing gets to its ${inner}: 'ifconfig ${outer} up'`]),
        ...(on === undefined ? [`${outer} is on no bridge: ${bridge} is not there`] : []),
        ...(on !== undefined && member === undefined ? [`${outer} is not on the bridge ${bridge}`] : []),
        ...(isPrivate && isAsMade && member !== undefined && !member.flags.includes('PRIVATE')
          ? [`${outer} is not private on the bridge ${bridge}, so that it and its neighbours reach each other`]
          : []),
      ]
    }),
    ...extra.map(number => `it has an interface ${innerName(number)} that is not configured`),
  ]
}

/** What should not be there of an instance that does not run. */
function remains({ id, life, mounts }: InstanceView, { confs, interfaces }: Seen): string[] {
  if (life === 'dying') return []
  return [
    ...mounts.map(({ special, node }) => `${special} is mounted at ${node}, although it does not run`),
    ...leftInterfaces(id, unitsIn(confs.get(id) ?? ''), interfaces).map(
      name => `its interface ${name} is left, although it does not run`,
    ),
  ]
}
