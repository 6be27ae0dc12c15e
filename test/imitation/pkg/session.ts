/** What every command of pkg(8) works with. */
import { Disk } from '../disk.ts'
import type { Call, Machine } from '../machine.ts'
import { Exit, type Flags, type Screen } from '../screen.ts'
import { Catalogues } from './catalogue.ts'
import { Database } from './database.ts'
import { readSettings, type Settings } from './settings.ts'

export interface Session {
  readonly machine: Machine
  readonly call: Call
  readonly screen: Screen
  readonly disk: Disk
  readonly settings: Settings
  readonly database: Database
  readonly catalogues: Catalogues
}

export function session(machine: Machine, call: Call, screen: Screen, flags: Flags): Session {
  const disk = new Disk(machine, call)
  const settings = readSettings(machine, disk, flags, screen)
  const database = new Database(disk, settings.databaseDirectory, screen)
  const catalogues = new Catalogues(machine, disk, settings, screen)
  return { machine, call, screen, disk, settings, database, catalogues }
}

/** 09-pkg.jsonl, line 32. */
export function needPrivileges({ call, database, screen }: Session, purpose: string): void {
  if (call.uid === 0 && database.isWritable()) return
  screen.err(`pkg: Insufficient privileges to ${purpose}\n`)
  throw new Exit(1)
}
