/** zfs-get(8). */

import type { Machine } from '../machine.ts'
import { Exit, getopt, type Program, type Screen, Unknown } from '../screen.ts'
import type { Entry } from './names.ts'
import { type Cell, cell, printSource } from './print.ts'
import { userProperties } from './read.ts'
import { select, selection } from './select.ts'
import { findProperty, isUserProperty, isUserQuota, isWrittenSince, propertyTable } from './table.ts'
import { GET_USAGE, propertyUsage } from './usage.ts'

const COLUMNS = ['name', 'property', 'value', 'received', 'source']

export const get: Program = (machine, call, screen) => {
  const flags = getopt(call.args, 'd:o:s:rt:Hp')
  const [list, ...names] = flags.operands
  if (list === undefined) throw new Unknown('get without a property')
  const columns = flags.values.get('o')?.at(-1)?.split(',') ?? ['name', 'property', 'value', 'source']
  const chosen = columns.includes('all') ? COLUMNS : columns
  for (const column of chosen) if (!COLUMNS.includes(column)) throw new Unknown(`column ${column}`)
  const sources = flags.values.get('s')?.at(-1)?.split(',')
  const properties = list.split(',').map(name => checkProperty(machine, screen, name))

  const { entries, status } = select(machine, screen, names, selection(flags, names, 'fvsb'))
  const rows = entries.flatMap(entry => readRows(machine, entry, properties, flags.set.has('p')))
  const lines = rows
    .filter(row => sources === undefined || sources.includes(typeof row.source === 'object' ? 'inherited' : row.source))
    .map(row => chosen.map(column => text(row, column)))
  screen.out(flags.set.has('H') ? lines.map(line => `${line.join('\t')}\n`).join('') : table(chosen, lines))
  return status
}

interface Row extends Cell {
  readonly name: string
  readonly property: string
  readonly received: string
}

function text(row: Row, column: string): string {
  return column === 'source' ? printSource(row.source) : row[column as 'name' | 'property' | 'value' | 'received']
}

function readRows(machine: Machine, entry: Entry, properties: readonly string[], exact: boolean): Row[] {
  return properties.flatMap(name => {
    const shown = name === 'all' ? allOf(machine, entry) : [name]
    return shown.flatMap((property): Row[] => {
      const found = cell(machine, entry, property, exact)
      if (found === undefined && name === 'all') return []
      const printed = findProperty(machine.state.zfsVersion, property)?.name ?? property
      const received = entry.kind === 's' ? undefined : entry.dataset.received[printed]
      const { value, source } = found ?? { value: '-', source: 'none' }
      return [{ name: entry.name, property: printed, value, source, received: received ?? '-' }]
    })
  })
}

function allOf(machine: Machine, entry: Entry): string[] {
  const native = [...propertyTable(machine.state.zfsVersion).values()].filter(property => property.hidden !== true)
  return [...native.map(property => property.name), ...userProperties(machine, entry)]
}

/** zprop_get_list: one name it does not know, and the whole command ends with usage (01-zfs.jsonl, `nosuchprop`). */
export function checkProperty(machine: Machine, screen: Screen, name: string): string {
  const known = findProperty(machine.state.zfsVersion, name) !== undefined
  if (known || name === 'all' || isUserProperty(name) || isUserQuota(name) || isWrittenSince(name)) return name
  screen.err(`bad property list: invalid property '${name}'\n${GET_USAGE}${propertyUsage(machine)}`)
  throw new Exit(2)
}

function table(columns: readonly string[], lines: readonly string[][]): string {
  if (lines.length === 0) return ''
  const rows = [columns.map(column => column.toUpperCase()), ...lines]
  const widths = columns.map((_, at) => Math.max(...rows.map(row => row[at]?.length ?? 0)))
  const print = (row: readonly string[]) =>
    row.map((word, at) => (at === row.length - 1 ? word : word.padEnd(widths[at] ?? 0))).join('  ')
  return rows.map(row => `${print(row)}\n`).join('')
}
