/** zfs(8): a snapshot of a dataset with all below it, held; and the way back to it. Sources: facts zfs-8, zfs-9, live-11. */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import { type Command, type RunStep, run } from '../core/step.ts'
import type { Setting } from './zfs-steps.ts'

/** All in one transaction, or none (fact zfs-8). */
export const snapshotTree = (dataset: string, name: string, properties: readonly Setting[]): RunStep =>
  run(
    'zfs',
    'snapshot',
    '-r',
    ...properties.flatMap(([property, value]) => ['-o', `${property}=${value}`]),
    `${dataset}@${name}`,
  )

export const holdTree = (tag: string, dataset: string, name: string): RunStep =>
  run('zfs', 'hold', '-r', tag, `${dataset}@${name}`)

export const releaseTree = (tag: string, dataset: string, name: string): RunStep =>
  run('zfs', 'release', '-r', tag, `${dataset}@${name}`)

/** Of the dataset and all below it. Fails, and destroys none, where one is held or cloned. */
export const destroySnapshots = (dataset: string, names: readonly string[]): RunStep =>
  run('zfs', 'destroy', '-r', `${dataset}@${names.join(',')}`)

/** Fails where a snapshot or bookmark is younger: with `-r` those would go, and replicas would lose their base. */
export const rollBack = (snapshot: string): RunStep => run('zfs', 'rollback', snapshot)

export interface Generation {
  readonly dataset: string
  readonly name: string
  /** When it was taken: larger is later. */
  readonly txg: number
  readonly holds: number
}

const LIST: Command = ['zfs', 'list', '-Hp', '-t', 'snapshot', '-o', 'name,createtxg,userrefs', '-r']

/** All snapshots of a dataset and of what is below it. */
export async function listSnapshotsBelow(machine: Probe, dataset: string): Promise<Generation[]> {
  const command: Command = [...LIST, dataset]
  return parseGenerations((await machine.query(command)).stdout, command)
}

export const parseGenerations = (stdout: string, command: Command = LIST): Generation[] =>
  stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [, dataset, name, txg, holds] = /^([^\t@]+)@([^\t]+)\t(\d+)\t(\d+|-)$/.exec(line) ?? []
      if (dataset === undefined || name === undefined) throw new UnexpectedOutput(command, line)
      return { dataset, name, txg: Number(txg), holds: holds === '-' ? 0 : Number(holds) }
    })
