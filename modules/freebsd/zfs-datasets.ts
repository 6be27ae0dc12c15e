/** zfs(8): datasets with their properties, all of them or a choice, in one process for any number. */
import { UnexpectedOutput } from '../core/errors.ts'
import type { Probe } from '../core/host.ts'
import {
  type Dataset,
  GET,
  inBatches,
  type PropertyRow,
  type PropertyState,
  parseProperties,
  reportedMissing,
} from './zfs.ts'
import { type DatasetType, findProperty, isHiddenFromAll } from './zfs-properties.ts'

/**
 * These datasets with all their properties and `extraProperties` (userquota@… and the like, which `all` leaves out), in the
 * order of `names`. Those that do not exist are left out. With `chosen`, no more than those properties are read, unless this
 * host's ZFS lacks one of them.
 */
export async function readDatasets(
  machine: Probe,
  names: readonly string[],
  extraProperties: readonly string[] = [],
  chosen?: readonly string[],
): Promise<Map<string, Dataset>> {
  const found = new Map<string, Map<string, PropertyState>>()
  if (chosen === undefined || !(await get(['type', ...chosen], names))) await get(['all'], names)
  const extra = extraProperties.filter(name => isHiddenFromAll(name) && findProperty(name) !== undefined)
  if (extra.length > 0) await get(extra, [...found.keys()])

  return new Map(
    names.flatMap(name => {
      const rows = found.get(name)
      // Unlike `all`, a choice has rows of what a dataset of this type does not have.
      const isThere = ([, { value, source }]: [string, PropertyState]) => value !== '-' || source !== '-'
      const properties = new Map([...(rows ?? [])].filter(row => chosen === undefined || isThere(row)))
      return rows === undefined ? [] : [[name, { name, type: typeOf(name, properties), properties }] as const]
    }),
  )

  /** False where the host does not know one of the properties. */
  async function get(properties: readonly string[], of: readonly string[]): Promise<boolean> {
    const [first] = properties
    const startsWithType = first === 'all' || first === 'type'
    for (const command of inBatches([...GET, properties.join(',')], of)) {
      const answer = await machine.query(command, { exits: first === 'type' ? [0, 1, 2] : [0, 1] })
      if (answer.exit === 2 && /^bad property list: invalid property /.test(answer.stderr)) return false
      const asked = new Set(command.slice(GET.length + 1))
      const missing = reportedMissing(command, answer, asked)
      for (const row of parseProperties(answer.stdout, asked)) {
        const known = found.get(row.dataset) ?? new Map<string, PropertyState>()
        // A value that imitates other rows would be seen here: each row of a dataset comes once, and its type first.
        const forged =
          (startsWithType && (known.size === 0) !== (row.property === 'type')) ||
          (first === 'type' && !properties.includes(row.property))
        if (forged || known.has(row.property) || missing.has(row.dataset))
          throw new UnexpectedOutput(command, `${row.dataset}\t${row.property}\t${row.value}`)
        found.set(row.dataset, known.set(row.property, row.doubtful ? await readAlone(machine, row) : settle(row)))
      }
      const least = first === 'type' ? properties.length : 1
      for (const name of asked)
        if (!missing.has(name) && (found.get(name)?.size ?? 0) < least)
          throw new UnexpectedOutput(command, `${least > 1 ? 'too little' : 'nothing'} about '${name}'`)
    }
    return true
  }
}

function settle({ property, value, source }: PropertyRow): PropertyState {
  return { value: value === '0' && findProperty(property)?.none === 'zero' ? 'none' : value, source }
}

async function readAlone(machine: Probe, { dataset, property, source }: PropertyRow): Promise<PropertyState> {
  const { stdout } = await machine.query(['zfs', 'get', '-Hp', '-o', 'value', property, dataset])
  return { value: stdout.slice(0, -1), source }
}

function typeOf(name: string, properties: ReadonlyMap<string, PropertyState>): DatasetType {
  const type = properties.get('type')?.value
  if (type !== 'filesystem' && type !== 'volume') throw new UnexpectedOutput(GET, `${name}\ttype\t${type}`)
  return type
}
