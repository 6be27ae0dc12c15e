/** Copies in the virtual machine: the program that makes them, and what both sides have. */
import { deepStrictEqual } from 'node:assert/strict'
import type { Machine } from './machine.ts'
import { installProgram } from './programs.ts'

export const REPLICATE = '/usr/local/libexec/bluejail/replicate'
export const SETTINGS_FILE = '/usr/local/etc/bluejail/replicate.json'

/** One replica; over ssh from the machine to itself where `ssh` is true, else from pool to pool. */
export async function installReplicate(machine: Machine, replica: Record<string, unknown>, ssh = false): Promise<void> {
  await installProgram(machine, 'replicate')
  await writeReplica(machine, replica, ssh)
}

export const writeReplica = (machine: Machine, replica: Record<string, unknown>, ssh = false) =>
  machine.write(
    SETTINGS_FILE,
    JSON.stringify({
      format: 1,
      replicas: [{ name: 'copy', ...replica, ...(ssh && { to: { host: 'localhost', user: 'root' } }) }],
    }),
  )

export interface DatasetTold {
  readonly dataset: string
  readonly state: string
  readonly steps: readonly string[]
  readonly why?: string
}

export interface Told {
  readonly exit: number
  readonly datasets: readonly DatasetTold[]
  readonly warnings: readonly string[]
  readonly failed?: string
}

/** One run, with what it told of the one replica. */
export async function runReplicate(machine: Machine, args: readonly string[] = []): Promise<Told> {
  const { exit, stdout } = await machine.run([REPLICATE, 'run', '--json', ...args], {
    exits: [0, 1, 2],
    timeoutSeconds: 3600,
  })
  const [report] = JSON.parse(stdout).replicas
  return { exit, ...report }
}

/** By dataset. */
export const states = (told: Pick<Told, 'datasets'>) =>
  Object.fromEntries(told.datasets.map(({ dataset, state }) => [dataset, state]))

/** Snapshots below, without what is before `root`, each with its guid: equal on both sides where the copy is whole. */
export async function guidsBelow(machine: Machine, root: string): Promise<Map<string, string>> {
  const listed = await machine.shell(`zfs list -Hp -t snapshot -o name,guid -r ${root}`)
  const rows = listed.split('\n').filter(Boolean)
  return new Map(rows.map(row => row.slice(root.length).split('\t') as [string, string]))
}

/** Everything that the source has, the copy has. */
export async function assertCopied(machine: Machine, source: string, copy: string): Promise<void> {
  const [ours, theirs] = [await guidsBelow(machine, source), await guidsBelow(machine, copy)]
  deepStrictEqual(
    [...ours].filter(([name, guid]) => theirs.get(name) !== guid).map(([name]) => name),
    [],
    'snapshots that the copy lacks',
  )
}

/** Some bytes that do not compress. */
export const fill = (machine: Machine, path: string, mebibytes: number) =>
  machine.shell(`dd if=/dev/urandom of=${path} bs=1M count=${mebibytes} 2>/dev/null`)
