/** Names of users and groups, from a passwd(5) and a group(5). */
import type { Machine } from './machine.ts'

export interface Accounts {
  userOf(uid: number): string | undefined
  groupOf(gid: number): string | undefined
  uidOf(name: string): number | undefined
  gidOf(name: string): number | undefined
}

/** As programs on the host see them, or of another root directory. */
export function accountsOf(machine: Machine, root = ''): Accounts {
  const users = table(machine, `${root}/etc/passwd`)
  const groups = table(machine, `${root}/etc/group`)
  const nameOf = (known: ReadonlyMap<string, number>, id: number) => [...known].find(([, each]) => each === id)?.[0]
  return {
    userOf: uid => nameOf(users, uid),
    groupOf: gid => nameOf(groups, gid),
    uidOf: name => users.get(name),
    gidOf: name => groups.get(name),
  }
}

function table(machine: Machine, path: string): ReadonlyMap<string, number> {
  const lines = (machine.tree.read(path) ?? '').split('\n').map(line => line.split(':'))
  return new Map(
    lines
      .filter(([name, , id]) => name !== '' && /^\d+$/.test(id ?? ''))
      .map(([name = '', , id]) => [name, Number(id)]),
  )
}
