/** Limits of instances: in the kernel, and in the file that a boot reads. */
import { describeRule } from '../../freebsd/rctl.ts'
import { parseLines } from '../../freebsd/rctl-conf.ts'
import { listed } from '../jail/list.ts'
import { isInstanceId } from '../layout.ts'
import { rulesIn } from '../limit/file.ts'
import type { InstanceView } from './instance.ts'
import type { Seen } from './look.ts'

export function limitDrift(id: string, { limits, atBoot }: Seen): string[] {
  const boot = rulesIn(atBoot.text, id).map(describeRule)
  if ('without' in limits)
    return boot.length === 0 ? [] : [`its limits are not in force, since this kernel keeps none: ${boot.join(', ')}`]
  const live = limits.rules.filter(({ jail }) => jail === id).map(describeRule)
  return [
    ...boot.filter(rule => !live.includes(rule)).map(rule => `the limit ${rule} of ${atBoot.path} is not in force`),
    ...live
      .filter(rule => !boot.includes(rule))
      .map(rule => `the limit ${rule} ends with the next reboot: ${atBoot.path} does not have it`),
  ]
}

export function limitProblems(seen: Seen, views: readonly InstanceView[]): string[] {
  const { limits, atBoot, jails, confs, rcConf } = seen
  const live = 'rules' in limits ? limits.rules.map(({ jail }) => jail) : []
  const boot = parseLines(atBoot.text ?? '').flatMap(({ jail }) => jail ?? [])
  const ids = views.map(({ id }) => id)
  // Jails of somebody else, which need not be running.
  const others = [...jails.map(({ name }) => name), ...confs.keys(), ...listed(rcConf)]
  const left = new Set([...live, ...boot].filter(name => isInstanceId(name) && ![...ids, ...others].includes(name)))
  return [
    ...(atBoot.isRead || !ids.some(id => boot.includes(id))
      ? []
      : [`no boot reads ${atBoot.path}: rctl_enable is not YES in rc.conf`]),
    ...[...left]
      .sort()
      .map(
        name =>
          `limits are kept for ${name}, and there is no instance of that name: the next one would have them (rctl with \`limits: {}\` lifts them)`,
      ),
  ]
}
