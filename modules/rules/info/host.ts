/** What of a host as a whole is not as configured. */
import { isYes } from '../../freebsd/sysrc.ts'
import { strayMounts } from '../instance/compare.ts'
import { listed } from '../jail/list.ts'
import { filterProblems } from './filter.ts'
import type { InstanceView } from './instance.ts'
import type { Seen } from './look.ts'

export function problemsOfHost(seen: Seen, views: readonly InstanceView[]): string[] {
  const { site, rcConf, atBoot, interfaces, mounts, datasets } = seen
  const ids = new Set(views.map(({ id }) => id))
  const starting = listed(rcConf).filter(name => ids.has(name))
  const left = interfaces.filter(({ name }) => isOfInstance(name) && !ids.has(ownerOf(name)))
  const planned = views.flatMap(view => view.planned)
  return [
    ...(datasets.has(site.dataset) ? [] : [`the dataset ${site.dataset} is not there: lay out the host first`]),
    ...(starting.length > 0 && !isYes(rcConf.get('jail_enable'))
      ? [`no instance starts when the host boots: jail_enable is not YES in rc.conf (${starting.join(', ')})`]
      : []),
    ...(atBoot.isRead || !views.some(({ id }) => (atBoot.text ?? '').includes(`:${id}:`))
      ? []
      : [`no boot reads ${atBoot.path}: rctl_enable is not YES in rc.conf`]),
    ...clonedAtBoot(rcConf)
      .filter(name => !interfaces.some(one => one.name === name))
      .map(name => `the interface ${name} of rc.conf (cloned_interfaces) is not there`),
    ...filterProblems(views, seen),
    ...left.map(({ name }) => `the interface ${name} is left of an instance that is not there`),
    ...strayMounts(mounts, planned, `${site.path}/instances`).map(
      ({ special, node }) => `${special} is mounted at ${node}, outside of all instances`,
    ),
  ]
}

/** Bridges among them, by the names they get (rc.conf(5): ifconfig_INTERFACE_name). What follows a colon is for a restart. */
const clonedAtBoot = (rcConf: ReadonlyMap<string, string>): string[] =>
  (rcConf.get('cloned_interfaces') ?? '')
    .split(/\s+/)
    .flatMap(word => word.split(':', 1))
    .filter(name => name !== '')
    .map(name => rcConf.get(`ifconfig_${name}_name`) ?? name)

const OWN = /^e\d[ab]_([a-z][a-z0-9-]*)$/
const isOfInstance = (name: string) => OWN.test(name)
const ownerOf = (name: string) => OWN.exec(name)?.[1] ?? ''
