/**
 * zfs(8) for snapshots in great numbers: listing, taking and destroying them. Beside the transcripts
 * (freebsd-14.2/01-zfs.jsonl, 05-switch-replicate.jsonl): openzfs cmd/zfs/zfs_iter.c, `zfs_sort` and `zfs_list_only_by_fast`:
 * with no columns but names, guids and createtxg a listing opens no snapshot, and is 30 times faster.
 */
import { CommandFailed, UnexpectedOutput } from '../core/errors.ts'
import type { Answer, Probe } from '../core/host.ts'
import type { Command, RunStep } from '../core/step.ts'
import { run } from '../core/step.ts'
import { inBatches } from './zfs.ts'
import { parseTree, type Row, readTree } from './zfs-tree.ts'

/** Every filesystem and volume of every pool, and the names of those whose properties cannot be told apart. */
export async function listAllDatasets(
  machine: Probe,
  properties: readonly string[],
): Promise<{ rows: Map<string, Row>; unreadable: string[] }> {
  const command: Command = ['zfs', 'list', '-Hp', '-t', 'filesystem,volume', '-o', ['name', ...properties].join(',')]
  const { rows, unreadable } = readTree((await machine.query(command)).stdout, properties)
  return { rows, unreadable: [...unreadable.keys()] }
}

/** A snapshot's name without its dataset, and the number of the transaction that took it. */
export interface Listed {
  readonly name: string
  readonly createtxg: number
}

/**
 * All snapshots of these datasets, or at and below these, by dataset, from the oldest to the newest. What is gone is left out;
 * without a dataset no command is run.
 */
export async function listSnapshotsBelow(
  machine: Probe,
  wanted: { readonly of: readonly string[] } | { readonly below: readonly string[] },
): Promise<Map<string, Listed[]>> {
  const found = new Map<string, Listed[]>()
  const [depth, datasets] = 'of' in wanted ? [['-d', '1'], wanted.of] : [['-r'], wanted.below]
  const start: Command = ['zfs', 'list', '-Hp', '-t', 'snapshot', '-o', 'name,createtxg', '-s', 'createtxg', ...depth]
  for (const command of inBatches(start, datasets)) {
    const answer = await machine.query(command, { exits: [0, 1] })
    if (answer.exit !== 0) refuseUnlessMissing(command, answer)
    for (const line of answer.stdout.split('\n')) {
      if (line === '') continue
      const at = line.indexOf('@')
      const tab = line.indexOf('\t', at)
      const createtxg = Number(line.slice(tab + 1))
      if (at < 1 || tab < 0 || !Number.isSafeInteger(createtxg)) throw new UnexpectedOutput(command, line)
      const dataset = line.slice(0, at)
      const known = found.get(dataset)
      const listed = { name: line.slice(at + 1, tab), createtxg }
      if (known === undefined) found.set(dataset, [listed])
      else known.push(listed)
    }
  }
  return found
}

/** What may keep a snapshot from being destroyed. */
export interface Ties {
  readonly holds: number
  readonly clones: readonly string[]
  /** Seconds since 1970. */
  readonly creation: number
}

const TIES = ['userrefs', 'clones', 'creation']
export const tiesQueries = (snapshots: readonly string[]): Command[] =>
  inBatches(['zfs', 'list', '-Hp', '-t', 'snapshot', '-o', ['name', ...TIES].join(',')], snapshots)

/** By full name; those that are gone are left out. Slow for each snapshot, so ask only of those that shall go. */
export async function readTies(
  machine: Pick<Probe, 'query'>,
  snapshots: readonly string[],
): Promise<Map<string, Ties>> {
  const found = new Map<string, Ties>()
  for (const command of tiesQueries(snapshots)) {
    const answer = await machine.query(command, { exits: [0, 1] })
    if (answer.exit !== 0) refuseUnlessMissing(command, answer)
    for (const [name, row] of parseTree(command, answer.stdout, TIES)) {
      const clones = row.get('clones') ?? ''
      found.set(name, {
        holds: Number(row.get('userrefs') ?? 0),
        clones: clones === '' ? [] : clones.split(','),
        creation: Number(row.get('creation') ?? 0),
      })
    }
  }
  return found
}

/** Of a bookmark it is said in other words (openzfs lib/libzfs/libzfs_dataset.c, zfs_open). */
const MISSING = /^cannot open '.+': (dataset does not exist|no such pool or dataset)$/

export const writtenQueries = (snapshots: readonly string[]): Command[] =>
  inBatches(['zfs', 'list', '-Hp', '-t', 'snapshot', '-o', 'name,written'], snapshots)

/** Bytes written between the snapshot before and each of these, by full name; 0 where it is of the same. Slow for each. */
export async function readWritten(
  machine: Pick<Probe, 'query'>,
  snapshots: readonly string[],
): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  for (const command of writtenQueries(snapshots)) {
    const answer = await machine.query(command, { exits: [0, 1] })
    if (answer.exit !== 0) refuseUnlessMissing(command, answer)
    for (const [name, row] of parseTree(command, answer.stdout, ['written']))
      found.set(name, Number(row.get('written')))
  }
  return found
}

/** Of a command that failed: something that was asked about is gone, and that is all. */
export function refuseUnlessMissing(command: Command, answer: Answer): void {
  const lines = answer.stderr.split('\n').filter(line => line !== '')
  if (lines.length === 0 || !lines.every(line => MISSING.test(line))) throw CommandFailed.exited(command, answer)
}

/** Of one pool, at most one of each dataset, all in one transaction or none (facts zfs-8). */
export const takeSnapshots = (names: readonly string[]): RunStep => run('zfs', 'snapshot', ...names)

/** `recursive`: everywhere below the dataset too, where there is one of that name. */
export const destroySnapshots = (dataset: string, names: readonly string[], recursive: boolean): RunStep =>
  run('zfs', 'destroy', ...(recursive ? ['-r'] : []), `${dataset}@${names.join(',')}`)

/** Nothing of what was to be destroyed is there any more. */
export const saysNoneLeft = (stderr: string) =>
  stderr.trim() === 'could not find any snapshots to destroy; check snapshot names.'

/**
 * Not one snapshot is at fault but the pool: it is full, read-only or suspended (openzfs lib/libzfs/libzfs_dataset.c,
 * zfs_snapshot_nvl and zfs_destroy_snaps_nvl: where the kernel blames none, the complaint names none).
 */
export const saysPoolRefuses = (stderr: string) => /^cannot (create snapshots |destroy snapshots): /m.test(stderr)

/**
 * What zfs complained of, in its own words by the name of a snapshot or dataset: `cannot create snapshot 'p/a@n': dataset is
 * busy`, `cannot destroy snapshot p/a@n: dataset is busy` (without quotes), `cannot open 'p/a': dataset does not exist`.
 */
export function complaintsIn(stderr: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of stderr.split('\n')) {
    // A name may hold colons, as sanoid's do, but not one before a space.
    const [, quoted, bare, why] =
      /^cannot (?:create snapshot|destroy snapshot|destroy|open) (?:'([^']+)'|(.+?@.*?)): (.+)$/.exec(line) ?? []
    const name = quoted ?? bare
    if (name !== undefined && why !== undefined) found.set(name, why)
  }
  return found
}
