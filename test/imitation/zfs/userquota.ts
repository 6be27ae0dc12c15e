/** `userquota@alice` and its kin: stored by number, whatever name was given (libzfs_dataset.c, userquota_propname_decode). */
import type { Machine } from '../machine.ts'

/** `userquota@0` for `userquota@root`, or undefined where there is no such account. */
export function accountOf(machine: Machine, property: string): string | undefined {
  const at = property.indexOf('@')
  const kind = property.slice(0, at)
  const account = property.slice(at + 1)
  if (/^\d+$/.test(account)) return `${kind}@${Number(account)}`
  if (kind.startsWith('project')) return undefined
  const file = machine.tree.read(kind.startsWith('group') ? '/etc/group' : '/etc/passwd') ?? 'root:*:0:0\n'
  const line = file.split('\n').find(each => each.startsWith(`${account}:`))
  const id = line?.split(':')[2]
  return id === undefined ? undefined : `${kind}@${id}`
}
