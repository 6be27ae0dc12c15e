/**
 * zfs(8), looking: its columns, flags and messages; zfs-steps.ts has the commands that change something. Sources beside the
 * transcripts (freebsd-14.2/01-zfs.jsonl): openzfs cmd/zfs/zfs_main.c and zfs_iter.c. Names are to be checked
 * (zfs-names.ts) before they come here.
 */
import { CommandFailed, UnexpectedOutput } from '../core/errors.ts'
import type { Answer, Probe } from '../core/host.ts'
import type { Command } from '../core/step.ts'
import { poolOf } from './zfs-names.ts'
import type { DatasetType } from './zfs-properties.ts'

/** Of the 524,288 bytes that execve(2) takes on FreeBSD (fact net-5), the environment needs some. */
export const COMMAND_BYTES = 400_000

export interface PropertyState {
  /** As `zfs get -p` prints it, with `none` where 0 means none. */
  readonly value: string
  /** `local`, `default`, `received`, `temporary`, `inherited from DATASET` or `-`. */
  readonly source: string
}

export interface Dataset {
  readonly name: string
  readonly type: DatasetType
  readonly properties: ReadonlyMap<string, PropertyState>
}

export interface PropertyRow extends PropertyState {
  readonly dataset: string
  readonly property: string
  /** The value may end elsewhere than it seems to: read this property alone. */
  readonly doubtful: boolean
}

export const GET: Command = ['zfs', 'get', '-Hp', '-o', 'name,property,value,source']
const SOURCE = /\t(-|default|local|temporary|received|inherited from [^\t\n]+)$/

/**
 * What GET printed about these datasets. A user property's value may hold tabs and line breaks: a row starts where a line
 * starts with a dataset's name and a property, ends with a source, and the value is all between.
 */
export function parseProperties(stdout: string, datasets: ReadonlySet<string>): PropertyRow[] {
  const rows: PropertyRow[] = []
  const lines = stdout.split('\n').slice(0, -1)
  const starts = (line: string) => {
    const [dataset = '', property = '', value] = line.split('\t', 3)
    return datasets.has(dataset) && /^[a-z0-9:._-]+([@#].+)?$/.test(property) && value !== undefined
  }

  for (let index = 0; index < lines.length; ) {
    let text = lines[index++] ?? ''
    if (rows.length === 0 && !starts(text)) throw new UnexpectedOutput(GET, text)
    let doubtful = false
    for (let next = lines[index]; next !== undefined; next = lines[++index]) {
      if (starts(next)) {
        if (SOURCE.test(text)) break
        doubtful = true
      }
      text += `\n${next}`
    }
    const [dataset = '', property = ''] = text.split('\t', 2)
    const [ending, source] = SOURCE.exec(text) ?? []
    if (ending === undefined || source === undefined) throw new UnexpectedOutput(GET, text)
    rows.push({
      dataset,
      property,
      value: text.slice(dataset.length + property.length + 2, -ending.length),
      source,
      doubtful,
    })
  }
  return rows
}

/** The datasets a command said do not exist; any other complaint of it is a failure. */
export function reportedMissing(command: Command, answer: Answer, asked: ReadonlySet<string>): Set<string> {
  const missing = new Set<string>()
  if (answer.exit === 0) return missing
  for (const line of answer.stderr.split('\n').filter(line => line !== '')) {
    const name = /^cannot open '(.+)': dataset does not exist$/.exec(line)?.[1]
    if (name === undefined || !asked.has(name)) throw CommandFailed.exited(command, answer)
    missing.add(name)
  }
  if (missing.size === 0) throw CommandFailed.exited(command, answer)
  return missing
}

export interface Below {
  readonly name: string
  readonly type: DatasetType | 'snapshot'
  readonly mounted: boolean
  /** The snapshot this is a clone of. */
  readonly origin: string | undefined
  /** Of a snapshot: datasets anywhere in the pool that need it. */
  readonly clones: readonly string[]
  /** Of a snapshot: how many holds keep it. */
  readonly holds: number
}

const LIST: Command = ['zfs', 'list', '-Hp', '-r', '-t', 'filesystem,volume,snapshot']
const COLUMNS = 'name,type,mounted,origin,clones,userrefs'

export function parseBelow(stdout: string): Below[] {
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [name = '', type = '', mounted, origin, clones = '', holds = '', ...rest] = line.split('\t')
      if (!/^(filesystem|volume|snapshot)$/.test(type) || !/^(-|\d+)$/.test(holds) || rest.length > 0)
        throw new UnexpectedOutput(LIST, line)
      return {
        name,
        type: type as Below['type'],
        mounted: mounted === 'yes',
        origin: origin === '-' ? undefined : origin,
        clones: clones === '-' || clones === '' ? [] : clones.split(','),
        holds: holds === '-' ? 0 : Number(holds),
      }
    })
}

