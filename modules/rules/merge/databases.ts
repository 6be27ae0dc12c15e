/** Databases made of files below etc. They are never merged: a program makes them anew. */
import type { Side } from './entry.ts'
import type { Conflict, Database } from './plan-shape.ts'

export const MASTER_PASSWD = 'etc/master.passwd'
export const GROUP = 'etc/group'
export const LOGIN_CONF = 'etc/login.conf'
/** Users and groups belong together: where the customer changed either, both are merged. */
export const ACCOUNTS: readonly string[] = [MASTER_PASSWD, GROUP]
export const isAccounts = (path: string) => ACCOUNTS.includes(path)
const SERVICES = 'etc/services'

interface Maker extends Pick<Database, 'program' | 'directory'> {
  readonly makes: readonly string[]
  /** What may stand in its way, or be a link that it would write through. */
  readonly clear: readonly string[]
}

const MAKERS: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  [
    MASTER_PASSWD,
    {
      program: 'pwd_mkdb',
      directory: 'etc',
      makes: ['etc/passwd', 'etc/pwd.db', 'etc/spwd.db'],
      clear: ['etc/pwd.db.tmp', 'etc/spwd.db.tmp', 'etc/master.passwd.orig'],
    },
  ],
  [LOGIN_CONF, { program: 'cap_mkdb', directory: 'etc', makes: ['etc/login.conf.db'], clear: ['etc/login.conf.db'] }],
  [
    SERVICES,
    {
      program: 'services_mkdb',
      directory: 'var/db',
      makes: ['var/db/services.db'],
      clear: ['var/db/services.db.tmp'],
    },
  ],
])

const MADE: ReadonlySet<string> = new Set([...MAKERS.values()].flatMap(({ makes }) => makes))

export const isMadeByProgram = (path: string) => MADE.has(path)

export const clearedFor = (path: string): readonly string[] => MAKERS.get(path)?.clear ?? []

/** `settled`: files of the comparison that will be as they are to be. */
export function planDatabases(settled: readonly string[], own: Side): { databases: Database[]; conflicts: Conflict[] } {
  const databases: Database[] = []
  const conflicts: Conflict[] = []
  for (const [file, { program, directory, clear }] of MAKERS) {
    if (!settled.includes(file)) continue
    const inTheWay = clear.find(path => own.get(path)?.kind === 'directory')
    if (inTheWay === undefined) databases.push({ program, file, directory, clear: clear.filter(path => own.has(path)) })
    else {
      const reason = `it is a directory, in the way of ${program}: nothing is made of ${file}, and programs go on by what was made before. Remove it and run ${program}`
      conflicts.push({ path: inTheWay, reason, winner: 'customer' })
    }
  }
  return { databases, conflicts }
}
