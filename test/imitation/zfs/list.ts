/** zfs-list(8). */
import { getopt, type Program, Unknown } from '../screen.ts'
import { checkProperty } from './get.ts'
import { poolName } from './names.ts'
import { cell } from './print.ts'
import { select, selection, sort } from './select.ts'
import { findProperty } from './table.ts'

const SPACE = 'name,available,used,usedbysnapshots,usedbydataset,usedbyrefreservation,usedbychildren'

export const list: Program = (machine, call, screen) => {
  const flags = getopt(call.args, 'HS:d:o:prs:t:')
  const fields = flags.values.get('o')?.at(-1) ?? 'name,used,available,referenced,mountpoint'
  const properties = (fields === 'space' ? SPACE : fields).split(',')
  for (const name of properties)
    if (name === 'all' || name === 'space') throw new Unknown(`column ${name} among others`)
  for (const name of properties) checkProperty(machine, screen, name)
  const keys = sortKeys(call.args)
  for (const { property } of keys) checkProperty(machine, screen, property)

  const names = flags.operands
  // ZFS_ITER_PROP_LISTSNAPS: without -t, snapshots show where the pool says so.
  const listing = (name: string) =>
    machine.state.pools.find(pool => pool.name === poolName(name))?.properties.listsnapshots
  const usual = [...names, ...machine.state.pools.map(pool => pool.name)].some(name => listing(name) === 'on')
    ? 'fvs'
    : 'fv'
  const chosen = selection(flags, names, names.some(name => name.includes('@')) ? 'fvs' : usual)
  const found = select(machine, screen, names, chosen)
  const entries = sort(machine, found.entries, keys)

  const rows = entries.map(entry =>
    properties.map(name =>
      name === 'name' ? entry.name : (cell(machine, entry, name, flags.set.has('p'))?.value ?? '-'),
    ),
  )
  if (flags.set.has('H')) screen.out(rows.map(row => `${row.join('\t')}\n`).join(''))
  else if (rows.length > 0) screen.out(columns(machine.state.zfsVersion, properties, rows))
  else if (found.status === 0) screen.err('no datasets available\n')
  return found.status
}

/** -s and -S in the order given: getopt keeps them apart, their order does not. */
function sortKeys(args: readonly string[]) {
  return args.flatMap((word, at) => {
    const flag = /^-([sS])(.*)$/.exec(word)
    const property = flag?.[2] === '' ? args[at + 1] : flag?.[2]
    return property === undefined ? [] : [{ property, descending: flag?.[1] === 'S' }]
  })
}

/** print_header and print_dataset: numbers to the right, at least five wide; no blanks at the end of a line. */
function columns(zfsVersion: string, properties: readonly string[], rows: readonly string[][]): string {
  const known = properties.map(name => findProperty(zfsVersion, name))
  const header = properties.map((name, at) => known[at]?.column ?? name.toUpperCase())
  const right = known.map(property => property?.form === 'number')
  const widths = header.map((title, at) =>
    Math.max(title.length, right[at] ? 5 : 0, ...rows.map(row => row[at]?.length ?? 0)),
  )
  const line = (row: readonly string[]) =>
    row
      .map((word, at) => {
        if (right[at]) return word.padStart(widths[at] ?? 0)
        return at === row.length - 1 ? word : word.padEnd(widths[at] ?? 0)
      })
      .join('  ')
  return [header, ...rows].map(row => `${line(row)}\n`).join('')
}
