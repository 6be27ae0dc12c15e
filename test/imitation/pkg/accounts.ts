/** Accounts a package needs, made in the tree as the ports' scripts make them with pw(8) (Mk/Scripts, USERS and GROUPS). */
import type { Disk } from '../disk.ts'
import type { Screen } from '../screen.ts'
import type { Package } from './package.ts'

export function createAccounts(
  { users, groups }: Pick<Package, 'users' | 'groups'>,
  root: string,
  disk: Disk,
  screen: Screen,
): void {
  if (Object.keys(groups).length > 0) screen.out('===> Creating groups.\n')
  for (const [name, gid] of Object.entries(groups)) {
    if (has(disk, `${root}/etc/group`, name)) screen.out(`Using existing group '${name}'.\n`)
    else {
      screen.out(`Creating group '${name}' with gid '${gid}'.\n`)
      append(disk, `${root}/etc/group`, `${name}:*:${gid}:\n`, 0o644)
    }
  }
  if (Object.keys(users).length > 0) screen.out('===> Creating users\n')
  for (const [name, uid] of Object.entries(users)) {
    if (has(disk, `${root}/etc/passwd`, name)) {
      screen.out(`Using existing user '${name}'.\n`)
      continue
    }
    screen.out(`Creating user '${name}' with uid '${uid}'.\n`)
    const rest = `${name} Daemon:/nonexistent:/usr/sbin/nologin`
    append(disk, `${root}/etc/master.passwd`, `${name}:*:${uid}:${uid}::0:0:${rest}\n`, 0o600)
    append(disk, `${root}/etc/passwd`, `${name}:*:${uid}:${uid}:${rest}\n`, 0o644)
    append(disk, `${root}/etc/spwd.db`, `${name}\n`, 0o600)
    append(disk, `${root}/etc/pwd.db`, `${name}\n`, 0o644)
  }
}

const has = (disk: Disk, file: string, name: string) =>
  (disk.text(file) ?? '').split('\n').some(line => line.startsWith(`${name}:`))

function append(disk: Disk, file: string, line: string, mode: number): void {
  disk.mkdirs(`${file}/..`)
  disk.write(file, (disk.text(file) ?? '') + line, mode)
}
