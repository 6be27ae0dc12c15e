/** What an instance_move task is told: what zfs(8) printed on either host, read strictly. A host that lies is found out here. */
import { InvalidOptions } from '../../core/errors.ts'
import type { Command } from '../../core/step.ts'
import { datasetNameProblem, isAtOrBelow, snapshotNameProblem } from '../../freebsd/zfs-names.ts'
import { parseTree, type Row } from '../../freebsd/zfs-tree.ts'
import { checkInstanceId, PROPERTY } from '../layout.ts'
import { type Mark, readMark } from './marks.ts'

/** Of each dataset at and below the instance's, in this order. */
export const COLUMNS = ['origin', PROPERTY.restored, PROPERTY.moved, PROPERTY.arrived, 'encryption'] as const

export interface GivenPlace {
  readonly host: string
  readonly dataset: string
  readonly running: boolean
  readonly datasets: string
}

export interface TaskOptions {
  readonly id: string
  readonly time: string
  readonly over: boolean
  readonly source: GivenPlace
  readonly target: GivenPlace & { readonly kept: string }
  readonly arrived: string
}

/** What a host has of the instance. */
export interface Place {
  readonly host: string
  /** The instance's own, whether it is there or not. */
  readonly dataset: string
  readonly isRunning: boolean
  /** At and below it, each with what it is a clone of, the guid of the snapshot that it was made from, and whether it is encrypted. */
  readonly datasets: readonly Dataset[]
  readonly moved: Mark | undefined
  readonly arrived: Mark | undefined
}

export interface Dataset {
  readonly name: string
  readonly origin?: string
  readonly restored?: string
  readonly isEncrypted: boolean
}

export interface Request {
  readonly id: string
  readonly time: string
  /** What the target has of it may be set aside, whatever it is. */
  readonly over: boolean
  readonly source: Place
  readonly target: Place
  /** Snapshots that the target has of it still, by guid. */
  readonly kept: ReadonlySet<string>
  /** Where it is received. */
  readonly arrived: string
}

export function requestOf({ id, time, over, source, target, arrived }: TaskOptions): Request {
  if (!/^\d{8}T\d{6}Z$/.test(time)) throw new InvalidOptions(`time '${time}' is not written like 20261122T120000Z`)
  if (source.host === target.host) throw new InvalidOptions(`${source.host} cannot be where it goes from and to`)
  checkName('arrived', arrived)
  return {
    id: checkInstanceId(id),
    time,
    over,
    source: placeOf('source', source),
    target: placeOf('target', target),
    kept: new Set(linesOf(target.kept).map(line => guidIn(line, target.host))),
    arrived,
  }
}

function placeOf(option: string, { host, dataset, running, datasets }: GivenPlace): Place {
  if (!/^\S+$/.test(host)) throw new InvalidOptions(`${option}.host '${host}' is no name of a host`)
  checkName(`${option}.dataset`, dataset)
  const command: Command = [
    'zfs',
    'list',
    '-Hp',
    '-r',
    '-t',
    'filesystem,volume',
    '-o',
    ['name', ...COLUMNS].join(),
    dataset,
  ]
  const rows = parseTree(command, linesOf(datasets).join('\n'), COLUMNS)
  const top = rows.get(dataset)
  return {
    host,
    dataset,
    isRunning: running,
    datasets: [...rows].map(([name, row]) => datasetOf(name, row, dataset, host)),
    moved: readMark(top?.get(PROPERTY.moved), `${host}: ${PROPERTY.moved} of ${dataset}`),
    arrived: readMark(top?.get(PROPERTY.arrived), `${host}: ${PROPERTY.arrived} of ${dataset}`),
  }
}

function datasetOf(name: string, row: Row, top: string, host: string): Dataset {
  const [origin, restored] = [row.get('origin'), row.get(PROPERTY.restored)]
  const problem = datasetNameProblem(name) ?? (origin === undefined ? undefined : snapshotNameProblem(origin))
  if (problem !== undefined || !isAtOrBelow(name, top))
    throw new InvalidOptions(`${host} lists '${name.slice(0, 300)}' as a dataset of ${top}: ${problem ?? 'it is none'}`)
  const isEncrypted = (row.get('encryption') ?? 'off') !== 'off'
  return { name, isEncrypted, ...(origin !== undefined && { origin }), ...(restored !== undefined && { restored }) }
}

/** A terminal ends lines with a carriage return too, and mixes in what zfs(8) says of a dataset that is not there. */
const linesOf = (printed: string): string[] =>
  printed.split(/\r?\n/).filter(line => line !== '' && !/^cannot open '[^']*': dataset does not exist$/.test(line))

function guidIn(line: string, host: string): string {
  if (!/^\d{1,20}$/.test(line))
    throw new InvalidOptions(`${host} lists '${line.slice(0, 100)}' among guids of snapshots`)
  return line
}

function checkName(option: string, name: string): void {
  const problem = datasetNameProblem(name)
  if (problem !== undefined) throw new InvalidOptions(`${option} '${name}' cannot be used: ${problem}`)
}
