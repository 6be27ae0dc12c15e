/** What zfs_replica puts on a host: what is to be replicated, the program, and last the line for cron. */
import type { Probe } from '../../core/host.ts'
import type { Step } from '../../core/step.ts'
import { CRON_FOLDER, cronFile } from '../../freebsd/crontab.ts'
import { programPath } from '../layout.ts'
import { dropFile, keepFile, lookAtFile, type SeenFile } from '../program/file.ts'
import { deinstallation, installation, lookAtProgram, type SeenProgram } from '../program/install.ts'
import type { Settings } from './jobs.ts'
import { PROGRAM, SETTINGS_FILE } from './names.ts'
import { writeSettings } from './settings.ts'

const CRON_FILE = `${CRON_FOLDER}/bluejail-${PROGRAM}`
const ABOUT = 'Written by the Ansible module bluejail.hosting.zfs_replica, which will write it again.'

/** Root's alone: it tells where keys are and who has copies. */
const SETTINGS_MODE = 0o600
const CRON_MODE = 0o644

export interface Installed {
  readonly program: SeenProgram
  readonly settings: SeenFile
  readonly cron: SeenFile
}

export async function lookAtInstalled(machine: Probe): Promise<Installed> {
  const [program, settings, cron] = await Promise.all([
    lookAtProgram(PROGRAM, machine),
    lookAtFile(SETTINGS_FILE, machine),
    lookAtFile(CRON_FILE, machine),
  ])
  return { program, settings, cron }
}

/** Without `everyMinutes` cron starts nothing. */
export function installing(installed: Installed, settings: Settings, everyMinutes: number | undefined): Step[] {
  const command = [programPath(PROGRAM), 'run', '--quiet']
  const line =
    everyMinutes === undefined ? undefined : cronFile(ABOUT, { everyMinutes, command, tag: 'bluejail-replicate' })
  return [
    ...keepFile(SETTINGS_FILE, installed.settings, writeSettings(settings), SETTINGS_MODE),
    ...installation(installed.program),
    ...(line === undefined
      ? dropFile(CRON_FILE, installed.cron)
      : keepFile(CRON_FILE, installed.cron, line, CRON_MODE)),
  ]
}

/** In the opposite order. */
export const removing = ({ program, settings, cron }: Installed): Step[] => [
  ...dropFile(CRON_FILE, cron),
  ...deinstallation(program),
  ...dropFile(SETTINGS_FILE, settings),
]