/** These datasets and all that destroying them would take along, with what forbids it. Missing ones are left out. */
export async function listBelow(machine: Probe, roots: readonly string[]): Promise<Below[]> {
  const all: Below[] = []
  for (const command of inBatches([...LIST, '-o', COLUMNS], roots)) {
    const answer = await machine.query(command, { exits: [0, 1] })
    reportedMissing(command, answer, new Set(roots))
    all.push(...parseBelow(answer.stdout))
  }
  return all
}

export const holdsQueries = (snapshots: readonly string[]): Command[] => inBatches(['zfs', 'holds', '-Hp'], snapshots)

/** The tags that hold snapshots; those that are gone are left out. Ask only about held ones: `zfs holds` of many is slow (openzfs issue 13372). */
export async function readHolds(
  machine: Pick<Probe, 'query'>,
  snapshots: readonly string[],
): Promise<Map<string, string[]>> {
  const tags = new Map<string, string[]>()
  for (const command of holdsQueries(snapshots)) {
    const answer = await machine.query(command, { exits: [0, 1] })
    reportedMissing(command, answer, new Set(snapshots))
    for (const line of answer.stdout.split('\n').filter(line => line !== '')) {
      const [, snapshot, tag] = /^([^\t]+)\t(.*)\t\d+$/.exec(line) ?? []
      if (snapshot === undefined || tag === undefined) throw new UnexpectedOutput(command, line)
      tags.set(snapshot, [...(tags.get(snapshot) ?? []), tag])
    }
  }
  return tags
}

/** The alternate roots of these datasets' pools, by pool; `zfs get mountpoint` shows paths below them. */
export async function readAltroots(machine: Probe, datasets: readonly string[]): Promise<Map<string, string>> {
  const command: Command = ['zpool', 'get', '-Hp', '-o', 'name,value', 'altroot', ...new Set(datasets.map(poolOf))]
  const { stdout } = await machine.query(command)
  const rows = stdout.split('\n').filter(line => line !== '')
  return new Map(
    rows.flatMap(line => {
      const [pool, altroot] = line.split('\t')
      if (pool === undefined || altroot === undefined) throw new UnexpectedOutput(command, line)
      return altroot === '-' ? [] : [[pool, altroot] as const]
    }),
  )
}

/** One command for as many names as fit; none for no names, since zfs would take that for all there are. */
export function inBatches(start: Command, names: readonly string[]): Command[] {
  const size = (word: string) => Buffer.byteLength(word) + 1
  const room = COMMAND_BYTES - start.reduce((bytes, word) => bytes + size(word), 0)
  const batches: string[][] = []
  let left = 0
  for (const name of new Set(names)) {
    if (batches.length === 0 || size(name) > left) {
      batches.push([])
      left = room
    }
    batches.at(-1)?.push(name)
    left -= size(name)
  }
  return batches.map(batch => [...start, ...batch])
}

/** Which of these snapshots exist. */
export async function listSnapshots(machine: Probe, names: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>()
  for (const command of inBatches(['zfs', 'list', '-Hp', '-t', 'snapshot', '-o', 'name'], names)) {
    const answer = await machine.query(command, { exits: [0, 1] })
    reportedMissing(command, answer, new Set(names))
    for (const name of answer.stdout.split('\n')) if (name !== '') found.add(name)
  }
  return found
}
