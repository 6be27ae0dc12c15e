/** How sysrc(8) changes a file: its awk programs (usr.sbin/bsdconfig/share/sysrc.subr, f_sysrc_set and f_sysrc_delete). */

const assignmentTo = (name: string) => new RegExp(`^\\s*${name}=`)

export const isAssigned = (text: string, name: string) => text.split('\n').some(line => assignmentTo(name).test(line))

/** Replaces the last assignment, keeping its quotes and what follows it; appends where that is not to be understood. */
export function withValue(text: string, name: string, value: string): string {
  const lines = text.replace(/\n$/, '').split('\n')
  const last = lines.findLastIndex(line => assignmentTo(name).test(line))
  const line = lines[last] ?? ''
  const head = assignmentTo(name).exec(line)?.[0] ?? ''
  const replaced = replaceValue(line.slice(head.length), unescaped(value))
  if (replaced === undefined) lines.push(`${name}="${value}"`)
  else lines[last] = head + replaced
  return `${lines.join('\n')}\n`
}

function replaceValue(text: string, value: string): string | undefined {
  const first = text[0] ?? ''
  if (/[`$\\]/.test(first)) return undefined
  if (first === "'") {
    const rest = text.replace(/^'[^']*/, '')
    return `'${value}${rest === '' ? '' : "'"}${rest.replace(/^'/, '')}`
  }
  if (first === '"') {
    const rest = text.replace(/^"(.*\\+")*[^"]*/, '')
    return `"${value}${rest === '' ? '' : '"'}${rest.replace(/^"/, '')}`
  }
  const rest = /^[^\s;]/.test(first) ? text.replace(/^\S*/, '') : text
  return `"${value}"${rest}`
}

/** awk(1), -v: escape sequences of the value are processed. */
const unescaped = (value: string) =>
  value.replace(/\\([\\"nt/])/g, (_, char: string) => ({ n: '\n', t: '\t' })[char] ?? char)

/** Without any assignment to it; undefined where there was none. */
export function without(text: string, name: string): string | undefined {
  if (!isAssigned(text, name)) return undefined
  const kept = text.replace(/\n$/, '').split('\n')
  const left = kept.filter(line => !assignmentTo(name).test(line))
  return left.length === 0 ? '' : `${left.join('\n')}\n`
}
