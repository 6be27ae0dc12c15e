/** What of a host as a whole is not as configured. */
import { isYes } from '../../freebsd/sysrc.ts'
import { strayMounts } from '../instance/compare.ts'
import { listed } from '../jail/list.ts'
import { filterProblems } from './filter.ts'
import type { InstanceView } from './instance.ts'
import { limitProblems } from './limits.ts'
import type { Seen } from './look.ts'
import { problemsOfNetwork } from './network.ts'

export function problemsOfHost(seen: Seen, views: readonly InstanceView[]): string[] {
  const { site, rcConf, interfaces, mounts, datasets } = seen
  const ids = new Set(views.map(({ id }) => id))
  const starting = listed(rcConf).filter(name => ids.has(name))
  const left = interfaces.filter(({ name }) => isOfInstance(name) && !ids.has(ownerOf(name)))
  const planned = views.flatMap(view => view.planned)
  return [
    ...(datasets.has(site.dataset) ? [] : [`the dataset ${site.dataset} is not there: lay out the host first`]),
    ...(starting.length > 0 && !isYes(rcConf.get('jail_enable'))
      ? [`no instance starts when the host boots: jail_enable is not YES in rc.conf (${starting.join(', ')})`]
      : []),
    ...limitProblems(seen, views),
    ...problemsOfNetwork(seen),
    ...filterProblems(views, seen),
    ...left.map(({ name }) => `the interface ${name} is left of an instance that is not there`),
    ...strayMounts(mounts, planned, `${site.path}/instances`).map(
      ({ special, node }) => `${special} is mounted at ${node}, outside of all instances`,
    ),
  ]
}

const OWN = /^e\d[ab]_([a-z][a-z0-9-]*)$/
const isOfInstance = (name: string) => OWN.test(name)
const ownerOf = (name: string) => OWN.exec(name)?.[1] ?? ''
