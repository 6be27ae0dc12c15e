/** An instance's file in /etc/jail.conf.d, complete in itself: rc.d starts it at boot with nothing but this. */
import { emptyLine } from '../../freebsd/console-log.ts'
import { cpusLine } from '../../freebsd/cpuset.ts'
import { createdLines, prepareLines, releaseLine, routeLine, type Wire } from '../../freebsd/ifconfig.ts'
import { renderJail, type Setting } from '../../freebsd/jail-conf.ts'
import { negated } from '../../freebsd/jail-parameters.ts'
import { deleteNeighborLine, setNeighborLine } from '../../freebsd/neighbors.ts'
import { FORMAT } from '../layout.ts'
import { type Guard, prepareFilter, releaseFilter } from './filter.ts'
import type { Request } from './requests.ts'
import { hasUsualLog, type Parameter, sharesNetwork } from './settings.ts'

const POSTSTART = 'exec.poststart'

export const HEADER_START = '# bluejail, format '
const HEADER = `${HEADER_START}${FORMAT}. Written by instance_jail: what is changed here by hand is lost.\n`
/** jail(8) does not know of it (fact live-6): whoever starts or stops several instances does. */
export const AFTER = '# after: '

export function renderConf(
  { id, places, hostname, parameters, cpus, routes, after }: Request,
  wires: readonly Wire[],
  guard: Guard,
): string {
  const settings: Setting[] = [
    ['path', places.root],
    ['host.hostname', hostname],
    ['mount.fstab', places.fstab],
    ...(sharesNetwork(parameters) ? [] : [['vnet', true] as const]),
    ['persist', true],
    ...[...parameters].filter(([name]) => name !== POSTSTART).map(([name, parameter]) => settingOf(name, parameter)),
    ...commands('exec.prepare', [
      ...(hasUsualLog({ parameters, places }) ? [emptyLine(places.consoleLog)] : []),
      ...prepareFilter(guard),
      ...wires.flatMap(prepareLines),
    ]),
    ...commands('exec.created', [
      ...wires.flatMap(wire => createdLines(id, wire)),
      ...routes.map(({ destination, gateway }) => routeLine(id, destination, gateway)),
      ...fixed(wires).map(([address, ether]) => setNeighborLine(address, ether)),
    ]),
    ...commands(POSTSTART, [
      ...(cpus === undefined ? [] : [cpusLine(id, cpus)]),
      ...(parameters.has(POSTSTART) ? [parameters.get(POSTSTART)?.value ?? ''] : []),
    ]),
    ...commands('exec.release', [
      ...fixed(wires).map(([address]) => deleteNeighborLine(address)),
      ...wires.map(releaseLine),
      ...releaseFilter(guard),
    ]),
  ]
  return `${HEADER}${after.length === 0 ? '' : `${AFTER}${after.join(' ')}\n`}${renderJail(id, settings)}`
}

/** Which addresses nobody else may claim. */
const fixed = (wires: readonly Wire[]) =>
  wires.flatMap(wire => wire.fixed.map(address => [address, wire.inner.ether] as const))

/** The instances that this one comes after. */
export const afterIn = (conf: string): string[] =>
  conf.split('\n').flatMap(line => (line.startsWith(AFTER) ? line.slice(AFTER.length).split(' ') : []))

function settingOf(name: string, { kind, value }: Parameter): Setting {
  if (kind === 'switch') return [value === 'true' ? name : negated(name), true]
  return [name, kind === 'list' ? value.split(',') : value]
}

const commands = (name: string, lines: readonly string[]): Setting[] => (lines.length === 0 ? [] : [[name, lines]])

/** The format a file says it has; undefined for one that is none of ours. */
export const formatOf = (conf: string): number | undefined => {
  const format = /^# bluejail, format (\d+)\./.exec(conf)?.[1]
  return format === undefined ? undefined : Number(format)
}

/** As a diff shows it: a parameter a line, without what is the same in every file. */
export const linesOf = (conf: string): string[] =>
  conf
    .split('\n')
    .filter(line => line.startsWith('  ') || line.startsWith(AFTER))
    .map(line => line.trim().replace(/;$/, ''))
