/** `property=value` arguments (cmd/zfs/zfs_main.c, parseprop). */
import type { Screen } from '../screen.ts'
import { fail } from './errors.ts'

export function readAssignments(screen: Screen, words: readonly string[], status = 1): Map<string, string> {
  const assignments = new Map<string, string>()
  for (const word of words) {
    const at = word.indexOf('=')
    if (at < 0) fail(screen, "missing '=' for property=value argument", status)
    const name = word.slice(0, at)
    if (assignments.has(name)) fail(screen, `property '${name}' specified multiple times`, status)
    assignments.set(name, word.slice(at + 1))
  }
  return assignments
}
