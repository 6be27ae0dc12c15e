/** rc.conf(5), read as text: assignments with constant values, the last of equal names. */
import type { Machine } from './machine.ts'

const FILES = ['/etc/defaults/rc.conf', '/etc/rc.conf', '/etc/rc.conf.local']

/** `root` is where the system lies whose settings these are; default: this one. */
export function readRcConf(machine: Machine, root = ''): Record<string, string> {
  const found: Record<string, string> = {}
  for (const file of FILES) {
    for (const line of (machine.tree.read(root + file) ?? '').split('\n')) {
      const match = /^\s*([A-Za-z_]\w*)=("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#;]*)/.exec(line)
      if (match?.[1] !== undefined) found[match[1]] = unquote(match[2] ?? '')
    }
  }
  return found
}

const unquote = (value: string) =>
  value.startsWith('"') ? value.slice(1, -1).replace(/\\(["\\$`])/g, '$1') : value.replace(/^'(.*)'$/s, '$1')

/** checkyesno of rc.subr(8). */
export const isYes = (value: string | undefined) => /^(yes|true|on|1)$/i.test(value ?? '')
