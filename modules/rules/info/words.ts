/** Amounts and ages as a person says them, and tables of lines that can be read one by one. */

export const ageInSeconds = (moment: Date, now: Date) =>
  Math.max(0, Math.floor((now.getTime() - moment.getTime()) / 1000))

export const days = (seconds: number) => counted(Math.floor(seconds / 86_400), 'day')

/** `40 s`, `12 min`, `5 h`, `3 days`: what fits in. */
export function age(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  return seconds < 2 * 86_400 ? `${Math.floor(seconds / 3_600)} h` : days(seconds)
}

/** As zfs(8) prints sizes: `820M`, `1.5G`, `2G`. */
export function size(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(6, Math.floor(Math.log2(bytes) / 10))
  const amount = bytes / 1024 ** power
  const digits = Number.isInteger(amount) || amount >= 10 ? 0 : 1
  return `${amount.toFixed(digits)}${'BKMGTPE'[power]}`
}

export const counted = (count: number, thing: string) => `${count} ${thing}${count === 1 ? '' : 's'}`

/** Columns as wide as they need be. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map(row => row.length))
  const widths = Array.from({ length: columns }, (_, at) => Math.max(...rows.map(row => (row[at] ?? '').length)))
  return rows.map(row =>
    widths
      .map((width, at) => (row[at] ?? '').padEnd(width))
      .join('  ')
      .trimEnd(),
  )
}
