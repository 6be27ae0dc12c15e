/** pw(8) and the passwd(5) that it writes: users of the host itself. */
import { type RunStep, run } from '../core/step.ts'

export const PASSWD = '/etc/passwd'

export interface User {
  readonly uid: number
  readonly home: string
  readonly shell: string
}

export function usersIn(passwd: string): Map<string, User> {
  const rows = passwd.split('\n').map(line => line.split(':'))
  return new Map(
    rows.flatMap(([name = '', , uid = '', , , home = '', shell = '']) =>
      name === '' || name.startsWith('#') || !/^\d+$/.test(uid)
        ? []
        : [[name, { uid: Number(uid), home, shell }] as const],
    ),
  )
}

/** With a group of its own and no password: `-w no` writes `*`, with which a key may log in (usr.sbin/pw/pw_user.c). */
export const addUser = (name: string, { about, home }: { readonly about: string; readonly home: string }): RunStep =>
  run('pw', 'useradd', '-n', name, '-c', about, '-d', home, '-s', '/bin/sh', '-w', 'no')

/** With its group, if nobody else is in that. What is in its home stays (pw_user_del in the same file). */
export const removeUser = (name: string): RunStep => run('pw', 'userdel', '-n', name)
