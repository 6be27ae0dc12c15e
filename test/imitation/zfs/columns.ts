/** Tables for people, as `zfs get` and `zpool get` print them without -H. */

/**
 * Columns as wide as their widest, a value's at least as wide as its property's name (zprop_print_headers() and
 * zprop_collect_property(), openzfs lib/libzfs/libzfs_util.c).
 */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [columns.map(column => column.toUpperCase()), ...rows]
  const property = columns.indexOf('property')
  const widths = columns.map((column, index) =>
    Math.max(
      ...lines.map(line => line[index]?.length ?? 0),
      ...(column === 'value' ? rows.map(row => row[property]?.length ?? 0) : []),
    ),
  )
  const pad = (word: string, index: number) => (index === columns.length - 1 ? word : word.padEnd(widths[index] ?? 0))
  return lines.map(line => `${line.map(pad).join('  ')}\n`).join('')
}
