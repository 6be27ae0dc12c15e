/** What zfs_replica puts on a host: what is to be replicated, the program, and last the line for cron. */
import type { PathStatus, Probe } from '../../core/host.ts'
import type { Step } from '../../core/step.ts'
import { CRON_FOLDER, cronFile } from '../../freebsd/crontab.ts'
import { changeMode, makeDirectories } from '../../freebsd/directories.ts'
import { PROGRAM_SETTINGS, programPath } from '../layout.ts'
import { deinstallation, installation, lookAtProgram, type SeenProgram } from '../program/install.ts'
import type { Settings } from './jobs.ts'
import { PROGRAM, SETTINGS_FILE } from './names.ts'
import { writeSettings } from './settings.ts'

const CRON_FILE = `${CRON_FOLDER}/bluejail-${PROGRAM}`
const ABOUT = 'Written by the Ansible module bluejail.hosting.zfs_replica, which will write it again.'

/** Root's alone: it tells where keys are and who has copies. */
const SETTINGS_MODE = 0o600
const CRON_MODE = 0o644

interface SeenFile {
  readonly status: PathStatus | undefined
  readonly text: string | undefined
}

export interface Installed {
  readonly program: SeenProgram
  readonly folders: readonly string[]
  readonly settings: SeenFile
  readonly cron: SeenFile
}

export async function lookAtInstalled(machine: Probe): Promise<Installed> {
  const look = async (path: string): Promise<SeenFile> => ({
    status: await machine.status(path),
    text: await machine.read(path),
  })
  const [program, settings, cron, ...folders] = await Promise.all([
    lookAtProgram(PROGRAM, machine),
    look(SETTINGS_FILE),
    look(CRON_FILE),
    ...[PROGRAM_SETTINGS, CRON_FOLDER].map(async folder => ((await machine.status(folder)) ? [folder] : [])),
  ])
  return { program, settings, cron, folders: folders.flat() }
}

/** Without `everyMinutes` cron starts nothing. */
export function installing(installed: Installed, settings: Settings, everyMinutes: number | undefined): Step[] {
  const { program, folders } = installed
  const command = [programPath(PROGRAM), 'run', '--quiet']
  const missing = [PROGRAM_SETTINGS, ...(everyMinutes === undefined ? [] : [CRON_FOLDER])].filter(
    folder => !folders.includes(folder),
  )
  return [
    ...(missing.length > 0 ? [makeDirectories(missing)] : []),
    ...written(SETTINGS_FILE, installed.settings, writeSettings(settings), SETTINGS_MODE),
    ...installation(program),
    ...(everyMinutes === undefined
      ? gone(CRON_FILE, installed.cron)
      : written(
          CRON_FILE,
          installed.cron,
          cronFile(ABOUT, { everyMinutes, command, tag: 'bluejail-replicate' }),
          CRON_MODE,
        )),
  ]
}

/** In the opposite order. */
export const removing = ({ program, settings, cron }: Installed): Step[] => [
  ...gone(CRON_FILE, cron),
  ...deinstallation(program),
  ...gone(SETTINGS_FILE, settings),
]

const written = (path: string, { text, status }: SeenFile, content: string, mode: number): Step[] => [
  ...(text === content ? [] : [{ kind: 'write' as const, path, content, mode }]),
  // A file that is written anew keeps the mode of the one before it.
  ...(status !== undefined && status.mode !== mode ? [changeMode(path, mode)] : []),
]

const gone = (path: string, { status }: SeenFile): Step[] => (status === undefined ? [] : [{ kind: 'remove', path }])
