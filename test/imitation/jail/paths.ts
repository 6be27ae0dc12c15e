/** check_path of usr.sbin/jail/command.c: what jail(8) itself looks at before it mounts or unmounts. */
import type { Machine } from '../machine.ts'
import { containing } from '../mounts.ts'

/** What is wrong with a path, or nothing. Links are looked for below the jail's own path only (facts.md, mount-3, live-4). */
export function wrongWithPath(
  machine: Machine,
  jailPath: string,
  path: string,
  expected: { readonly mayBeMissing?: boolean; readonly mounted?: string } = {},
): string | undefined {
  if (!path.startsWith('/')) return `${path}: not an absolute pathname`
  if (jailPath !== '' && path.startsWith(`${jailPath}/`)) {
    const parts = path.slice(jailPath.length + 1).split('/')
    for (let count = 1; count <= parts.length; count++) {
      const at = [jailPath, ...parts.slice(0, count)].join('/')
      const status = machine.tree.lstat(at)
      if (status === undefined && expected.mayBeMissing && count === parts.length) break
      if (status === undefined) return `${at}: No such file or directory`
      if (status.type === 'link') return `${at} is a symbolic link`
    }
  }
  if (expected.mounted === undefined) return undefined
  const real = machine.tree.realpath(path)
  if (real === undefined) return `${path}: No such file or directory`
  const mount = containing(machine.state.mounts, real)
  if (mount?.node !== real) return `${path}: not a mount point`
  return mount.fstype === expected.mounted ? undefined : `${path}: not a ${expected.mounted} mount`
}
