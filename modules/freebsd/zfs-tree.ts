/** zfs(8): every dataset below one and every snapshot there, with a few columns each. For all properties of a few: zfs.ts. */
import { CommandFailed, UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import type { Command } from '../core/step.ts'

/** Values by property, in exact numbers; what is not set is missing. */
export type Row = ReadonlyMap<string, string>

export const treeQuery = (root: string, types: string, properties: readonly string[]): Command => [
  'zfs',
  'list',
  '-Hp',
  '-r',
  '-t',
  types,
  '-o',
  ['name', ...properties].join(','),
  root,
]

/** Of `root` and all below it, in their order; none where `root` does not exist. `types` as of `zfs list -t`. */
export async function listTree(
  machine: Pick<Probe, 'query'>,
  root: string,
  types: string,
  properties: readonly string[],
): Promise<Map<string, Row>> {
  const command = treeQuery(root, types, properties)
  const answer = await machine.query(command, { exits: [0, 1] })
  if (answer.exit === 0) return parseTree(command, answer.stdout, properties)
  if (answer.stderr.trim() !== `cannot open '${root}': dataset does not exist`)
    throw CommandFailed.exited(command, answer)
  return new Map()
}

export function parseTree(command: Command, stdout: string, properties: readonly string[]): Map<string, Row> {
  const { rows, unreadable } = readTree(stdout, properties)
  for (const line of unreadable.values()) throw new UnexpectedOutput(command, line)
  return rows
}

/**
 * The rows that can be read, and by name the first lines of others: a value with tabs or line breaks (fact zfs-1) would be
 * taken for others, or for a dataset of its own. A name that comes twice is nobody's.
 */
export function readTree(
  stdout: string,
  properties: readonly string[],
): { rows: Map<string, Row>; unreadable: Map<string, string> } {
  const rows = new Map<string, Row>()
  const unreadable = new Map<string, string>()
  for (const line of stdout.split('\n')) {
    if (line === '') continue
    const [name = '', ...values] = line.split('\t')
    if (values.length !== properties.length || rows.has(name) || unreadable.has(name)) {
      rows.delete(name)
      unreadable.set(name, line)
      continue
    }
    const pairs = properties.map((property, index) => [property, values[index] ?? '-'] as const)
    rows.set(name, new Map(pairs.filter(([, value]) => value !== '-')))
  }
  return { rows, unreadable }
}
